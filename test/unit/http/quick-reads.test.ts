/** The plainest reads: which take the short way, and that both ways say the same. */

import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { BrowserSessions } from '../../../src/http/access/browser-sessions.ts';
import { KnownHosts } from '../../../src/http/access/origins.ts';
import type { HttpApp } from '../../../src/http/http-app.ts';
import { Flights } from '../../../src/http/in-flight.ts';
import { quickReads } from '../../../src/http/quick-reads.ts';
import { RequestIds } from '../../../src/http/request-ids.ts';
import { OP_GET } from '../../../src/protocol/op-codes.ts';
import { Account } from '../../../src/security/account.ts';
import type { Authenticator } from '../../../src/security/index.ts';
import { type HttpFixture, openFixture } from './http-fixture.ts';

const VALUES = {
  text: Buffer.from('Berlin'),
  json: Buffer.from('{"a":1}'),
  utf8: Buffer.from('Zürich'),
  bytes: Buffer.from([0, 255, 128]),
  empty: Buffer.alloc(0),
  'a b/c%': Buffer.from('odd key'),
  nearly: Buffer.alloc(1023, 'x'),
  kibibyte: Buffer.alloc(1024, 'x'),
  long: Buffer.alloc(16 * 1024, 'y'),
  longer: Buffer.alloc(16 * 1024 + 1, 'z'),
} as const;

let fixture: HttpFixture;
/** Answers what takes the short way, over the store of the fixture; says USUAL to the rest. */
let quick: Server;
let flights: Flights;
/** Those of `quick`. */
const sessions = new BrowserSessions();
/** `quick` asks who it is. */
let hasUsers = false;

const USUAL = 299;

beforeAll(async () => {
  fixture = await openFixture({ maxInFlight: 3 });
  fixture.http.serving({ store: fixture.store, server: fixture.server });
  for (const [key, value] of Object.entries(VALUES)) {
    fixture.store.put(Buffer.from(key).toString('latin1'), value);
  }
  quick = createServer((_request, response) => void response.writeHead(USUAL).end());
  flights = new Flights(fixture.http);
  // no certificate is known, and no password is looked at
  const authenticator = {} as Authenticator;
  const context = {
    ...{ settings: fixture.http.settings, counters: fixture.http.counters },
    get access() {
      return { authenticator: hasUsers ? authenticator : undefined, sessions, isTls: false };
    },
    get front() {
      return fixture.http.front;
    },
    served: fixture.http.served,
  };
  const parts = { flights, hosts: new KnownHosts({ allowedHosts: [] }), ids: new RequestIds() };
  quickReads({ server: quick } as HttpApp, context, parts);
  await once(quick.listen(0, '127.0.0.1'), 'listening');
});

afterAll(async () => {
  quick.close();
  await fixture[Symbol.asyncDispose]();
});

