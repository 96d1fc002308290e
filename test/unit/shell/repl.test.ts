import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CaskError } from '../../../src/errors/cask-error.ts';
import { runCaskctl } from '../../../src/shell/caskctl.ts';
import { complete } from '../../../src/shell/completer.ts';
import { hintFor } from '../../../src/shell/hints.ts';
import { historyPath } from '../../../src/shell/repl.ts';
import { FakeClient } from './fake-client.ts';
import { fakeTerminal } from './fake-io.ts';

describe('completion', () => {
  const client = new FakeClient().fill({ 'user:1': 'a', 'user:2': 'b', 'user:a b': 'c' });
  const candidates = async (line: string): Promise<string[]> =>
    (await complete(line, () => Promise.resolve(client)))[0];

  it.each([
    ['ex', ['exists ', 'export ', 'exit ']],
    ['help ge', ['get ', 'getdel ']],
    ['range --li', ['--limit ']],
    ['put k v --if', ['--if-absent ', '--if-present ', '--if-revision ']],
    ['get user:', ['user:1 ', 'user:2 ']],
    ['get "user:a', ['"user:a b" ']],
    ['range --start user:1', ['user:1 ']],
    ['put user:1 us', []],
    ['import us', []],
    ['nonsense us', []],
  ])('%j', async (line, expected) => {
    expect(await candidates(line)).toEqual(expected);
  });

  it('asks for few keys and no values', () => {
    expect(client.ranges.at(-1)).toMatchObject({ keysOnly: true, limit: 20 });
  });

  it('leaves a quote that was begun in place', async () => {
    expect(await complete("get 'user:a", () => Promise.resolve(client))).toEqual([
      ["'user:a b' "],
      "'user:a",
    ]);
  });
});

describe('hints', () => {
  it.each([
    ['', ''],
    ['cou', 'nt'],
    ['exi', ''],
    ['exis', 'ts'],
    ['he', 'lp'],
    ['get ', '<key> [--entry]'],
    ['get k', ''],
    ['get k ', '[--entry]'],
    ['get k --entry ', ''],
    ['del a ', '<keys...> [--if-present] [--if-revision <n>]'],
    ['range --limit ', '<n>'],
    ['nonsense ', ''],
  ])('%j', (line, hint) => {
    expect(hintFor(line)).toBe(hint);
  });
});

describe('interactive session', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'caskctl-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('runs lines, keeps a history that only its owner can read, and leaves', async () => {
    const history = join(directory, 'history');
    const client = new FakeClient();
    const io = fakeTerminal({ CASKCTL_HISTORY: history });
    const ended = runCaskctl(['--url', 'cask://h:1'], io, () => Promise.resolve(client));
    await vi.waitFor(() => expect(io.stdout.text).toContain('h:1> '));
    io.stdin.write('put "a b" 1\r');
    await vi.waitFor(() => expect(io.stdout.text).toContain('ok, revision 1'));
    io.stdin.write('get "a b"\r');
    io.stdin.write('get none\r');
    io.stdin.write('help get\r');
    await vi.waitFor(() => expect(io.stdout.text).toContain('Print the value of a key.'));
    expect(io.stderr.text).toContain('there is no key none');
    io.stdin.write('exit\r');
    expect(await ended).toBe(0);
    expect(client.closed).toBe(true);
    await vi.waitFor(async () => {
      expect(await readFile(history, 'utf8')).toContain('get "a b"');
    });
    expect((await stat(history)).mode & 0o777).toBe(0o600);
  });

  it('keeps no line that begins with a blank', async () => {
    const history = join(directory, 'history');
    const io = fakeTerminal({ CASKCTL_HISTORY: history });
    const ended = runCaskctl([], io, () => Promise.resolve(new FakeClient()));
    await vi.waitFor(() => expect(io.stdout.text).toContain('> '));
    io.stdin.write(' put k hunter2\r');
    await vi.waitFor(() => expect(io.stdout.text).toContain('ok, revision 1'));
    io.stdin.write('count\r');
    await vi.waitFor(() => expect(io.stdout.text).toContain('\n1\n'));
    io.stdin.write('exit\r');
    expect(await ended).toBe(0);
    await vi.waitFor(async () => {
      expect(await readFile(history, 'utf8')).toContain('count');
    });
    expect(await readFile(history, 'utf8')).not.toContain('hunter2');
  });

  it('Ctrl-C cancels the command, then the line; Ctrl-D leaves', async () => {
    const client = new FakeClient();
    client.pendingMerge = new Promise(() => {});
    const io = fakeTerminal();
    const ended = runCaskctl([], io, () => Promise.resolve(client));
    await vi.waitFor(() => expect(io.stdout.text).toContain('127.0.0.1:7117> '));
    io.stdin.write('merge\r');
    await vi.waitFor(() => expect(client.calls).toContain('merge'));
    io.stdin.write('\x03');
    await vi.waitFor(() => expect(io.stderr.text).toContain('CANCELLED'));
    io.stdin.write('put k wrong\x03count\r');
    await vi.waitFor(() => expect(io.stdout.text).toContain('\n0\n'));
    expect(client.entries.size).toBe(0);
    io.stdin.write('\x04');
    expect(await ended).toBe(0);
  });

  it('goes on without a server and tries again', async () => {
    const io = fakeTerminal();
    const client = new FakeClient();
    let attempts = 0;
    const ended = runCaskctl([], io, () => {
      attempts += 1;
      if (attempts === 1) return Promise.reject(new CaskError('CONNECT_FAILED', 'nobody there'));
      return Promise.resolve(client);
    });
    await vi.waitFor(() => expect(io.stderr.text).toContain('nobody there'));
    io.stdin.write('count\r');
    await vi.waitFor(() => expect(io.stdout.text).toContain('\n0\n'));
    io.stdin.write('exit\r');
    expect(await ended).toBe(0);
  });
});

it('keeps the history where it is told, or nowhere', () => {
  expect(historyPath({ HOME: '/home/u' })).toBe('/home/u/.caskctl_history');
  expect(historyPath({ HOME: '/home/u', CASKCTL_HISTORY: '/x' })).toBe('/x');
  expect(historyPath({ HOME: '/home/u', CASKCTL_HISTORY: '' })).toBeUndefined();
  expect(historyPath({})).toBeUndefined();
});
