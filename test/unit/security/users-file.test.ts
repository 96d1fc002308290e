import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { changeUsersFile, readUsersFile } from '../../../src/security/users-file.ts';
import { UsersOnDisk, userLine } from './users-on-disk.ts';

let disk: UsersOnDisk;

beforeEach(async () => {
  disk = await UsersOnDisk.create(['ada', 'admin', 'one'], ['bob', 'read', 'two']);
});

afterEach(() => disk.remove());

describe('reading', () => {
  test('gives the users in the order of the file', async () => {
    const users = await readUsersFile(disk.path);
    expect([...users].map(([name, { role }]) => [name, role])).toEqual([
      ['ada', 'admin'],
      ['bob', 'read'],
    ]);
  });

  test('leaves blank lines and comments alone', async () => {
    await disk.writeLines('# people', '', await userLine(['ada', 'read', 'x']));
    expect((await readUsersFile(disk.path)).size).toBe(1);
  });

  test.each([0o640, 0o604, 0o660, 0o620, 0o601])('refuses a file of mode %o', async (mode) => {
    await chmod(disk.path, mode);
    await expect(readUsersFile(disk.path)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(`chmod 600 ${disk.path}`),
    });
  });

  test('takes a credential of systemd, which has an access list, but none that all can read', async () => {
    vi.stubEnv('CREDENTIALS_DIRECTORY', disk.directory);
    await chmod(disk.path, 0o440);
    expect((await readUsersFile(disk.path)).size).toBe(2);
    await chmod(disk.path, 0o444);
    await expect(readUsersFile(disk.path)).rejects.toThrow('chmod 600');
    vi.unstubAllEnvs();
  });

  test('names a file that is not there', async () => {
    await expect(readUsersFile(`${disk.path}.no`)).rejects.toThrow(/users\.no: there is no such/);
  });

  const ADA = '"name":"ada","role":"read"';
  const HASH = `"password":"$scrypt$ln=15,r=8,p=3$${'A'.repeat(22)}$${'A'.repeat(43)}"`;
  test.each([
    ['no JSON', '{name: ada}', 'is not JSON'],
    ['no object', '["ada"]', 'is not a JSON object'],
    ['an unknown field', `{${ADA},${HASH},"prefixs":["a"]}`, 'field that is not known: "prefixs"'],
    ['a bad name', `{"name":"a b","role":"read",${HASH}}`, 'no good name'],
    ['no role', `{"name":"ada",${HASH}}`, 'no good role'],
    ['an unknown role', `{"name":"ada","role":"root",${HASH}}`, 'no good role'],
    ['a role of Object', `{"name":"ada","role":"constructor",${HASH}}`, 'no good role'],
    ['a password in the clear', `{${ADA},"password":"hunter2"}`, 'no good password hash'],
    ['no password', `{${ADA}}`, 'no good password hash'],
    ['prefixes that are no list', `{${ADA},${HASH},"prefixes":"a"}`, 'no good prefixes'],
    ['prefixes that are no text', `{${ADA},${HASH},"prefixes":[1]}`, 'no good prefixes'],
    ['prefixes that are no base64', `{${ADA},${HASH},"prefixes_b64":["?"]}`, 'no good prefixes'],
    ['no prefix at all', `{${ADA},${HASH},"prefixes":[]}`, 'empty list of prefixes'],
    ['an empty prefix', `{${ADA},${HASH},"prefixes":[""]}`, 'not of 1 to'],
    [
      'prefixes for an admin',
      `{"name":"ada","role":"admin",${HASH},"prefixes":["a"]}`,
      'has prefixes and the role admin',
    ],
  ])('refuses a line with %s, by its number and without quoting it', async (_, line, why) => {
    await disk.writeLines('# one', line);
    const refusal = readUsersFile(disk.path);
    await expect(refusal).rejects.toThrow(`line 2 `);
    await expect(refusal).rejects.toThrow(why);
    await expect(refusal).rejects.not.toThrow('hunter2');
  });

  test('refuses a name that comes twice', async () => {
    const line = await userLine(['ada', 'read', 'x']);
    await disk.writeLines(line, line);
    await expect(readUsersFile(disk.path)).rejects.toThrow('line 2 names ada a second time');
  });
});

test('prefixes of text and of other bytes come back as they were', async () => {
  const prefixes = ['city:', 'stra\u00dfe:', Buffer.from([0xff, 0x00])];
  await disk.write(['ada', 'read', undefined, prefixes]);
  const ada = (await readUsersFile(disk.path)).get('ada');
  expect(ada?.prefixes).toEqual(prefixes.map((it) => Buffer.from(it as string)));
  expect(ada?.password).toBeUndefined();
  expect(await readFile(disk.path, 'utf8')).toContain('"prefixes":["city:","straße:"]');
});

describe('changing', () => {
  test('replaces the file as a whole, with mode 600, and keeps comments', async () => {
    await disk.writeLines('# people', await userLine(['ada', 'read', 'x']));
    const { ino } = await stat(disk.path);
    await changeUsersFile(disk.path, false, (users) => {
      const ada = users.get('ada');
      return ada && new Map([...users, ['eve', { ...ada, name: 'eve', role: 'write' }]]);
    });
    const now = await stat(disk.path);
    expect(now.ino).not.toBe(ino);
    expect(now.mode & 0o777).toBe(0o600);
    expect([...(await readUsersFile(disk.path)).keys()]).toEqual(['ada', 'eve']);
    expect(await readFile(disk.path, 'utf8')).toMatch(/^# people\n\{/);
    expect(await readdir(disk.directory)).toEqual(['users']);
  });

  test('makes a file that is not there, if that is wanted', async () => {
    const path = `${disk.path}.new`;
    await expect(changeUsersFile(path, false, (users) => users)).rejects.toThrow('no such file');
    await changeUsersFile(path, true, () => readUsersFile(disk.path));
    expect((await readUsersFile(path)).size).toBe(2);
  });

  test('leaves the file as it was when the change fails, or changes nothing', async () => {
    const before = await readFile(disk.path, 'utf8');
    const fails = changeUsersFile(disk.path, false, () => Promise.reject(new Error('no')));
    await expect(fails).rejects.toThrow('no');
    await changeUsersFile(disk.path, false, () => undefined);
    expect(await readFile(disk.path, 'utf8')).toBe(before);
    expect(await readdir(disk.directory)).toEqual(['users']);
  });

  test('refuses a file that others can get at, before it is changed', async () => {
    await chmod(disk.path, 0o644);
    await expect(changeUsersFile(disk.path, true, (users) => users)).rejects.toThrow('chmod 600');
    expect(await readdir(disk.directory)).toEqual(['users']);
  });

  test('of two at a time the second is refused, and the first is not hurt', async () => {
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const first = changeUsersFile(disk.path, false, async (users) => {
      begun.resolve();
      await gate.promise;
      return new Map([...users].slice(0, 1));
    });
    await begun.promise;
    const second = changeUsersFile(disk.path, false, () => new Map());
    await expect(second).rejects.toThrow(/another change is underway/);
    gate.resolve();
    await first;
    expect([...(await readUsersFile(disk.path)).keys()]).toEqual(['ada']);
  });

  test('says what to do about what a change that was cut off left behind', async () => {
    await writeFile(`${disk.path}.next`, '');
    const change = changeUsersFile(disk.path, false, (users) => users);
    await expect(change).rejects.toThrow(/users\.next: .*delete it/);
  });
});
