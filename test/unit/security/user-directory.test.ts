import { chmod, readFile, rename, rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserDirectory } from '../../../src/security/user-directory.ts';
import { UsersOnDisk } from './users-on-disk.ts';

let disk: UsersOnDisk;
let users: UserDirectory | undefined;
let events: [string, string, unknown][];

beforeEach(async () => {
  disk = await UsersOnDisk.create(['ada', 'admin', 'one'], ['bob', 'read', 'two']);
  events = [];
});

afterEach(async () => {
  users?.close();
  await disk.remove();
});

async function open(lookIntervalMs = 1_000_000): Promise<UserDirectory> {
  users = await UserDirectory.open({
    path: disk.path,
    lookIntervalMs,
    log: (level, event, facts) => events.push([level, event, facts]),
  });
  return users;
}

test('knows the users of the file and no others', async () => {
  const directory = await open();
  expect(directory.size).toBe(2);
  expect(directory.find('ada')?.account).toMatchObject({ name: 'ada', rank: 3 });
  for (const name of ['eve', '', '__proto__', 'constructor']) {
    expect(directory.find(name)).toBeUndefined();
  }
});

test('does not open with a file that cannot be used', async () => {
  await chmod(disk.path, 0o644);
  await expect(open()).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});

test('a new role reaches accounts that are in use', async () => {
  const directory = await open();
  const account = directory.find('bob')?.account;
  const text = await readFile(disk.path, 'utf8');
  await disk.writeLines(text.trimEnd().replace('"role":"read"', '"role":"write"'));
  await directory.reload();
  expect(directory.find('bob')?.account).toBe(account);
  expect(account).toMatchObject({ rank: 2, revoked: false });
  expect(events.at(-1)).toEqual(['info', 'users-reloaded', { users: 2 }]);
});

test('a removed user and one with a new password lose the accounts that are in use', async () => {
  const directory = await open();
  const [ada, bob] = ['ada', 'bob'].map((name) => directory.find(name)?.account);
  await disk.write(['ada', 'admin', 'another']);
  await directory.reload();
  expect(ada).toMatchObject({ rank: 0, revoked: true });
  expect(bob).toMatchObject({ rank: 0, revoked: true });
  expect(directory.find('ada')?.account).toMatchObject({ rank: 3, revoked: false });
  expect(directory.find('bob')).toBeUndefined();
});

test.each<[string, () => Promise<void>]>([
  ['is gone', () => rm(disk.path)],
  ['can be read by others', () => chmod(disk.path, 0o644)],
  ['is damaged', () => disk.writeLines('{"name":"ada"')],
])('when the file %s, the users before stay, and the log says why', async (_, spoil) => {
  const directory = await open();
  const account = directory.find('ada')?.account;
  await spoil();
  await directory.reload();
  expect(directory.find('ada')?.account).toBe(account);
  expect(account).toMatchObject({ rank: 3, revoked: false });
  expect(events.at(-1)?.slice(0, 2)).toEqual(['error', 'users-not-reloaded']);
  await disk.write();
});

test('notices by itself that the file was replaced', async () => {
  const directory = await open(5);
  const other = await UsersOnDisk.create(['eve', 'read', 'three']);
  await rename(other.path, disk.path);
  while (directory.find('eve') === undefined) await new Promise((r) => setTimeout(r, 2));
  expect(directory.find('ada')).toBeUndefined();
  await other.remove();
});
