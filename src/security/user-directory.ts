/**
 * The users that the daemon knows, kept up to date with the file. A file that cannot be used
 * changes nothing: the users known before stay, and the log says why.
 */

import { toCaskError } from '../errors/cask-error.ts';
import { Account } from './account.ts';
import { FileChanges } from './file-changes.ts';
import { DEFAULT_COST, formatPasswordHash, type PasswordHash } from './password-hash.ts';
import type { UserRecord } from './user-record.ts';
import { readUsersFile, type Users } from './users-file.ts';

/** Tells of an event; the same shape as the logs of engine and server. */
export type SecurityLog = (
  level: 'debug' | 'info' | 'warn' | 'error',
  event: string,
  facts: Readonly<Record<string, unknown>>,
) => void;

export interface KnownUser {
  readonly account: Account;
  /** Undefined: none is right. */
  readonly password: PasswordHash | undefined;
}

export interface UserDirectoryOptions {
  readonly path: string;
  readonly log: SecurityLog;
  /** How often to look whether the file has changed. @default 1000 */
  readonly lookIntervalMs?: number;
}

export class UserDirectory {
  readonly #options: UserDirectoryOptions;
  #users = new Map<string, KnownUser>();
  #changes: FileChanges | undefined;
  #reloading: Promise<void> = Promise.resolve();

  /** @throws CaskError INVALID_OPTION when the file cannot be used */
  static async open(options: UserDirectoryOptions): Promise<UserDirectory> {
    const directory = new UserDirectory(options);
    const { path, lookIntervalMs } = options;
    directory.#changes = await FileChanges.watch({
      paths: [path],
      onChange: () => directory.reload(),
      ...(lookIntervalMs === undefined ? {} : { intervalMs: lookIntervalMs }),
    });
    try {
      directory.#take(await readUsersFile(path));
    } catch (thrown) {
      directory.close();
      throw thrown;
    }
    return directory;
  }

  private constructor(options: UserDirectoryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#users.size;
  }

  find(name: string): KnownUser | undefined {
    return this.#users.get(name);
  }

  /** What checking a password costs: hashes of one file mostly have one cost. */
  get usualCost(): PasswordHash['cost'] {
    for (const { password } of this.#users.values())
      if (password !== undefined) return password.cost;
    return DEFAULT_COST;
  }

  /** Reads the file anew, after a reading that is underway. Never fails. */
  reload(): Promise<void> {
    this.#reloading = this.#reloading.then(() => this.#reload());
    return this.#reloading;
  }

  async #reload(): Promise<void> {
    const { path, log } = this.#options;
    try {
      this.#take(await readUsersFile(path));
      log('info', 'users-reloaded', { users: this.#users.size });
    } catch (thrown) {
      log('error', 'users-not-reloaded', { reason: toCaskError(thrown).message });
    }
  }

  close(): void {
    this.#changes?.close();
  }

  #take(records: Users): void {
    const before = this.#users;
    this.#users = new Map();
    for (const record of records.values()) {
      this.#users.set(record.name, nextUser(before.get(record.name), record));
    }
    for (const [name, user] of before) {
      if (this.#users.get(name)?.account !== user.account) user.account.revoke();
    }
  }
}

/** The same account as long as the password is the same, so that open connections go on. */
function nextUser(before: KnownUser | undefined, record: UserRecord): KnownUser {
  const { name, role, password, prefixes } = record;
  const isSame = before !== undefined && textOf(before.password) === textOf(password);
  const account = isSame ? before.account : new Account(name, role);
  account.grant(role, prefixes);
  return { account, password };
}

function textOf(password: PasswordHash | undefined): string | undefined {
  return password && formatPasswordHash(password);
}
