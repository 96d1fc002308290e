import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { matchesHash } from '../../../src/security/password-hash.ts';
import { readUsersFile } from '../../../src/security/users-file.ts';
import { runCaskctl } from '../../../src/shell/caskctl.ts';
import { COMMANDS } from '../../../src/shell/commands/command-table.ts';
import { type TestUser, userLine } from '../security/users-on-disk.ts';
import { fakeIo, fakeTerminal } from './fake-io.ts';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'caskctl-users-'));
  path = join(directory, 'users');
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

const noServer = () => Promise.reject(new Error('it must not connect'));

async function user(words: string[], given: { stdin?: string; env?: Record<string, string> } = {}) {
  const io = fakeIo({ ...given, env: { CASKD_USERS_FILE: path, ...given.env } });
  const exitCode = await runCaskctl(['user', ...words], io, noServer);
  return { exitCode, out: io.stdout.text, err: io.stderr.text };
}

/** Users whose hashes cost nothing. */
async function seed(...users: TestUser[]): Promise<void> {
  const lines = await Promise.all(users.map(userLine));
  await writeFile(path, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
}

async function isPassword(name: string, password: string): Promise<boolean> {
  const found = (await readUsersFile(path)).get(name);
  return found?.password !== undefined && matchesHash(password, found.password);
}

describe('user', () => {
  it('add makes the file, for its owner alone, and no password stands in it', async () => {
    const ran = await user(['add', 'ada', '--role', 'write', '-x'], { stdin: 'correct horse\n' });
    expect(ran).toEqual({ exitCode: 0, out: 'ok, ada may write\n', err: '' });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await isPassword('ada', 'correct horse')).toBe(true);
    const text = await readFile(path, 'utf8');
    expect(text).not.toContain('correct');
    expect(text).toContain('ln=15,r=8,p=3');
  });

  it('passwd, role and remove change one user and leave the others alone', async () => {
    await seed(['ada', 'admin', 'correct horse'], ['bob', 'read', 'correct horse']);
    const env = { CASKCTL_PASSWORD: 'battery staple' };
    expect((await user(['passwd', 'bob'], { env })).out).toBe('ok, bob has a new password\n');
    expect(await isPassword('bob', 'battery staple')).toBe(true);
    expect(await isPassword('ada', 'correct horse')).toBe(true);
    expect((await user(['role', 'bob', '--role', 'admin'])).exitCode).toBe(0);
    expect((await user(['list'])).out).toBe('ada  admin\nbob  admin\n');
    expect((await user(['remove', 'ada', '--json'])).out).toBe('{"user":"ada"}\n');
    expect((await user(['list', '--json'])).out).toBe('{"user":"bob","role":"admin"}\n');
    expect((await user(['list', '--csv'])).out).toMatch(/\nbob,admin,,\n$/);
  });

  it('add limits a user to prefixes, or to a certificate', async () => {
    const words = [
      '--role',
      'read',
      '--certificate-only',
      '--prefix',
      'city:',
      '--prefix',
      '\\xff',
    ];
    expect((await user(['add', 'bot', ...words])).exitCode).toBe(0);
    const bot = (await readUsersFile(path)).get('bot');
    expect(bot?.password).toBeUndefined();
    expect(bot?.prefixes).toEqual([Buffer.from('city:'), Buffer.from([0xff])]);
    expect((await user(['list'])).out).toBe('bot  read  city: \\xff  certificate only\n');
    expect(JSON.parse((await user(['list', '--json'])).out)).toEqual({
      user: 'bot',
      role: 'read',
      prefixes: ['city:', '\\xff'],
      certificateOnly: true,
    });
    const admin = await user(['role', 'bot', '--role', 'admin']);
    expect(admin).toMatchObject({ exitCode: 2, err: expect.stringContaining('prefixes') });
  });
});

describe('a new password', () => {
  it('is asked for twice on a terminal, and not shown', async () => {
    const io = fakeTerminal({ CASKD_USERS_FILE: path });
    const ended = runCaskctl(['user', 'add', 'ada', '--role', 'read'], io, noServer);
    await vi.waitFor(() => expect(io.stderr.text).toContain('Password: '));
    io.stdin.write('correct horse\r');
    await vi.waitFor(() => expect(io.stderr.text).toContain('The same again: '));
    io.stdin.write('correct horse\r');
    expect(await ended).toBe(0);
    expect([...(await readUsersFile(path)).keys()]).toEqual(['ada']);
    expect(io.stdout.text + io.stderr.text).not.toContain('correct');
  });

  it('is not taken when it was mistyped the second time', async () => {
    const io = fakeTerminal({ CASKD_USERS_FILE: path });
    const ended = runCaskctl(['user', 'add', 'ada', '--role', 'read'], io, noServer);
    await vi.waitFor(() => expect(io.stderr.text).toContain('Password: '));
    io.stdin.write('correct horse\r');
    await vi.waitFor(() => expect(io.stderr.text).toContain('again: '));
    io.stdin.write('correct house\r');
    expect(await ended).toBe(2);
    await expect(readUsersFile(path)).rejects.toThrow('no such file');
  });
});

describe('what is refused', () => {
  it.each<[string[], { stdin?: string; env?: Record<string, string> }, RegExp]>([
    [['add', 'ada', '-x'], { stdin: 'correct horse' }, /give --role/],
    [['add', 'ada', '--role', 'root', '-x'], { stdin: 'correct horse' }, /allowed are read, write/],
    [['add', 'a b', '--role', 'read', '-x'], { stdin: 'correct horse' }, /the name must be/],
    [['add', '--role', 'read', '-x'], {}, /needs the name/],
    [['add', 'ada', '--role', 'read', '-x'], { stdin: 'short' }, /5 characters; 8 at least/],
    [['add', 'ada', '--role', 'read', '-x'], { stdin: 'x'.repeat(2000) }, /longer than 1024/],
    [['add', 'ada', '--role', 'read', '-x'], { stdin: 'one line\nmore\n' }, /more than one line/],
    [['add', 'ada', '--role', 'read'], {}, /no terminal to ask on/],
    [
      ['add', 'ada', '--role', 'admin', '--prefix', 'a', '-x'],
      {},
      /has prefixes and the role admin/,
    ],
    [['passwd', 'ada'], { env: { CASKCTL_PASSWORD: 'correct horse' } }, /there is no such file/],
    [['remove', 'ada'], {}, /there is no such file/],
    [['list', 'ada'], {}, /list takes no name/],
    [['list'], { env: { CASKD_USERS_FILE: '' } }, /which file/],
    [['grant', 'ada'], {}, /Allowed choices are/],
    [['add', 'ada', 'correct horse', '--role', 'read'], {}, /too many arguments/],
  ])('%j is refused', async (words, given, why) => {
    const { exitCode, out, err } = await user(words, given);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toMatch(why);
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });

  it('a user that is there already, or is not, before a password is asked for', async () => {
    await seed(['ada', 'write', 'correct horse']);
    expect((await user(['add', 'ada', '--role', 'read'])).err).toContain('ada is there already');
    for (const words of [
      ['passwd', 'eve'],
      ['remove', 'eve'],
      ['role', 'eve', '--role', 'read'],
    ]) {
      expect((await user(words)).err).toContain('there is no user eve');
    }
  });
});

it('no command and no flag takes a password as an argument', () => {
  for (const { name, args, flags } of COMMANDS) {
    expect(args.map((it) => it.name).join(), name).not.toMatch(/password|secret/i);
    const secret = flags.filter((flag) => /password|secret/i.test(flag.flags));
    expect(secret.filter(({ kind }) => kind !== 'switch')).toEqual([]);
  }
});
