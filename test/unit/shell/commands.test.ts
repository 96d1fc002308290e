import { describe, expect, it } from 'vitest';
import { CaskError } from '../../../src/errors/cask-error.ts';
import { runCaskctl } from '../../../src/shell/caskctl.ts';
import { FakeClient } from './fake-client.ts';
import { fakeIo, runWith } from './fake-io.ts';

describe('put', () => {
  it('stores bytes given with escapes', async () => {
    const client = new FakeClient();
    const ran = await runWith(client, ['put', 'k\\x00', 'a\\nb']);
    expect(ran).toMatchObject({ exitCode: 0, out: 'ok, revision 1, version 1\n', err: '' });
    expect(client.entries.get('k\0')?.value).toEqual(Buffer.from('a\nb'));
    expect(client.closed).toBe(true);
  });

  it('-x takes the value from standard input as it is', async () => {
    const client = new FakeClient();
    const stdin = Buffer.from([0xff, 0x5c, 0x0a]);
    const ran = await runWith(client, ['put', 'k', '-x', '--json'], { stdin });
    expect(JSON.parse(ran.out)).toMatchObject({ revision: 1, version: 1 });
    expect(client.entries.get('k')?.value).toEqual(stdin);
  });

  it('hands conditions and time to live over', async () => {
    const client = new FakeClient();
    await runWith(client, ['put', 'k', 'v', '--ttl-ms', '5000', '--if-absent']);
    await runWith(client, ['put', 'k', 'v', '--keep-ttl', '--if-revision', '1']);
    expect(client.putOptions).toEqual([
      { ttlMs: 5000, ifAbsent: true },
      { keepTtl: true, ifRevision: 1 },
    ]);
  });

  it('a conflict is exit code 6 and says the revision', async () => {
    const client = new FakeClient().fill({ k: 'v' });
    const ran = await runWith(client, ['put', 'k', 'v', '--if-absent']);
    expect(ran.exitCode).toBe(6);
    expect(ran.err).toBe('CONFLICT: the condition failed (revision 1)\n');
  });

  it.each([
    [['put', 'k']],
    [['put', 'k', 'v', '-x']],
    [['put', 'k', '\\q']],
    [['put', 'k', 'v', '--ttl-ms', '0']],
    [['put', 'k', 'v', '--if-revision', '-1']],
    [['put', 'k', 'v', 'w']],
    [['put']],
    [['put', 'k', 'v', '--unknown']],
    [['nonsense']],
    [['--nonsense']],
    [['count', '--json', '--csv']],
    [['range', '--keys-only', '--print-value-only']],
    [['batch', '/does/not/exist']],
    [['del', 'a', 'b', '--if-revision', '3']],
    [['watch', '--', 'watch', 'count']],
  ])('%j is refused with exit code 2 and nothing else', async (words) => {
    const client = new FakeClient();
    const ran = await runWith(client, words);
    expect(ran.exitCode).toBe(2);
    expect(ran.err).toMatch(/^USAGE: .+\n/);
    expect(ran.out).toBe('');
    expect(client.entries.size).toBe(0);
  });
});

describe('get', () => {
  const client = new FakeClient().fill({ k: 'a\nb' });

  it('writes the value and nothing else where there is no terminal', async () => {
    expect(await runWith(client, ['get', 'k'])).toMatchObject({
      exitCode: 0,
      out: 'a\nb',
      err: '',
    });
  });

  it('shows escapes on a terminal', async () => {
    expect((await runWith(client, ['get', 'k'], { terminal: true })).out).toBe('a\\nb\n');
  });

  it.each([
    ['--json', '{"key":"k","value":"a\\nb"}\n'],
    ['--hex', '610a62\n'],
    ['--raw', 'a\nb'],
  ])('%s', async (flag, out) => {
    expect((await runWith(client, ['get', 'k', flag], { terminal: true })).out).toBe(out);
  });

  it('--entry prints what else is known', async () => {
    const { out } = await runWith(client, ['get', 'k', '--entry']);
    expect(out).toContain('revision    1\n');
    expect(out).toContain('created at  2023-11-14T22:13:20.000Z\n');
    const json = await runWith(client, ['get', 'k', '--entry', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ key: 'k', value: 'a\nb', version: 1 });
  });

  it('an absent key is exit code 5', async () => {
    const ran = await runWith(client, ['get', 'no\\x00']);
    expect(ran).toMatchObject({
      exitCode: 5,
      out: '',
      err: 'NOT_FOUND: there is no key no\\x00\n',
    });
  });
});

describe('del, exists, count, sync, ping', () => {
  it('answer in a word', async () => {
    const client = new FakeClient().fill({ a: '1', b: '2', c: '3' });
    expect((await runWith(client, ['count'])).out).toBe('3\n');
    expect((await runWith(client, ['count', '--json'])).out).toBe('{"count":3}\n');
    expect((await runWith(client, ['count', '--csv'])).out).toBe('count\n3\n');
    expect(await runWith(client, ['del', 'a', 'b', 'x'])).toMatchObject({
      exitCode: 0,
      out: '2\n',
    });
    expect(await runWith(client, ['exists', 'a'])).toMatchObject({ exitCode: 5, out: 'false\n' });
    expect(await runWith(client, ['exists', 'c'])).toMatchObject({ exitCode: 0, out: 'true\n' });
    expect((await runWith(client, ['sync'])).out).toBe('ok, durable up to revision 3\n');
    expect((await runWith(client, ['ping'])).out).toBe('pong in 0.25 ms\n');
  });
});

