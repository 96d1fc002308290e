/** Commands that look at the server: clients, slowlog, stats --watch, latency, bigkeys. */

import { describe, expect, it, vi } from 'vitest';
import { runCaskctl } from '../../../src/shell/caskctl.ts';
import type { ClientFacts, SlowEntry } from '../../../src/vocabulary/insight.ts';
import { FakeClient } from './fake-client.ts';
import { fakeIo, runWith } from './fake-io.ts';

const CLIENT: ClientFacts = {
  ...{ id: 7, address: '127.0.0.1:50000', name: 'app\x1b[2J', user: 'ada', state: 'open' },
  ...{ connectedAt: 1_700_000_000_000, idleMs: 61_000, requests: 12_345, bytesIn: 900 },
  ...{ bytesOut: 70_000, inFlight: 3, pendingBytes: 0, lastOperation: 'GET' },
};
const SLOW: SlowEntry = {
  ...{ id: 3, at: 1_700_000_000_000, ms: 12.5, operation: 'PUT', clientId: 7 },
  ...{ address: '127.0.0.1:50000', client: 'app', requests: 2, bytesIn: 4096, bytesOut: 0 },
  ...{ keyBytes: 17, items: 0 },
};

describe('clients', () => {
  const server = new FakeClient();
  server.connected.push(CLIENT);

  it('are listed in a table; their names cannot drive the terminal', async () => {
    const { out } = await runWith(server, ['clients']);
    const [head, row] = out.split('\n');
    expect(head).toMatch(/^id +address +name +user +state +connected +idle +requests/);
    expect(row).toContain('127.0.0.1:50000  app\\x1b[2J  ada   open   2023-11-14T22:13:20Z');
    expect(row).toMatch(/ 1 min 1 s +12,345 +900 B +68\.4 KiB +3 +0 B +GET$/);
    expect((await runWith(server, ['client', 'list'])).out).toBe(out);
  });

  it('as JSON and CSV they come as the server told', async () => {
    const { out } = await runWith(server, ['clients', '--json']);
    expect(JSON.parse(out)).toEqual(CLIENT);
    const csv = (await runWith(server, ['clients', '--csv'])).out.split('\n');
    expect(csv[0]).toBe(Object.keys(CLIENT).join(','));
    expect(csv[1]).toBe(Object.values(CLIENT).join(','));
  });

  it('client kill closes one; no such one is exit code 5', async () => {
    const killed = await runWith(server, ['client', 'kill', '7']);
    expect(killed).toMatchObject({ exitCode: 0, out: 'ok, client 7 is being closed\n' });
    expect(server.calls.at(-1)).toBe('kill 7');
    const missing = await runWith(server, ['client', 'kill', '8']);
    expect(missing).toMatchObject({ exitCode: 5, err: 'NOT_FOUND: there is no client 8\n' });
  });

  it.each([
    [['client', 'kill']],
    [['client', 'kill', 'x']],
    [['client', 'list', '7']],
    [['client', 'shoot', '7']],
    [['client']],
  ])('%j is refused', async (words) => {
    expect((await runWith(server, words)).exitCode).toBe(2);
  });
});

describe('slowlog', () => {
  const server = new FakeClient();
  server.slow.push({ ...SLOW, id: 4, keyBytes: 0, items: 40 }, SLOW);

  it('lists sizes in place of keys', async () => {
    const { out } = await runWith(server, ['slowlog']);
    const [head, first, second] = out.split('\n');
    expect(head).toMatch(/^id +when +took +operation +requests +key +items +in +out/);
    expect(first).toMatch(/^ 4 +2023-11-14T22:13:20\.000Z +12\.5 ms +PUT +2 +- +40 +4\.0 KiB +0 B/);
    expect(second).toMatch(/^ 3 .* 17 B +- /);
  });

  it('takes a number, as JSON all of it', async () => {
    const { out } = await runWith(server, ['slowlog', '1', '--json']);
    expect(JSON.parse(out)).toEqual({ ...SLOW, id: 4, keyBytes: 0, items: 40 });
    expect(server.calls.at(-1)).toBe('slowLog 1');
  });

  it('--reset forgets', async () => {
    expect((await runWith(server, ['slowlog', '5', '--reset'])).exitCode).toBe(2);
    expect((await runWith(server, ['slowlog', '0'])).exitCode).toBe(2);
    expect((await runWith(server, ['slowlog', '--reset'])).out).toBe('ok, 2 entries forgotten\n');
    expect(server.slow).toEqual([]);
  });
});

