/** Which pages may use the listener: names in Host, origins, preflights. */

import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HttpFixture, openFixture } from './http-fixture.ts';

let fixture: HttpFixture;

beforeAll(async () => {
  fixture = await openFixture({
    allowedHosts: ['db.example'],
    corsOrigins: ['https://console.example'],
  });
});

afterAll(() => fixture[Symbol.asyncDispose]());

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Not by fetch, which has its own mind about Host and Origin. */
function ask(path: string, headers: Record<string, string>, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(fixture.url + path, { method, headers, agent: false }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, headers: response.headers });
    });
    asked.on('error', reject).end();
  });
}

test.each([
  ['127.0.0.1', 200],
  ['127.0.0.1:7118', 200],
  ['[::1]:7118', 200],
  ['localhost:1', 200],
  ['LOCALHOST', 200],
  ['app.localhost', 200],
  ['db.example:7118', 200],
  ['evil.example', 421],
  ['localhost.evil.example', 421],
  ['127.0.0.1.evil.example:7118', 421],
  ['db.example.evil.example', 421],
])('W3 a name made to point here: Host: %s is %i', async (host, status) => {
  expect((await ask('/healthz', { host })).status).toBe(status);
});

test('W1 a page of another origin changes nothing', async () => {
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]) {
    expect((await ask('/v1/session', headers as never, 'DELETE')).status).toBe(403);
  }
  const own = { origin: fixture.url, 'sec-fetch-site': 'same-origin' };
  expect((await ask('/v1/session', own, 'DELETE')).status).toBe(204);
});

test('W2 nor is it told that it may read', async () => {
  const { status, headers } = await ask('/readyz', { origin: 'https://evil.example' });
  expect([status, headers['access-control-allow-origin']]).toEqual([200, undefined]);
});

test('one that is configured may', async () => {
  const origin = 'https://console.example';
  const asked = { origin, 'access-control-request-method': 'DELETE' };
  const preflight = await ask('/v1/session', asked, 'OPTIONS');
  expect(preflight.status).toBe(204);
  expect(preflight.headers).toMatchObject({
    'access-control-allow-origin': origin,
    'access-control-allow-methods': expect.stringContaining('DELETE'),
    'access-control-allow-headers': expect.stringContaining('if-match'),
    vary: 'origin',
  });
  const changed = await ask('/v1/session', { origin }, 'DELETE');
  expect(changed.status).toBe(204);
  expect(changed.headers['access-control-allow-origin']).toBe(origin);
});

test('the id of a request is kept where it is harmless, and made where there is none', async () => {
  const kept = await ask('/healthz', { 'x-request-id': 'trace-1/2' });
  expect(kept.headers['x-request-id']).toBe('trace-1/2');
  const first = await ask('/healthz', { 'x-request-id': 'a b' });
  const second = await ask('/healthz', {});
  expect(first.headers['x-request-id']).toMatch(/^[0-9a-f]{8}-\w+$/);
  expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
});