describe('connection', () => {
  it('a server that is not there is exit code 3, named on stderr', async () => {
    for (const words of [['ping'], ['get', 'k']]) {
      const io = fakeIo({ env: { CASKD_URL: 'cask://elsewhere:1' } });
      const exitCode = await runCaskctl(words, io, ({ url }) =>
        Promise.reject(new CaskError('CONNECT_FAILED', `cannot connect to ${url}`)),
      );
      expect(exitCode).toBe(3);
      expect(io.stderr.text).toBe('CONNECT_FAILED: cannot connect to cask://elsewhere:1\n');
    }
  });

  it('--url goes before the environment', async () => {
    const io = fakeIo({ env: { CASKD_URL: 'cask://elsewhere:1' } });
    const urls: string[] = [];
    await runCaskctl(['count', '--url', 'cask://here:2'], io, ({ url }) => {
      urls.push(url);
      return Promise.resolve(new FakeClient());
    });
    expect(urls).toEqual(['cask://here:2']);
  });
});

describe('range', () => {
  const pairs = Object.fromEntries(
    Array.from({ length: 250 }, (_, i) => [`k${1000 + i}`, `v${i}`]),
  );

  it('walks all pages where there is no terminal', async () => {
    const client = new FakeClient().fill(pairs);
    client.pageItems = 30;
    const { out } = await runWith(client, ['range']);
    expect(out.split('\n')).toHaveLength(251);
    expect(out.startsWith('k1000\tv0\nk1001\tv1\n')).toBe(true);
  });

  it('stops at a hundred on a terminal and says how to go on', async () => {
    const client = new FakeClient().fill(pairs);
    const { out, err } = await runWith(client, ['range'], { terminal: true });
    expect(out.trimEnd().split('\n')).toHaveLength(100);
    expect(err).toContain('--after k1099');
  });

  it('takes bounds, direction and limit across pages', async () => {
    const client = new FakeClient().fill(pairs);
    client.pageItems = 3;
    const words = ['range', '--start', 'k1010', '--end', 'k1020', '--reverse', '--limit', '4'];
    const { out } = await runWith(client, [...words, '--keys-only']);
    expect(out).toBe('k1019\nk1018\nk1017\nk1016\n');
    expect(client.ranges.map((request) => request.limit)).toEqual([4, 1]);
    const after = await runWith(client, ['range', '--after', 'k1247', '--print-value-only']);
    expect(after.out).toBe('v248\nv249\n');
  });

  it('prints CSV with one header, even for nothing', async () => {
    const client = new FakeClient().fill(pairs);
    client.pageItems = 2;
    const csv = await runWith(client, ['range', '--csv', '--limit', '5']);
    expect(csv.out.match(/^key,value/gm)).toHaveLength(1);
    const none = await runWith(client, ['range', '--csv', '--prefix', 'none']);
    expect(none.out).toBe('key,value,revision,version,created_at,updated_at,expires_at\n');
  });

  it('names a damaged record, goes on, and ends with 1', async () => {
    const client = new FakeClient().fill({ a: '1', b: '2', c: '3' });
    client.damaged.add('b');
    const ran = await runWith(client, ['range']);
    expect(ran).toMatchObject({ exitCode: 1, out: 'a\t1\nc\t3\n' });
    expect(ran.err).toBe('CORRUPT: key b: the record fails its checksum\n');
  });
});

describe('config', () => {
  it('get lists settings with value, origin and when they change', async () => {
    expect((await runWith(new FakeClient(), ['config', 'get'])).out).toBe(
      [
        'maxJobs         4     --max-jobs  at a restart',
        'cacheBytes      64k   default     can be set',
        'maxConnections  1000  default     can be set',
        '',
      ].join('\n'),
    );
    const csv = (await runWith(new FakeClient(), ['config', 'get', '--csv'])).out;
    expect(csv.split('\n')[0]).toBe('name,value,origin,changes');
    const json = (await runWith(new FakeClient(), ['config', 'get', 'maxJobs', '--json'])).out;
    expect(JSON.parse(json)).toMatchObject({ name: 'maxJobs', value: 4 });
  });

  it('get of one prints its value alone', async () => {
    expect((await runWith(new FakeClient(), ['config', 'get', 'cacheBytes'])).out).toBe('64k\n');
    const ran = await runWith(new FakeClient(), ['config', 'get', 'nonsense']);
    expect(ran).toMatchObject({ exitCode: 2, err: 'INVALID_OPTION: there is no nonsense\n' });
  });

  it('set says what it is now', async () => {
    const client = new FakeClient();
    const { out } = await runWith(client, ['config', 'set', 'maxConnections', '5']);
    expect(out).toBe('ok, maxConnections is 5; put it into the configuration file to keep it\n');
    expect(client.settings.get('maxConnections')?.value).toBe(5);
  });

  it('show prints a configuration file, with origins if asked', async () => {
    expect((await runWith(new FakeClient(), ['config', 'show'])).out).toBe(
      '# Memory\nmaxJobs = 4\ncacheBytes = "64k"\n\n# Connections\nmaxConnections = 1000\n',
    );
    expect((await runWith(new FakeClient(), ['config', 'show', '--origin'])).out).toBe(
      [
        '# Memory',
        'maxJobs = 4         # --max-jobs',
        'cacheBytes = "64k"  # default: a sixteenth, at most 256m',
        '',
        '# Connections',
        'maxConnections = 1000  # default',
        '',
      ].join('\n'),
    );
  });

  it.each([
    [['drop'], 'drop'],
    [['set', 'maxJobs'], 'takes the name of a setting and its value'],
    [['get', 'maxJobs', '4'], 'takes the name of a setting, or nothing'],
    [['show', 'maxJobs'], 'takes no name'],
  ])('%j is not understood', async (args, message) => {
    const ran = await runWith(new FakeClient(), ['config', ...args]);
    expect(ran.exitCode).toBe(2);
    expect(ran.err).toContain(message);
  });
});

