/** user: who may in, in the file of users that the daemon reads. */

import { existsSync } from 'node:fs';
import type { PasswordHash } from '../../security/password-hash.ts';
import type { UserRecord } from '../../security/user-record.ts';
import type { Users } from '../../security/users-file.ts';
import { csvField } from '../entry-printer.ts';
import { formatBytes } from '../escapes.ts';
import { EXIT_OK, UsageError } from '../exit-codes.ts';
import { newPassword } from '../new-password.ts';
import { printResult } from '../print-result.ts';
import { write } from '../shell-io.ts';
import { renderTable } from '../table.ts';
import type { CommandSpec, Invocation } from './command.ts';

const ACTIONS = ['add', 'passwd', 'role', 'list', 'remove'] as const;
type Action = (typeof ACTIONS)[number];

export const user: CommandSpec = {
  name: 'user',
  summary: 'change the file of users, with or without a daemon',
  args: [
    {
      name: '<action>',
      kind: 'words',
      choices: ACTIONS,
      summary: 'add a user, change its password or role, list or remove',
    },
    { name: '[name]', kind: 'words', summary: 'of the user' },
  ],
  flags: [
    {
      flags: '--users-file <file>',
      kind: 'text',
      summary: "the daemon's usersFile (also CASKD_USERS_FILE)",
    },
    { flags: '--role <role>', kind: 'text', summary: 'read, write or admin' },
    {
      flags: '--prefix <prefix>',
      kind: 'bytesList',
      summary: 'add: limit the user to keys that begin with this; may be given several times',
    },
    {
      flags: '--certificate-only',
      kind: 'switch',
      summary: 'add: no password; a certificate of this name is the only way in',
    },
    {
      flags: '-x, --password-stdin',
      kind: 'switch',
      summary: 'the password is the first line of standard input',
    },
  ],
  notes:
    'Offline: changes the file itself, and connects to nothing; a daemon that uses the file takes the\n' +
    'change within two seconds. The password is asked for, or taken from CASKCTL_PASSWORD or stdin. add makes\n' +
    'the file if it is not there.',

  async run(invocation) {
    const [action, name] = invocation.args as [Action, string | undefined];
    if (action === 'list') {
      if (name !== undefined) throw new UsageError('list takes no name');
      return list(invocation);
    }
    if (name === undefined) throw new UsageError(`${action} needs the name of a user`);
    await CHANGES[action](invocation, name);
    return EXIT_OK;
  },
};

const CHANGES: Readonly<
  Record<Exclude<Action, 'list'>, (invocation: Invocation, name: string) => Promise<void>>
> = { add, passwd, role, remove };

function pathOf({ shell, flags }: Invocation): string {
  const path = flags.text('usersFile') || shell.io.env['CASKD_USERS_FILE'];
  if (path) return path;
  throw new UsageError('which file? Give --users-file FILE, or CASKD_USERS_FILE');
}

async function roleOf({ flags }: Invocation): Promise<UserRecord['role']> {
  const { isRole, ROLES } = await import('../../security/roles.ts');
  const given = flags.text('role');
  if (isRole(given)) return given;
  const allowed = ROLES.join(', ');
  throw new UsageError(
    given === undefined
      ? `give --role, one of ${allowed}`
      : `--role is "${given}", allowed are ${allowed}`,
  );
}

async function add(invocation: Invocation, name: string): Promise<void> {
  const { isUserName, NAME_RULE, prefixProblem } = await import('../../security/user-record.ts');
  const { changeUsersFile } = await import('../../security/users-file.ts');
  if (!isUserName(name)) throw new UsageError(`the name must be ${NAME_RULE}`);
  const itsRole = await roleOf(invocation);
  const prefixes = invocation.flags.bytesList('prefix');
  const problem = prefixes && prefixProblem(prefixes, itsRole);
  if (problem !== undefined) throw new UsageError(`the user ${problem}`);
  await expectUser(invocation, name, false);
  const isCertified = invocation.flags.has('certificateOnly');
  const password = isCertified ? undefined : await hashed(invocation);
  const added: UserRecord = { name, role: itsRole, password, prefixes };
  await changeUsersFile(pathOf(invocation), true, (users) => {
    checkUser(users, name, false);
    return new Map([...users, [name, added]]);
  });
  const facts = { user: name, role: itsRole };
  await printResult(invocation, facts, `ok, ${name} may ${itsRole}`);
}

