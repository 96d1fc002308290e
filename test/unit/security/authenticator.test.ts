import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Authenticator } from '../../../src/security/authenticator.ts';
import { HashingSlots } from '../../../src/security/hashing-slots.ts';
import { UserDirectory } from '../../../src/security/user-directory.ts';
import { UsersOnDisk } from './users-on-disk.ts';

const HOME = '10.0.0.1';

let disk: UsersOnDisk;
let users: UserDirectory;
let nowMs: number;
let delays: number[];
let events: { event: string; facts: unknown }[];
let hashes: number;
let authenticator: Authenticator;

/** Counts what is hashed. */
class CountingSlots extends HashingSlots {
  override run<T>(work: () => Promise<T>): Promise<T> {
    return super.run(() => {
      hashes += 1;
      return work();
    });
  }
}

beforeEach(async () => {
  disk = await UsersOnDisk.create(['ada', 'admin', 'lovelace'], ['bob', 'read', 'builder']);
  events = [];
  delays = [];
  hashes = 0;
  nowMs = 1_000_000;
  const log = (_: string, event: string, facts?: unknown) => events.push({ event, facts });
  users = await UserDirectory.open({ path: disk.path, log, lookIntervalMs: 1_000_000 });
  authenticator = new Authenticator({
    users,
    log,
    nowMs: () => nowMs,
    delay: async (ms) => delays.push(ms),
    slots: new CountingSlots(2, 4),
  });
});

afterEach(async () => {
  users.close();
  await disk.remove();
});

function login(user: string, password: string, address = HOME) {
  return authenticator.authenticate(address, { user, password });
}

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => 'ok',
    (error: { code: string }) => error.code,
  );
}

test('the right password gives the account', async () => {
  expect(await login('ada', 'lovelace')).toBe(users.find('ada')?.account);
  expect(authenticator.stats()).toMatchObject({ users: 2, succeeded: 1, failed: 0 });
});

test('a wrong user and a wrong password look the same, and cost the same', async () => {
  const told: unknown[] = [];
  for (const [user, password] of [
    ['ada', 'x'],
    ['eve', 'lovelace'],
    ['', ''],
    ['ada', ''],
  ]) {
    const error: unknown = await login(user ?? '', password ?? '').catch((it: unknown) => it);
    const { code, message, details } = error as { code: string; message: string; details: unknown };
    told.push([code, message, details]);
  }
  expect(new Set(told.map((it) => JSON.stringify(it))).size).toBe(1);
  expect(told[0]).toEqual(['UNAUTHENTICATED', 'user or password is wrong', undefined]);
  expect(hashes).toBe(4);
  expect(delays).toEqual([500, 500, 500, 500]);
});

test('no password of one user is good for another', async () => {
  expect(await codeOf(login('bob', 'lovelace'))).toBe('UNAUTHENTICATED');
});

test('a user without a password cannot log in with any', async () => {
  await disk.write(['cert', 'read'], ['ada', 'admin', 'lovelace']);
  await users.reload();
  for (const password of ['', 'null', 'undefined']) {
    expect(await codeOf(login('cert', password))).toBe('UNAUTHENTICATED');
  }
  expect(hashes).toBe(3);
  expect(authenticator.accountOf('cert')).toMatchObject({ name: 'cert', rank: 1 });
  expect(authenticator.accountOf('eve')).toBeUndefined();
});

