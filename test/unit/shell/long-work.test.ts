/** Commands that last: deleting many keys, jobs, and what Ctrl-C leaves. */

import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CaskError } from '../../../src/errors/cask-error.ts';
import { runCaskctl } from '../../../src/shell/caskctl.ts';
import type { JobStatus } from '../../../src/vocabulary/job-status.ts';
import { FakeClient } from './fake-client.ts';
import { type FakeIo, fakeIo, fakeTerminal, runWith } from './fake-io.ts';

let client: FakeClient;

beforeEach(() => {
  client = new FakeClient().fill({
    a: '1',
    'user:1': 'x',
    'user:2': 'y',
    'user:\xff': 'z',
    v: '2',
  });
});

interface Interrupted {
  readonly exitCode: number;
  readonly io: FakeIo;
}

/** Runs a command with a Ctrl-C that the test presses. */
async function interruptible(
  words: readonly string[],
  stop: AbortController,
  io: FakeIo = fakeIo(),
): Promise<Interrupted> {
  const exitCode = await runCaskctl(
    words,
    io,
    () => Promise.resolve(client),
    () => stop.signal,
  );
  return { exitCode, io };
}

describe('delete-prefix and delete-range', () => {
  it.each([
    [['delete-prefix', 'user:'], { prefix: Buffer.from('user:') }, 3],
    [['delete-prefix', 'user:\\xc3'], { prefix: Buffer.from('user:\xc3', 'latin1') }, 1],
    [['delete-range', 'b', 'v'], { start: Buffer.from('b'), end: Buffer.from('v') }, 3],
    [['delete-range', 'b', ''], { start: Buffer.from('b'), end: undefined }, 4],
    [['delete-range', '', 'b'], { start: undefined, end: Buffer.from('b') }, 1],
    [['delete-range', '--all'], { all: true }, 5],
  ])('%j', async (words, range, deleted) => {
    const dry = await runWith(client, [...words, '--dry-run', '--json']);
    expect(dry).toMatchObject({ exitCode: 0, out: `{"keys":${deleted}}\n` });
    expect(client.deletions).toEqual([]);
    const ran = await runWith(client, [...words, '--yes', '--json']);
    expect(ran).toMatchObject({ exitCode: 0, err: '' });
    expect(JSON.parse(ran.out)).toMatchObject({ deleted, revision: 5 + deleted });
    expect(client.deletions).toMatchObject([range]);
    expect(client.entries.size).toBe(5 - deleted);
  });

  it('says in words what it does', async () => {
    const dry = await runWith(client, ['delete-prefix', 'user:', '--dry-run']);
    expect(dry.out).toBe('3 keys that begin with user:\n');
    const range = await runWith(client, ['delete-range', 'b', '\\xff', '--dry-run']);
    expect(range.out).toBe('4 keys from b on before \\xff\n');
    const ran = await runWith(client, ['delete-prefix', 'user:', '--yes']);
    expect(ran.out).toMatch(/^3 keys deleted, .+\/s\)\n$/);
    const again = await runWith(client, ['delete-prefix', 'user:', '--yes', '--csv']);
    expect(again.out).toMatch(/^deleted,revision,ms\n0,,\d+\n$/);
  });

  it.each([
    [['delete-prefix', '']],
    [['delete-prefix']],
    [['delete-prefix', 'user:']],
    [['delete-range']],
    [['delete-range', '', '']],
    [['delete-range', '', '', '--yes']],
    [['delete-range', 'a', '--yes']],
    [['delete-range', 'a', 'b', '--all', '--yes']],
    [['delete-range', 'a', 'b']],
  ])('%j is refused without a terminal, and deletes nothing', async (words) => {
    const ran = await runWith(client, words);
    expect(ran).toMatchObject({ exitCode: 2, out: '' });
    expect(client.entries.size).toBe(5);
  });
});