async function passwd(invocation: Invocation, name: string): Promise<void> {
  await expectUser(invocation, name, true);
  const password = await hashed(invocation);
  await changeUser(invocation, name, (found) => ({ ...found, password }));
  await printResult(invocation, { user: name }, `ok, ${name} has a new password`);
}

async function role(invocation: Invocation, name: string): Promise<void> {
  const itsRole = await roleOf(invocation);
  await changeUser(invocation, name, (found) => ({ ...found, role: itsRole }));
  await printResult(invocation, { user: name, role: itsRole }, `ok, ${name} may ${itsRole}`);
}

async function remove(invocation: Invocation, name: string): Promise<void> {
  await changeUser(invocation, name, () => undefined);
  await printResult(invocation, { user: name }, `ok, ${name} is removed`);
}

async function hashed(invocation: Invocation): Promise<PasswordHash> {
  const { hashPassword } = await import('../../security/password-hash.ts');
  return hashPassword(await newPassword(invocation.shell, invocation.flags.has('passwordStdin')));
}

/** Before a password is asked for: is the user there, or not there, as it must be? */
async function expectUser(
  invocation: Invocation,
  name: string,
  isExpected: boolean,
): Promise<void> {
  const { readUsersFile } = await import('../../security/users-file.ts');
  const path = pathOf(invocation);
  // one that is not there is made by add
  if (!isExpected && !existsSync(path)) return;
  checkUser(await readUsersFile(path), name, isExpected);
}

function checkUser(users: Users, name: string, isExpected: boolean): void {
  if (users.has(name) === isExpected) return;
  const problem = isExpected ? `there is no user ${name}` : `${name} is there already`;
  throw new UsageError(problem);
}

/** @param change gives the user as it is to be; undefined: gone */
async function changeUser(
  invocation: Invocation,
  name: string,
  change: (user: UserRecord) => UserRecord | undefined,
): Promise<void> {
  const { prefixProblem } = await import('../../security/user-record.ts');
  const { changeUsersFile } = await import('../../security/users-file.ts');
  await changeUsersFile(pathOf(invocation), false, (users) => {
    checkUser(users, name, true);
    const changed = [...users.values()].map((it) => (it.name === name ? change(it) : it));
    for (const it of changed) {
      const problem = it?.prefixes && prefixProblem(it.prefixes, it.role);
      if (problem !== undefined) throw new UsageError(`the user ${problem}`);
    }
    return new Map(changed.filter((it) => it !== undefined).map((it) => [it.name, it]));
  });
}

async function list(invocation: Invocation): Promise<number> {
  const { readUsersFile } = await import('../../security/users-file.ts');
  const users = [...(await readUsersFile(pathOf(invocation))).values()];
  const { shell, format } = invocation;
  await write(shell.io.stdout, renderUsers(users.map(rowOf), format));
  return EXIT_OK;
}

/** Undefined is left out of JSON. */
interface UserRow {
  readonly user: string;
  readonly role: string;
  readonly prefixes?: readonly string[];
  readonly certificateOnly?: true;
}

function rowOf({ name, role: itsRole, password, prefixes }: UserRecord): UserRow {
  return {
    user: name,
    role: itsRole,
    ...(prefixes === undefined ? {} : { prefixes: prefixes.map(formatBytes) }),
    ...(password === undefined ? { certificateOnly: true } : {}),
  };
}

function renderUsers(rows: readonly UserRow[], format: Invocation['format']): string {
  if (format === 'json') return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const cells = rows.map(({ user: name, role: itsRole, prefixes = [], certificateOnly }) => [
    name,
    itsRole,
    prefixes.join(' '),
    certificateOnly ? 'certificate only' : '',
  ]);
  if (format !== 'csv') return renderTable(cells);
  const lines = [['user', 'role', 'prefixes', 'certificate'], ...cells];
  return lines.map((line) => `${line.map(csvField).join(',')}\n`).join('');
}