describe('stats and merge', () => {
  it('stats come in groups, or as the server gave them', async () => {
    const client = new FakeClient().fill({ a: '1' });
    expect((await runWith(client, ['stats'])).out).toBe(
      'Store\n  keys  1\n\nLimits, by setting\n' +
        '                       limit      now     most  reached\n' +
        '  maxKeydirBytes     4.0 MiB  2.0 KiB  4.0 KiB    1,234\n' +
        '  idleTimeoutMs   10 min 0 s        -        -        0\n' +
        '\nOther\n  uptime ms  1 min 23 s\n\n' +
        'Other, new group\n  group bytes  2.0 KiB\n  slots        -\n',
    );
    expect(JSON.parse((await runWith(client, ['stats', '--json'])).out)).toMatchObject({ keys: 1 });
  });

  it('merge waits and shows progress on a terminal', async () => {
    const client = new FakeClient();
    const merging = Promise.withResolvers<object>();
    client.pendingMerge = merging.promise;
    const result = { inputs: 2, outputs: 1, bytesBefore: 4096, bytesAfter: 1024, ms: 12 };
    setTimeout(() => merging.resolve(result), 20);
    const { out, err } = await runWith(client, ['merge'], { terminal: true });
    expect(out).toBe('ok, 2 segments into 1, 4.0 KiB -> 1.0 KiB, 12 ms\n');
    expect(err).toContain('50 %');
  });

  it('merge --status, --pause and --resume answer at once', async () => {
    const client = new FakeClient();
    const status = 'copying, 512 B of 1.0 KiB, 3 merges so far\n';
    expect((await runWith(client, ['merge', '--status'])).out).toBe(status);
    expect((await runWith(client, ['merge', '--resume'])).out).toBe(status);
    expect((await runWith(client, ['merge', '--pause', '--json'])).out).toContain('"paused":true');
    expect((await runWith(client, ['merge', '--pause', '--resume'])).exitCode).toBe(2);
    expect(client.calls).not.toContain('merge');
  });

  it('a merge that fails says so', async () => {
    const client = new FakeClient();
    client.pendingMerge = Promise.reject(new CaskError('MERGE_RUNNING', 'one is running'));
    const ran = await runWith(client, ['merge'], { terminal: true });
    expect(ran.exitCode).toBe(1);
    expect(ran.err).toContain('one is running');
  });
});

describe('watch, scripts, help', () => {
  it('watch repeats a command with its flags', async () => {
    const client = new FakeClient().fill({ a: '1' });
    const words = ['watch', '-i', '0.001', '-r', '3', '--', 'count', '--json'];
    const ran = await runWith(client, words);
    expect(ran).toMatchObject({ exitCode: 0, out: '{"count":1}\n'.repeat(3) });
  });

  it('commands may come from standard input, one per line', async () => {
    const client = new FakeClient();
    const stdin = '# a comment\nput "a b" \'1\'\n\nget none\nput x "\nexists "a b"\nput y -x\n';
    const ran = await runWith(client, ['--json'], { stdin });
    expect(ran.exitCode).toBe(2);
    expect(ran.out.split('\n').filter((line) => line !== '')).toHaveLength(2);
    expect(ran.err).toContain('NOT_FOUND');
    expect(ran.err).toContain('is not closed');
    expect(ran.err).toContain('standard input holds the commands');
    expect([...client.entries.keys()]).toEqual(['a b']);
  });

  it('help names every command and every exit code', async () => {
    const { out, exitCode } = await runWith(new FakeClient(), ['--help']);
    expect(exitCode).toBe(0);
    for (const word of ['put', 'export', 'watch', '--url', '6 conflict']) {
      expect(out).toContain(word);
    }
    const help = await runWith(new FakeClient(), ['help', 'put']);
    expect(help.out).toContain('--if-revision <n>');
  });
});
