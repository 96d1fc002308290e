/** Requests under way: how many, how long, how large, and what becomes of them at the end. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterEach, expect, test, vi } from 'vitest';
import type { HttpSettings } from '../../../src/http/index.ts';
import { type HttpFixture, openFixture } from './http-fixture.ts';

const fixtures: HttpFixture[] = [];

afterEach(async () => {
  for (const fixture of fixtures.splice(0)) await fixture[Symbol.asyncDispose]();
});

async function open(settings: Partial<HttpSettings> = {}): Promise<HttpFixture> {
  const fixture = await openFixture(settings);
  fixtures.push(fixture);
  fixture.http.serving({ store: fixture.store, server: fixture.server });
  return fixture;
}

function put(fixture: HttpFixture, key: string, body = 'v'): Promise<Response> {
  const headers = { 'content-type': 'text/plain' };
  return fetch(`${fixture.url}/v1/kv/${key}`, { method: 'PUT', headers, body });
}

async function held(fixture: HttpFixture, requests: number): Promise<void> {
  await vi.waitFor(() => expect(fixture.store.held).toHaveLength(requests));
}

test('one too many is told to come again; probes are not', async () => {
  const fixture = await open({ maxInFlight: 2 });
  fixture.store.holding = true;
  const waiting = [put(fixture, 'a'), put(fixture, 'b')];
  await held(fixture, 2);
  const refused = await put(fixture, 'c');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await refused.json()).toMatchObject({
    code: 'BUSY',
    details: { limitName: 'httpMaxInFlight', limit: 2 },
  });
  expect((await fetch(`${fixture.url}/healthz`)).status).toBe(200);
  expect(fixture.server.load.timesReached('httpMaxInFlight')).toBe(1);
  fixture.store.release();
  for (const response of await Promise.all(waiting)) expect(response.status).toBe(201);
  await vi.waitFor(async () => expect((await put(fixture, 'c')).status).toBe(201));
});

test('a read that is too late is 504; of a write nobody knows', async () => {
  const fixture = await open({ timeoutMs: 100 });
  fixture.store.holding = true;
  const read = await fetch(`${fixture.url}/v1/kv/a`);
  expect([read.status, await read.json()]).toMatchObject([
    504,
    { code: 'TIMEOUT', retryable: true },
  ]);
  const written = await put(fixture, 'a');
  expect([written.status, await written.json()]).toMatchObject([
    504,
    { code: 'OUTCOME_UNKNOWN', retryable: false },
  ]);
  // the answers that come after all go nowhere
  fixture.store.release();
  expect((await fetch(`${fixture.url}/v1/kv/a`)).status).toBe(200);
});

test('a body that does not come to its end is given up', async () => {
  const fixture = await open({ timeoutMs: 200 });
  const socket = connect(fixture.http.address.port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write('PUT /v1/kv/a HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhalf');
  await once(socket, 'close');
  expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1.1 408 /);
  expect(fixture.store.entries.size).toBe(0);
});

test('a connection without a request is closed', async () => {
  const fixture = await open({ idleTimeoutMs: 100 });
  const socket = connect(fixture.http.address.port, '127.0.0.1');
  socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
  socket.resume();
  await once(socket, 'close');
});

test('a body above the limit is 413, whether its length is told or not', async () => {
  const fixture = await open({ maxBodyBytes: 100_000 });
  expect((await put(fixture, 'a', 'x'.repeat(100_000))).status).toBe(201);
  const told = await put(fixture, 'b', 'x'.repeat(100_001));
  expect([told.status, await told.json()]).toMatchObject([413, { code: 'LIMIT_EXCEEDED' }]);
  const body = new ReadableStream({
    start(controller) {
      for (let part = 0; part < 11; part++) controller.enqueue(Buffer.alloc(10_000));
      controller.close();
    },
  });
  const init = { method: 'PUT', body, duplex: 'half' } as RequestInit;
  expect((await fetch(`${fixture.url}/v1/kv/c`, init)).status).toBe(413);
  expect([...fixture.store.entries.keys()]).toEqual(['a']);
});

test('bodies share the memory for requests with the wire protocol', async () => {
  const fixture = await open();
  const { load, limits } = fixture.server;
  fixture.store.holding = true;
  const waiting = put(fixture, 'a', 'x'.repeat(100_000));
  await held(fixture, 1);
  expect(load.requestBytes.current).toBe(100_000);
  load.requestBytes.add(limits.maxRequestBytes - 150_000);
  const refused = await put(fixture, 'b', 'x'.repeat(100_000));
  expect(await refused.json()).toMatchObject({
    code: 'BUSY',
    details: { limitName: 'maxRequestBytes' },
  });
  fixture.store.release();
  await waiting;
  await vi.waitFor(() => {
    expect(load.requestBytes.current).toBe(limits.maxRequestBytes - 150_000);
  });
});

test('what is under way when the server stops is answered; more is refused', async () => {
  const fixture = await open();
  fixture.store.holding = true;
  const waiting = put(fixture, 'a');
  await held(fixture, 1);
  const drained = fixture.http.drain(60_000);
  const refused = await put(fixture, 'b');
  expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'SHUTTING_DOWN' }]);
  fixture.store.release();
  expect((await waiting).status).toBe(201);
  await drained;
});

test('requests count as operations, and slow ones stand in the slow log', async () => {
  const fixture = await open();
  fixture.server.reconfigure({ slowLogMs: 0 });
  await put(fixture, 'a');
  await fetch(`${fixture.url}/v1/kv/a`);
  await vi.waitFor(() => {
    const { requests, latency } = fixture.server.stats();
    expect(requests).toMatchObject({ PUT: 1, GET: 1 });
    expect(latency).toMatchObject({ PUT: { count: 1 }, GET: { count: 1 } });
  });
  const [newest] = fixture.server.slowLog.newest(1);
  expect(newest).toMatchObject({ operation: 'GET', client: 'http', clientId: 0 });
});

test.each([
  ['gzip', gunzipSync],
  ['zstd', zstdDecompressSync],
] as const)(
  'long answers leave in %s for who takes it, short ones as they are',
  async (name, undo) => {
    const fixture = await open();
    const values = {
      short: 'x'.repeat(100),
      long: 'y'.repeat(20_000),
      longer: 'z'.repeat(200_000),
    };
    for (const [key, value] of Object.entries(values)) fixture.store.put(key, Buffer.from(value));
    for (const [key, value] of Object.entries(values)) {
      const [coding, bytes] = await rawGet(fixture, `/v1/kv/${key}`, name);
      expect(coding).toBe(key === 'short' ? undefined : name);
      expect((key === 'short' ? bytes : undo(bytes)).toString()).toBe(value);
    }
    const [coding, bytes] = await rawGet(fixture, '/v1/kv', name, 'application/x-ndjson');
    expect(coding).toBe(name);
    expect(undo(bytes).toString().split('\n')).toHaveLength(4);
  },
);

/** Without the decoding that fetch does. */
async function rawGet(
  fixture: HttpFixture,
  path: string,
  encoding: string,
  accept = '*/*',
): Promise<[string | undefined, Buffer]> {
  const { get } = await import('node:http');
  return new Promise((resolve, reject) => {
    const headers = { 'accept-encoding': encoding, accept };
    get(fixture.url + path, { headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () =>
        resolve([response.headers['content-encoding'], Buffer.concat(chunks)]),
      );
    }).on('error', reject);
  });
}