describe('-r and -i', () => {
  it('run any command again and again', async () => {
    const server = new FakeClient().fill({ a: '1' });
    const { out, exitCode } = await runWith(server, ['count', '-r', '3', '-i', '0.001']);
    expect([out, exitCode]).toEqual(['1\n1\n1\n', 0]);
    expect((await runWith(server, ['-r', '2', 'count', '--json'])).out).toBe(
      '{"count":1}\n{"count":1}\n',
    );
  });

  it('go on after a failure, and tell of it in the end', async () => {
    const server = new FakeClient().fill({ k: 'v' });
    let puts = 0;
    server.beforePut = () => {
      puts += 1;
      if (puts === 2) throw new TypeError('once');
    };
    const ran = await runWith(server, ['put', 'k', 'v', '-r', '3']);
    expect(ran.out.split('\n')).toHaveLength(3);
    expect([ran.exitCode, ran.err]).toEqual([1, 'INTERNAL: unexpected: once\n']);
  });

  it('want a command, and stop at a wrong command line', async () => {
    const server = new FakeClient();
    expect((await runWith(server, ['-r', '3'])).exitCode).toBe(2);
    const ran = await runWith(server, ['put', 'k', '-r', '3']);
    expect([ran.exitCode, ran.err.split('\n').length]).toEqual([2, 2]);
  });

  it('without -r it goes on until Ctrl-C, which is no failure', async () => {
    const server = new FakeClient().fill({ a: '1' });
    const controller = new AbortController();
    const io = fakeIo();
    const ended = runCaskctl(
      ['count', '-i', '0.001'],
      io,
      () => Promise.resolve(server),
      () => controller.signal,
    );
    await vi.waitFor(() => expect(io.stdout.text.length).toBeGreaterThan(4));
    controller.abort();
    expect(await ended).toBe(0);
    expect(io.stderr.text).toBe('');
  });
});

describe('latency', () => {
  it('pings for a time and tells how long it takes', async () => {
    const server = new FakeClient();
    server.pings.push(2, 1);
    const { out } = await runWith(server, ['latency', '-i', '0.02', '--json']);
    const facts = JSON.parse(out) as Record<string, number>;
    expect(facts).toMatchObject({ maxMs: 2 });
    expect(facts['minMs']).toBeLessThanOrEqual(1);
    expect(facts['pings']).toBeGreaterThanOrEqual(1);
    expect(Object.keys(facts)).toEqual(['minMs', 'avgMs', 'p50Ms', 'p99Ms', 'maxMs', 'pings']);
  });

  it('--history prints a line for each span', async () => {
    const server = new FakeClient();
    server.pings.push(40);
    const words = ['latency', '--history', '-i', '0.001', '-r', '2'];
    const { out } = await runWith(server, words);
    expect(out.split('\n')).toEqual([
      'min 40.0, avg 40.0, p50 40.0, p99 40.0, max 40.0 ms, 1 pings',
      'min 0.250, avg 0.250, p50 0.250, p99 0.250, max 0.250 ms, 1 pings',
      '',
    ]);
  });
});

describe('bigkeys', () => {
  const server = new FakeClient().fill({
    'a:1': 'x'.repeat(5),
    'a:22': 'x'.repeat(2000),
    'a:3': '',
    'b:\x00': 'x'.repeat(300),
  });

  it('reports totals, the largest, and how sizes are spread, without reading a value', async () => {
    server.pageItems = 2;
    const { out, exitCode } = await runWith(server, ['bigkeys', '--top', '2', '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toEqual({
      keys: 4,
      keyBytes: 13,
      valueBytes: 2305,
      largestValues: [
        { key: 'a:22', keyBytes: 4, valueBytes: 2000 },
        { key: 'b:\x00', keyBytes: 3, valueBytes: 300 },
      ],
      longestKeys: [
        { key: 'a:22', keyBytes: 4, valueBytes: 2000 },
        { key: 'a:1', keyBytes: 3, valueBytes: 5 },
      ],
      histogram: [
        { below: 1, count: 1, bytes: 0 },
        { below: 16, count: 1, bytes: 5 },
        { below: 64, count: 0, bytes: 0 },
        { below: 256, count: 0, bytes: 0 },
        { below: 1024, count: 1, bytes: 300 },
        { below: 4096, count: 1, bytes: 2000 },
      ],
    });
    expect(server.ranges.every(({ keysOnly }) => keysOnly)).toBe(true);
  });

  it('is for people otherwise, and within a prefix if one is given', async () => {
    const { out } = await runWith(server, ['bigkeys', '--prefix', 'b:']);
    expect(out).toContain('  keys             1\n');
    expect(out).toMatch(/\n {2}b:\\x00 +3 +300\n/);
    expect(out).toMatch(/\n {2}below 1\.0 KiB +1 +100\.0 % +300 B +100\.0 %\n/);
    expect((await runWith(new FakeClient(), ['bigkeys'])).out).toMatch(/^Keys and values\n.* 0\n/);
  });

  it('Ctrl-C ends it with what was seen', async () => {
    const controller = new AbortController();
    const io = fakeIo();
    server.pageItems = 2;
    const ended = runCaskctl(
      ['bigkeys', '--rate', '1', '--json'],
      io,
      () => Promise.resolve(server),
      () => controller.signal,
    );
    // the first page is ahead of the rate by far
    const seen = server.ranges.length;
    await vi.waitFor(() => expect(server.ranges.length).toBe(seen + 1));
    controller.abort();
    expect(await ended).toBe(130);
    expect(JSON.parse(io.stdout.text)).toMatchObject({ keys: 2 });
    expect(io.stderr.text).toBe('INTERRUPTED: only 2 keys were seen\n');
  });

  it('says so when the server is too old for it', async () => {
    const old = new FakeClient().fill({ a: '1' });
    old.tellsSizes = false;
    const { exitCode, err } = await runWith(old, ['bigkeys']);
    expect([exitCode, err.startsWith('UNSUPPORTED: ')]).toEqual([1, true]);
  });
});