describe('deleting on a terminal', () => {
  it.each([
    ['y', 0, 2],
    ['n', 1, 5],
    ['', 1, 5],
  ])('asks on a terminal; %j ends with %i', async (answer, exitCode, left) => {
    const io = fakeTerminal();
    const words = ['delete-prefix', 'user:'];
    const running = runCaskctl(words, io, () => Promise.resolve(client));
    io.stdin.write(`${answer}\r`);
    expect(await running).toBe(exitCode);
    expect(io.stderr.text).toContain('Delete 3 keys that begin with user:? [y/N]');
    expect(io.stdout.text).toMatch(exitCode === 0 ? /^3 keys deleted/ : /^nothing was deleted\n/);
    expect(client.entries.size).toBe(left);
  });

  it('does not ask about nothing', async () => {
    const io = fakeTerminal();
    const words = ['delete-prefix', 'none:'];
    expect(await runCaskctl(words, io, () => Promise.resolve(client))).toBe(0);
    expect(io.stderr.text).not.toContain('[y/N]');
  });

  it('shows how far it is on a terminal', async () => {
    const io = fakeTerminal();
    await runCaskctl(['delete-prefix', 'user:', '--yes'], io, () => Promise.resolve(client));
    expect(io.stderr.text).toContain('0 keys');
  });

  it('Ctrl-C stops it, and says how much is gone', async () => {
    const stop = new AbortController();
    client.beforeDelete = (index) => {
      if (index === 2) stop.abort();
    };
    const { exitCode, io } = await interruptible(['delete-prefix', 'user:', '--yes'], stop);
    expect(exitCode).toBe(130);
    expect(io.stderr.text).toBe('INTERRUPTED: 2 keys were deleted; the rest is still there\n');
    expect(client.entries.size).toBe(3);
  });

  it('a failure says how much may be gone', async () => {
    client.beforeDelete = (index) => {
      if (index === 1)
        throw new CaskError('NO_SPACE', 'the disk is full', { details: { deleted: 1 } });
    };
    const ran = await runWith(client, ['delete-prefix', 'user:', '--yes']);
    expect(ran.exitCode).toBe(1);
    expect(ran.err).toContain('STOPPED: 1 key may be gone');
    expect(ran.err).toContain('NO_SPACE: the disk is full');
  });
});

describe('count', () => {
  it('takes bounds', async () => {
    expect((await runWith(client, ['count', '--prefix', 'user:'])).out).toBe('3\n');
    expect((await runWith(client, ['count', '--start', 'b', '--end', 'v'])).out).toBe('3\n');
  });
});

describe('jobs', () => {
  const running: JobStatus = {
    id: 7,
    kind: 'delete-range',
    state: 'running',
    unit: 'keys',
    done: 5000,
    total: 1_000_000,
    startedAt: 1_700_000_000_000,
    ms: 1500,
    error: undefined,
    result: undefined,
  };
  const error = { code: 'NO_SPACE', message: 'the disk is full' } as const;
  const failed: JobStatus = {
    ...running,
    id: 6,
    kind: 'backup',
    state: 'failed',
    unit: 'bytes',
    error,
  };

  it('are listed', async () => {
    client.runningJobs = [running, { ...failed, total: undefined }];
    const { out } = await runWith(client, ['jobs']);
    expect(out).toMatch(/7 +delete-range +running +5,000 +1,000,000 +keys +2023-\S+ +1\.5 s/);
    expect(out).toMatch(/6 +backup +failed +4\.9 KiB +\? +bytes .+ NO_SPACE +the disk is full/);
    const [first] = (await runWith(client, ['job', 'list', '--json'])).out.split('\n');
    expect(JSON.parse(first ?? '')).toMatchObject({ id: 7, done: 5000, total: 1_000_000 });
  });

  it('are cancelled', async () => {
    client.runningJobs = [running];
    expect(await runWith(client, ['job', 'cancel', '7'])).toMatchObject({
      exitCode: 0,
      out: 'ok, job 7 is being stopped\n',
    });
    expect(await runWith(client, ['job', 'cancel', '8'])).toMatchObject({
      exitCode: 5,
      err: 'NOT_FOUND: no job 8 runs\n',
    });
    expect(client.calls).toEqual(['cancelJob 7', 'cancelJob 8']);
  });

  it.each([[['job']], [['job', 'cancel']], [['job', 'cancel', 'x']], [['job', 'list', '7']]])(
    '%j is refused',
    async (words) => {
      expect((await runWith(client, words)).exitCode).toBe(2);
    },
  );
});

describe('Ctrl-C', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'caskctl-'));
  });

  afterEach(() => rm(directory, { recursive: true }));

  it('ends an export, which says that it is incomplete', async () => {
    const stop = new AbortController();
    client.pageItems = 2;
    const { rangePage } = client;
    client.rangePage = async (request) => {
      if (client.ranges.length === 2) stop.abort();
      return rangePage.call(client, request);
    };
    const file = join(directory, 'out');
    const { exitCode, io } = await interruptible(['export', file], stop);
    expect(exitCode).toBe(130);
    expect(io.stderr.text).toBe('INTERRUPTED: the export is incomplete: 4 entries were written\n');
    expect(io.stdout.text).toBe('');
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(5);
  });

  it('ends an import whose source is silent', async () => {
    const stop = new AbortController();
    const io = { ...fakeIo(), stdin: new PassThrough() };
    io.stdin.write('{"key":"k","value":"v"}\n');
    setImmediate(() => stop.abort());
    const { exitCode } = await interruptible(['import', '-'], stop, io);
    expect(exitCode).toBe(130);
    expect(io.stderr.text).toMatch(/^INTERRUPTED: the import stopped after 0 records/);
  });
});