beforeEach(() => {
  hasUsers = false;
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: Record<string, unknown>;
  readonly body: Buffer;
}

async function ask(url: string, path: string, headers = {}, method = 'GET'): Promise<Answer> {
  const request = get(url + path, { headers, method, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const body = Buffer.concat(await response.toArray());
  const { date, ...rest } = response.headers;
  expect(date).toBeDefined();
  return { status: response.statusCode, headers: rest, body };
}

async function askQuick(path: string, headers = {}, method = 'GET'): Promise<Answer> {
  return ask(`http://127.0.0.1:${(quick.address() as AddressInfo).port}`, path, headers, method);
}

const ID = { 'x-request-id': 'mine' };

test.each(Object.keys(VALUES))(
  '%s: the same by the short way and by the usual one',
  async (key) => {
    const path = `/v1/kv/${encodeURIComponent(key)}`;
    // a query is not looked at, and takes the usual way
    const usual = await ask(fixture.url, `${path}?`, ID);
    expect(usual.body).toEqual(VALUES[key as keyof typeof VALUES]);
    for (const headers of [ID, { ...ID, accept: '*/*' }]) {
      expect(await ask(fixture.url, path, headers)).toEqual(usual);
      const short = await askQuick(path, headers);
      if (key === 'longer') expect(short.status).toBe(USUAL);
      else expect(short.body).toEqual(usual.body);
    }
  },
);

test('an entry that expires', async () => {
  const entry = fixture.store.put('brief', Buffer.from('v'));
  fixture.store.entries.set('brief', { ...entry, expiresAt: Date.now() + 60_000 });
  const usual = await ask(fixture.url, '/v1/kv/brief?', ID);
  expect(usual.headers['x-caskd-expires-at']).toMatch(/Z$/);
  expect((await askQuick('/v1/kv/brief', ID)).status).toBe(200);
  expect(await ask(fixture.url, '/v1/kv/brief', ID)).toEqual(usual);
});

const PLAIN = '/v1/kv/text';

test.each([
  ['a query', `${PLAIN}?a=b`, {}],
  ['no key', '/v1/kv/', {}],
  ['no such key', '/v1/kv/nowhere', {}],
  ['a key that is too long', `/v1/kv/${'k'.repeat(10_000)}`, {}],
  ['a broken escape', '/v1/kv/%zz', {}],
  ['another path', '/healthz', {}],
  ['an earlier path', `/kv-store${PLAIN}/`, {}],
  ['JSON', PLAIN, { accept: 'application/json' }],
  ['a browser', PLAIN, { accept: 'text/html,*/*;q=0.8' }],
  ['a password', PLAIN, { authorization: 'Basic YTpi' }],
  ['a page', PLAIN, { origin: 'http://127.0.0.1' }],
  ['a tag', PLAIN, { 'if-none-match': '"1"' }],
  ['a time', PLAIN, { 'if-modified-since': new Date().toUTCString() }],
  ['a name that is not ours', PLAIN, { host: 'evil.example' }],
  ['what may be compressed', '/v1/kv/kibibyte', { 'accept-encoding': 'gzip' }],
  ['a body', PLAIN, { 'content-length': '0' }],
])('%s takes the usual way', async (_, path, headers) => {
  expect((await askQuick(path, headers)).status).toBe(USUAL);
});

test('and other methods', async () => {
  for (const method of ['HEAD', 'DELETE', 'OPTIONS', 'POST']) {
    expect((await askQuick(PLAIN, {}, method)).status).toBe(USUAL);
  }
});

test('short ones are not compressed', async () => {
  const short = await askQuick('/v1/kv/nearly', { 'accept-encoding': 'gzip' });
  expect([short.status, short.headers['content-encoding']]).toEqual([200, undefined]);
  const headers = { ...ID, 'accept-encoding': 'gzip' };
  expect(await ask(fixture.url, '/v1/kv/nearly', headers)).toEqual(
    await ask(fixture.url, '/v1/kv/nearly?', headers),
  );
});

test('who may not is told so in the usual way, who may is answered', async () => {
  hasUsers = true;
  expect((await askQuick(PLAIN)).status).toBe(USUAL);
  const ada = new Account('ada', 'read');
  const headers = { cookie: `caskd_session=${sessions.open(ada).token}` };
  expect((await askQuick(PLAIN, headers)).status).toBe(200);
  ada.grant('read', [Buffer.from('te')]);
  expect((await askQuick(PLAIN, headers)).status).toBe(200);
  expect((await askQuick('/v1/kv/json', headers)).status).toBe(USUAL);
  ada.revoke();
  expect((await askQuick(PLAIN, headers)).status).toBe(USUAL);
});

test('it counts, as the usual way does', async () => {
  const { counters } = fixture.http;
  const requests = (): number =>
    counters.requests.find(({ route, status }) => route === '/v1/kv/:key' && status === 200)
      ?.requests ?? 0;
  const { slowLog } = fixture.server;
  const reads = (): number => fixture.server.counters.requests[OP_GET] ?? 0;
  const before = { requests: requests(), reads: reads() };
  await askQuick(PLAIN);
  expect([requests(), reads()]).toEqual([before.requests + 1, before.reads + 1]);
  await ask(fixture.url, `${PLAIN}?`);
  await vi.waitFor(() => {
    expect([requests(), reads()]).toEqual([before.requests + 2, before.reads + 2]);
  });
  fixture.server.reconfigure({ slowLogMs: 0 });
  await askQuick(PLAIN);
  expect(slowLog.newest(1)).toMatchObject([{ operation: 'GET', client: 'http' }]);
});

test('a value that has to be waited for is asked for once, and comes', async () => {
  fixture.store.holding = true;
  const answer = ask(fixture.url, PLAIN, ID);
  await vi.waitFor(() => expect(fixture.store.held).toHaveLength(1));
  fixture.store.release();
  expect((await answer).body).toEqual(VALUES.text);
  expect((await ask(fixture.url, PLAIN)).status).toBe(200);
});

test('a listener that is full or stops refuses it', async () => {
  await flights.drain(0);
  expect((await askQuick(PLAIN)).status).toBe(USUAL);
});
