import { Command } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import { CaskError } from '../../../src/errors/cask-error.ts';
import { runCaskctl } from '../../../src/shell/caskctl.ts';
import { Flags } from '../../../src/shell/commands/command.ts';
import {
  connectOptionsOf,
  publicUrl,
  type ServerTarget,
  targetFrom,
  targetOptions,
} from '../../../src/shell/server-target.ts';
import { FakeClient } from './fake-client.ts';
import { fakeIo, fakeTerminal } from './fake-io.ts';

type Env = Record<string, string>;

function target(words: string[], env: Env = {}): ServerTarget {
  const program = new Command();
  for (const option of targetOptions(env)) program.addOption(option);
  return targetFrom(new Flags(program.parse(words, { from: 'user' }).opts()), env);
}

describe('the server and who asks', () => {
  it.each<[string[], Env, Partial<ServerTarget>]>([
    [[], {}, { url: 'cask://127.0.0.1:7117', user: undefined, password: undefined }],
    [[], { CASKD_URL: 'casks://db' }, { url: 'casks://db' }],
    [['--url', 'cask://here'], { CASKD_URL: 'cask://there' }, { url: 'cask://here' }],
    [
      [],
      { CASKD_URL: 'casks://ada:p%40w@db:1' },
      { url: 'casks://db:1', user: 'ada', password: 'p@w' },
    ],
    [['--user', 'ada'], {}, { user: 'ada', password: undefined }],
    [[], { CASKCTL_USER: 'ada', CASKCTL_PASSWORD: 'pw' }, { user: 'ada', password: 'pw' }],
    [[], { CASKCTL_PASSWORD: 'pw' }, { user: undefined, password: undefined }],
    [
      ['--url', 'cask://ada@db'],
      { CASKCTL_USER: 'bob', CASKCTL_PASSWORD: 'pw' },
      { url: 'cask://db', user: 'ada', password: 'pw' },
    ],
    [
      ['--url', 'cask://ada:hers@db', '--user', 'bob'],
      { CASKCTL_PASSWORD: 'his' },
      { url: 'cask://db', user: 'bob', password: 'his' },
    ],
  ])('%j with %j', (words, env, expected) => {
    expect(target(words, env)).toMatchObject(expected);
  });

  it('takes files of TLS where there is TLS', () => {
    const env = { CASKCTL_TLS_CA: '/does/not/exist' };
    expect(connectOptionsOf(target([], env))).toEqual({ url: 'cask://127.0.0.1:7117' });
    const secure = target(['--url', 'casks://db'], env);
    expect(() => connectOptionsOf(secure)).toThrow(/does\/not\/exist/);
    const own = target(['--url', 'casks://db', '--tls-ca', 'package.json']);
    expect(connectOptionsOf(own).tls).toMatchObject({ ca: expect.any(Buffer) });
  });
});

describe('a URL that is shown', () => {
  it.each([
    ['cask://db:1/', 'cask://db:1/'],
    ['casks://ada:hunter2@db', 'casks://db'],
    ['casks://ada:hun@ter2@db', 'casks://db'],
    ['casks://ada:hunt/er2@db', 'casks://db'],
    ['ada:hunter2@db', 'db'],
    ['casks://ada:hunter2@db:99999', 'casks://db:99999'],
  ])('%s as %s', (url, shown) => {
    expect(publicUrl(url)).toBe(shown);
  });

  it.each([['--help'], ['help', 'get'], ['count'], ['get', 'k', '--nonsense'], ['nonsense']])(
    'says no password: %s',
    async (...words) => {
      const io = fakeIo({ env: { CASKD_URL: 'casks://ada:hunter2@db' } });
      await runCaskctl(words, io, () => Promise.reject(new CaskError('CONNECT_FAILED', 'no')));
      expect(io.stdout.text + io.stderr.text).not.toBe('');
      expect(io.stdout.text + io.stderr.text).not.toContain('hunter2');
    },
  );
});

describe('a password that is missing', () => {
  it('is asked for on a terminal, not shown, and asked for once', async () => {
    const io = fakeTerminal({ CASKCTL_USER: 'ada' });
    const targets: ServerTarget[] = [];
    const ended = runCaskctl(['count'], io, (it) => {
      targets.push(it);
      return Promise.resolve(new FakeClient());
    });
    await vi.waitFor(() => expect(io.stderr.text).toBe('Password of ada: '));
    io.stdin.write('hunter9\x7f2\r');
    expect(await ended).toBe(0);
    expect(targets.map(({ user, password }) => [user, password])).toEqual([['ada', 'hunter2']]);
    expect(io.stdout.text + io.stderr.text).not.toContain('hunter');
  });

  it('is asked for before a session begins, which keeps it out of its history', async () => {
    const io = fakeTerminal({ CASKCTL_USER: 'ada' });
    const ended = runCaskctl([], io, () => Promise.resolve(new FakeClient()));
    await vi.waitFor(() => expect(io.stderr.text).toContain('Password of ada: '));
    io.stdin.write('hunter2\r');
    await vi.waitFor(() => expect(io.stdout.text).toContain('127.0.0.1:7117> '));
    io.stdin.write('\x1b[A');
    io.stdin.write('count\r');
    await vi.waitFor(() => expect(io.stdout.text).toContain('\n0\n'));
    io.stdin.write('exit\r');
    expect(await ended).toBe(0);
    expect(io.stdout.text + io.stderr.text).not.toContain('hunter2');
  });

  it('may be left out with Ctrl-C', async () => {
    const io = fakeTerminal({ CASKCTL_USER: 'ada' });
    const ended = runCaskctl(['count'], io, () => Promise.resolve(new FakeClient()));
    await vi.waitFor(() => expect(io.stderr.text).toContain('Password of ada: '));
    io.stdin.write('hunt\x03');
    expect(await ended).toBe(130);
    expect(io.stderr.text).toContain('no password was given');
  });

  it('is a matter of usage where nobody can be asked', async () => {
    const io = fakeIo({ env: { CASKCTL_USER: 'ada' } });
    expect(await runCaskctl(['count'], io, () => Promise.resolve(new FakeClient()))).toBe(2);
    expect(io.stderr.text).toContain('give it in CASKCTL_PASSWORD');
  });
});

it.each(['UNAUTHENTICATED', 'FORBIDDEN', 'AUTH_LOCKED'] as const)(
  '%s is exit code 4',
  async (code) => {
    const io = fakeIo();
    const refused = () => Promise.reject(new CaskError(code, 'no'));
    expect(await runCaskctl(['count'], io, refused)).toBe(4);
  },
);
