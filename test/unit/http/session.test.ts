/** Sessions of pages in a browser: cookie, token for changes, end. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BrowserSessions, SESSION_LIMITS } from '../../../src/http/access/browser-sessions.ts';
import { Account, Authenticator, UserDirectory } from '../../../src/security/index.ts';
import { UsersOnDisk } from '../security/users-on-disk.ts';
import { type HttpFixture, openFixture } from './http-fixture.ts';

let disk: UsersOnDisk;
let users: UserDirectory;
let fixture: HttpFixture;

beforeAll(async () => {
  disk = await UsersOnDisk.create(['ada', 'write', 'lovelace']);
  const log = () => {};
  users = await UserDirectory.open({ path: disk.path, log, lookIntervalMs: 1_000_000 });
  const authenticator = new Authenticator({ users, log, delay: async () => {} });
  fixture = await openFixture({ security: { authenticator, tls: undefined } });
  fixture.http.serving({ store: fixture.store, server: fixture.server });
});

afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  users.close();
  await disk.remove();
});

function ask(method: string, path: string, headers: Record<string, string> = {}, body?: object) {
  if (body === undefined) return fetch(fixture.url + path, { method, headers });
  const typed = { 'content-type': 'application/json', ...headers };
  return fetch(fixture.url + path, { method, headers: typed, body: JSON.stringify(body) });
}

interface LoggedIn {
  readonly cookie: string;
  readonly csrf: string;
}

async function login(): Promise<LoggedIn> {
  const response = await ask('POST', '/v1/session', {}, { user: 'ada', password: 'lovelace' });
  expect(response.status).toBe(200);
  const header = response.headers.get('set-cookie') ?? '';
  expect(header).toMatch(/; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  const [cookie = ''] = header.split(';');
  const { csrf_token: csrf } = (await response.json()) as { csrf_token: string };
  return { cookie, csrf };
}

describe('with users', () => {
  let session: LoggedIn;

  beforeEach(async () => {
    session = await login();
  });

  test('W4 the cookie stands for user and password, and no script reads it', async () => {
    const { cookie, csrf } = session;
    expect((await ask('GET', '/v1/stats', { cookie })).status).toBe(200);
    expect(await (await ask('GET', '/v1/session', { cookie })).json()).toMatchObject({
      authenticated: true,
      users_configured: true,
      user: 'ada',
      role: 'write',
      prefixes: null,
      csrf_token: csrf,
      expires_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  test('W1 a change needs the token besides', async () => {
    const { cookie, csrf } = session;
    for (const headers of [{ cookie }, { cookie, 'x-caskd-csrf': `${csrf}x` }]) {
      const response = await ask('DELETE', '/v1/session', headers);
      expect([response.status, await response.json()]).toMatchObject([403, { code: 'FORBIDDEN' }]);
    }
    const gone = await ask('DELETE', '/v1/session', { cookie, 'x-caskd-csrf': csrf });
    expect(gone.status).toBe(204);
    expect(gone.headers.get('set-cookie')).toMatch(/^caskd_session=; Path=\/; Max-Age=0;/);
    expect((await ask('GET', '/v1/stats', { cookie })).status).toBe(401);
  });

  test('a page is not made to ask its user for a password', async () => {
    const byPage = await ask('GET', '/v1/stats', {
      'sec-fetch-mode': 'cors',
      'sec-fetch-site': 'same-origin',
    });
    expect(byPage.headers.get('www-authenticate')).not.toMatch(/Basic/);
    const byPerson = await ask('GET', '/v1/stats');
    expect(byPerson.headers.get('www-authenticate')).toMatch(/^Basic/);
  });

  test('who has no session is told so, not refused', async () => {
    expect(await (await ask('GET', '/v1/session')).json()).toEqual({
      authenticated: false,
      users_configured: true,
      user: null,
      role: null,
      prefixes: null,
      csrf_token: null,
      expires_at: null,
    });
  });

  test('a wrong password gives no cookie', async () => {
    const response = await ask('POST', '/v1/session', {}, { user: 'ada', password: 'x' });
    expect([response.status, response.headers.get('set-cookie')]).toEqual([401, null]);
  });

  test('what is no login is refused before any password is looked at', async () => {
    expect((await ask('POST', '/v1/session', {}, { user: 'ada' })).status).toBe(422);
    expect((await ask('POST', '/v1/session', { 'content-type': 'text/plain' }, {})).status).toBe(
      415,
    );
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await ask('POST', '/v1/session', form, {})).status).toBe(415);
  });
});

test('without users there are no logins, and everybody may do everything', async () => {
  await using open = await openFixture();
  expect(await (await fetch(`${open.url}/v1/session`)).json()).toMatchObject({
    authenticated: true,
    users_configured: false,
    user: null,
    role: 'admin',
  });
  const init = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const body = JSON.stringify({ user: 'ada', password: 'lovelace' });
  expect((await fetch(`${open.url}/v1/session`, { ...init, body })).status).toBe(501);
});

describe('the table of sessions', () => {
  const ada = new Account('ada', 'read');

  test('W5 a session ends when it is idle, when it is old, and when its user is gone', () => {
    let nowMs = 0;
    const sessions = new BrowserSessions(() => nowMs);
    const idle = sessions.open(ada).token;
    const busy = sessions.open(ada).token;
    const step = SESSION_LIMITS.idleMs - 1;
    for (nowMs = step; nowMs < SESSION_LIMITS.lifeMs; nowMs += step) {
      expect(sessions.find(busy)?.account).toBe(ada);
    }
    expect(sessions.find(busy)).toBeUndefined();
    expect(sessions.find(idle)).toBeUndefined();
    const eve = new Account('eve', 'read');
    const { token } = sessions.open(eve);
    eve.revoke();
    expect(sessions.find(token)).toBeUndefined();
    expect(sessions.size).toBe(0);
  });

  test('W6 the one that was used longest ago makes room', () => {
    const sessions = new BrowserSessions(() => 0);
    const tokens = Array.from(
      { length: SESSION_LIMITS.sessionsMax },
      () => sessions.open(ada).token,
    );
    sessions.find(tokens[0] as string);
    sessions.open(ada);
    expect(sessions.size).toBe(SESSION_LIMITS.sessionsMax);
    expect(sessions.find(tokens[1] as string)).toBeUndefined();
    expect(sessions.find(tokens[0] as string)).toBeDefined();
  });
});
