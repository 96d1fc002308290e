/**
 * The file of users: one a line, as `user-record.ts` has it; blank lines and lines that begin
 * with # are left alone. Only its owner may touch it, and a change replaces it as a whole.
 */

import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CaskError } from '../errors/cask-error.ts';
import { formatUserLine, parseUserLine, type UserRecord } from './user-record.ts';

const USERS_MAX = 10_000;
const FILE_BYTES_MAX = 4 * 1024 * 1024;
const FILE_MODE = 0o600;
/** What group and others may do with it. */
const FOREIGN_BITS = 0o077;
const OTHERS_BITS = 0o007;
/** The next version while it is written; it also keeps out a second writer. */
const NEXT_SUFFIX = '.next';

/** Users in the order of the file. */
export type Users = ReadonlyMap<string, UserRecord>;

/** @throws CaskError INVALID_OPTION naming file and line, when it is not as it must be */
export async function readUsersFile(path: string): Promise<Users> {
  return parseUsers(path, await readPrivateFile(path));
}

/** @throws CaskError INVALID_OPTION when the file is not there, or others can get at it */
async function readPrivateFile(path: string): Promise<string> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (thrown) {
    throw refused(path, systemReason(thrown), thrown);
  }
  try {
    // the open file is what is checked, not what has the name a moment later
    const { mode, uid, size } = await file.stat();
    if ((mode & foreignBitsOf(path)) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, '0');
      throw refused(path, `its mode is ${shown}, so others can get at it: chmod 600 ${path}`);
    }
    const self = process.getuid?.();
    if (self !== undefined && uid !== self && uid !== 0) {
      throw refused(path, `it belongs to user ${uid}; it must belong to user ${self} or to root`);
    }
    if (size > FILE_BYTES_MAX) throw refused(path, `it is larger than ${FILE_BYTES_MAX} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/**
 * systemd hands credentials (LoadCredential=) to the service's user by an access list, which shows
 * as rights of the group; nobody else gets into their directory.
 */
function foreignBitsOf(path: string): number {
  const credentials = process.env['CREDENTIALS_DIRECTORY'];
  const isCredential = credentials !== undefined && dirname(resolve(path)) === resolve(credentials);
  return isCredential ? OTHERS_BITS : FOREIGN_BITS;
}

function parseUsers(path: string, text: string): Users {
  const users = new Map<string, UserRecord>();
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    const where = `line ${index + 1}`;
    const user = parseUserLine(line);
    if (typeof user === 'string') throw refused(path, `${where} ${user}`);
    if (users.has(user.name)) throw refused(path, `${where} names ${user.name} a second time`);
    if (users.size === USERS_MAX) throw refused(path, `it has more than ${USERS_MAX} users`);
    users.set(user.name, user);
  });
  return users;
}

/** Gets the users as they are; what it returns is written. Undefined: nothing is to change. */
export type UsersChange = (users: Users) => Users | undefined | Promise<Users | undefined>;

/**
 * Changes the file: it is read, and replaced by way of a file beside it. A crash leaves the old
 * one or the whole new one.
 * @param create an absent file counts as one without users
 */
export async function changeUsersFile(
  path: string,
  create: boolean,
  change: UsersChange,
): Promise<void> {
  const nextPath = path + NEXT_SUFFIX;
  const next = await openNext(nextPath);
  try {
    try {
      const before = await readForChange(path, create);
      const after = await change(before.users);
      if (after === undefined) {
        await unlink(nextPath);
        return;
      }
      const lines = [...before.comments, ...[...after.values()].map(formatUserLine)];
      await next.writeFile(`${lines.join('\n')}\n`);
      await next.sync();
    } finally {
      await next.close();
    }
    await rename(nextPath, path);
  } catch (thrown) {
    await unlink(nextPath).catch(() => {});
    throw thrown;
  }
  await syncDirectory(dirname(path));
}

async function readForChange(
  path: string,
  create: boolean,
): Promise<{ readonly users: Users; readonly comments: readonly string[] }> {
  let text: string;
  try {
    text = await readPrivateFile(path);
  } catch (thrown) {
    const isAbsent = thrown instanceof CaskError && systemCodeOf(thrown.cause) === 'ENOENT';
    if (!create || !isAbsent) throw thrown;
    return { users: new Map(), comments: [] };
  }
  const comments = text.split('\n').filter((line) => line.startsWith('#'));
  return { users: parseUsers(path, text), comments };
}

async function openNext(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', FILE_MODE);
  } catch (thrown) {
    if (systemCodeOf(thrown) !== 'EEXIST') throw refused(path, systemReason(thrown), thrown);
    const why = 'it is there already: another change is underway, or one was cut off; ';
    throw refused(path, `${why}if none is, delete it`, thrown);
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function systemCodeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
}

function systemReason(thrown: unknown): string {
  if (systemCodeOf(thrown) === 'ENOENT') return 'there is no such file';
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function refused(path: string, why: string, cause?: unknown): CaskError {
  return new CaskError('INVALID_OPTION', `users file ${path}: ${why}`, { cause });
}
