/** A users file in a directory of its own, with hashes that cost next to nothing. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashPassword } from '../../../src/security/password-hash.ts';
import type { Role } from '../../../src/security/roles.ts';
import { formatUserLine } from '../../../src/security/user-record.ts';

export const CHEAP = { logN: 10, r: 1, p: 1 } as const;

/** Without a password: known by a certificate alone. */
export type TestUser = readonly [
  name: string,
  role: Role,
  password?: string | undefined,
  prefixes?: readonly (string | Buffer)[],
];

export async function userLine([name, role, password, prefixes]: TestUser): Promise<string> {
  return formatUserLine({
    name,
    role,
    password: password === undefined ? undefined : await hashPassword(password, CHEAP),
    prefixes: prefixes?.map((prefix) => Buffer.from(prefix as string)),
  });
}

export class UsersOnDisk {
  readonly directory: string;
  readonly path: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.path = join(directory, 'users');
  }

  static async create(...users: TestUser[]): Promise<UsersOnDisk> {
    const disk = new UsersOnDisk(await mkdtemp(join(tmpdir(), 'caskd-users-')));
    await disk.write(...users);
    return disk;
  }

  async write(...users: TestUser[]): Promise<void> {
    await this.writeLines(...(await Promise.all(users.map(userLine))));
  }

  async writeLines(...lines: string[]): Promise<void> {
    await writeFile(this.path, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
  }

  async lines(): Promise<string[]> {
    return (await readFile(this.path, 'utf8')).trimEnd().split('\n');
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true });
  }
}