describe('guessing', () => {
  test('is locked for longer and longer, for the right password too', async () => {
    for (let time = 0; time < 4; time++) await codeOf(login('ada', `guess ${time}`));
    const locked = login('ada', 'lovelace');
    await expect(locked).rejects.toMatchObject({
      code: 'AUTH_LOCKED',
      retryable: true,
      details: { retryAfterMs: 1000 },
    });
    nowMs += 1000;
    expect(await codeOf(login('ada', 'guess 5'))).toBe('UNAUTHENTICATED');
    await expect(login('ada', 'x')).rejects.toMatchObject({ details: { retryAfterMs: 2000 } });
    nowMs += 2000;
    expect(await codeOf(login('ada', 'lovelace'))).toBe('ok');
    expect(authenticator.stats()).toMatchObject({ failed: 5, locked: 2 });
  });

  test('costs no hash while locked', async () => {
    for (let time = 0; time < 4; time++) await codeOf(login('ada', 'x'));
    hashes = 0;
    expect(await codeOf(login('ada', 'y'))).toBe('AUTH_LOCKED');
    expect(hashes).toBe(0);
  });

  test('of one user does not lock another, nor the same one elsewhere', async () => {
    for (let time = 0; time < 9; time++) await codeOf(login('ada', 'x'));
    expect(await codeOf(login('bob', 'builder'))).toBe('ok');
    expect(await codeOf(login('ada', 'lovelace', '10.0.0.2'))).toBe('ok');
  });

  test('of many users from one address locks the address, and no other', async () => {
    for (let time = 0; time < 21; time++) await codeOf(login(`user${time}`, 'x'));
    expect(await codeOf(login('ada', 'lovelace'))).toBe('AUTH_LOCKED');
    expect(await codeOf(login('ada', 'lovelace', '10.0.0.2'))).toBe('ok');
  });

  test('from a whole IPv6 network counts as from one address', async () => {
    for (let time = 0; time < 4; time++) await codeOf(login('ada', 'x', `2001:db8::${time}`));
    expect(await codeOf(login('ada', 'lovelace', '2001:db8::77'))).toBe('AUTH_LOCKED');
  });

  test('by many connections at once gains next to nothing', async () => {
    const attempts = Array.from({ length: 6 }, (_, time) => codeOf(login('ada', `guess ${time}`)));
    const codes = await Promise.all(attempts);
    expect(codes.filter((code) => code === 'UNAUTHENTICATED').length).toBeLessThanOrEqual(5);
    expect(codes).toContain('AUTH_LOCKED');
    expect(hashes).toBeLessThanOrEqual(6);
  });

  test('that right credentials end begins anew', async () => {
    for (let time = 0; time < 3; time++) await codeOf(login('ada', 'x'));
    await login('ada', 'lovelace');
    for (let time = 0; time < 3; time++) await codeOf(login('ada', 'x'));
    expect(await codeOf(login('ada', 'lovelace'))).toBe('ok');
  });
});

describe('hashing', () => {
  test('is done once for a password that was right before, and again for any other', async () => {
    await login('ada', 'lovelace');
    await login('ada', 'lovelace');
    expect(hashes).toBe(1);
    await codeOf(login('ada', 'lovelacf'));
    expect(hashes).toBe(2);
  });

  test('is shared by a crowd that comes with the same credentials', async () => {
    const crowd = Array.from({ length: 100 }, () => login('ada', 'lovelace'));
    expect(new Set(await Promise.all(crowd)).size).toBe(1);
    expect(hashes).toBe(1);
  });

  test('is bounded: too many different logins at once are BUSY', async () => {
    const attempts = Array.from({ length: 8 }, (_, time) => codeOf(login(`user${time}`, 'x')));
    const codes = await Promise.all(attempts);
    expect(codes.filter((code) => code === 'BUSY')).toHaveLength(2);
  });

  test('is not done for who has gone while it waited, and is no failure of theirs', async () => {
    let isWanted = true;
    const credentials = { user: 'bob', password: 'builder' };
    const busy = ['a', 'b'].map((user) => codeOf(login(user, 'x', user)));
    const gone = codeOf(authenticator.authenticate(HOME, credentials, () => isWanted));
    isWanted = false;
    expect(await gone).toBe('CANCELLED');
    await Promise.all(busy);
    // two were hashed, for those who were before
    expect(hashes).toBe(3);
    expect(authenticator.stats()).toMatchObject({ failed: 2, succeeded: 0 });
    expect(await codeOf(login('bob', 'builder'))).toBe('ok');
  });

  test('of one wrong password by a crowd is one failure', async () => {
    const crowd = Array.from({ length: 50 }, () => codeOf(login('ada', 'an old one')));
    expect(new Set(await Promise.all(crowd))).toEqual(new Set(['UNAUTHENTICATED']));
    expect(authenticator.stats()).toMatchObject({ failed: 1 });
    expect(await codeOf(login('ada', 'lovelace'))).toBe('ok');
  });

  test('of an old password is not remembered when there is a new one', async () => {
    await login('ada', 'lovelace');
    await disk.write(['ada', 'admin', 'byron']);
    await users.reload();
    expect(await codeOf(login('ada', 'lovelace'))).toBe('UNAUTHENTICATED');
    expect(await codeOf(login('ada', 'byron'))).toBe('ok');
  });
});

test('the log names users that are known, and never what was typed', async () => {
  await codeOf(login('lovelace', 'ada'));
  await codeOf(login('ada', 'SECRET'));
  await login('ada', 'lovelace');
  expect(events).toEqual([
    { event: 'authentication-failed', facts: { user: '(not known)', address: HOME } },
    { event: 'authentication-failed', facts: { user: 'ada', address: HOME } },
    { event: 'user-authenticated', facts: { user: 'ada', address: HOME } },
  ]);
});
