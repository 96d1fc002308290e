/** The listener itself: its limits, bytes that are no HTTP, errors of routes, its end. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { CaskError } from '../../../src/errors/cask-error.ts';
import { BrowserSessions } from '../../../src/http/access/browser-sessions.ts';
import { createHttpApp } from '../../../src/http/http-app.ts';
import { HttpCounters } from '../../../src/http/http-counters.ts';
import { HTTP_DEFAULTS, HTTP_LIMITS } from '../../../src/http/http-limits.ts';
import { Flights } from '../../../src/http/in-flight.ts';
import type { Served } from '../../../src/http/index.ts';
import { type HttpFixture, openFixture } from './http-fixture.ts';

const fixtures: HttpFixture[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const fixture of fixtures.splice(0)) await fixture[Symbol.asyncDispose]();
});

async function open(options: { maxConnections?: number } = {}): Promise<HttpFixture> {
  const fixture = await openFixture(options);
  fixtures.push(fixture);
  return fixture;
}

/** A connection, and all that comes over it until it ends. */
async function dial({ http }: HttpFixture): Promise<{ socket: Socket; text: () => string }> {
  const socket = connect(http.address.port, '127.0.0.1');
  sockets.push(socket);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => {});
  await once(socket, 'connect');
  return { socket, text: () => Buffer.concat(chunks).toString() };
}

/** Also when it was reset, which `once` would report. */
function closed(socket: Socket): Promise<void> {
  if (socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => socket.on('close', () => resolve()));
}

async function sayRaw(fixture: HttpFixture, bytes: string): Promise<string> {
  const { socket, text } = await dial(fixture);
  socket.write(bytes);
  await closed(socket);
  return text();
}

test.each([
  ['bytes of another protocol', 'CASK\0\x01\0\0\0\0\0\0\r\n\r\n', 400, 'BAD_REQUEST'],
  [
    'headers that are too long',
    `GET /healthz HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(HTTP_LIMITS.maxHeaderBytes)}\r\n\r\n`,
    431,
    'LIMIT_EXCEEDED',
  ],
])('%s get a problem, and the connection closes', async (_, bytes, status, code) => {
  const answer = await sayRaw(await open(), bytes);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  const [, body = ''] = answer.split('\r\n\r\n');
  expect(JSON.parse(body)).toMatchObject({ status, code });
});

test('a connection too many is closed at once, and counted', async () => {
  const fixture = await open({ maxConnections: 2 });
  await dial(fixture);
  await dial(fixture);
  await vi.waitFor(() => expect(fixture.http.counters.connectionsOpen).toBe(2));
  const { socket } = await dial(fixture);
  await closed(socket);
  const { counters } = fixture.http;
  expect(counters).toMatchObject({ connectionsOpen: 2, connectionsRejected: 1 });
});

function appWith(thrown: Error) {
  const events: string[] = [];
  const errors: string[] = [];
  const log = (_level: string, event: string) => events.push(event);
  const access = { authenticator: undefined, sessions: new BrowserSessions(), isTls: false };
  const context = { settings: HTTP_DEFAULTS, counters: new HttpCounters(), access };
  const countError = ({ code }: CaskError) => errors.push(code);
  const limits = { maxBatchItems: 10 };
  const served = { server: { countError, limits } } as unknown as Served;
  const all = { ...context, served, front: undefined };
  const app = createHttpApp(all, new Flights(all), undefined, log);
  const config = { role: 'anyone' } as const;
  app.get('/broken', { config }, () => {
    throw thrown;
  });
  app.post('/body', { config }, () => ({}));
  return { app, events, errors };
}

test('an error of ours becomes its status, with details', async () => {
  const details = { revision: 7 };
  const { app, events, errors } = appWith(
    new CaskError('CONFLICT', 'not that revision', { details }),
  );
  const response = await app.inject('/broken');
  expect(response.statusCode).toBe(409);
  expect(response.json()).toEqual({
    type: 'urn:caskd:error:CONFLICT',
    title: 'Conflict',
    status: 409,
    detail: 'not that revision',
    code: 'CONFLICT',
    retryable: false,
    details,
  });
  expect([events, errors]).toEqual([[], ['CONFLICT']]);
});

test('what nobody expected is INTERNAL, and logged', async () => {
  const { app, events } = appWith(new TypeError('a bug'));
  const response = await app.inject('/broken');
  expect(response.statusCode).toBe(500);
  expect(response.json()).toMatchObject({ code: 'INTERNAL', detail: 'unexpected: a bug' });
  expect(events).toEqual(['http-request-failed']);
});

test.each([
  [
    'too large',
    'x'.repeat(HTTP_LIMITS.maxPlainBodyBytes + 1),
    'application/json',
    413,
    'LIMIT_EXCEEDED',
  ],
  ['not JSON', '{', 'application/json', 400, 'BAD_REQUEST'],
  ['of an unknown type', 'x', 'application/x-nothing', 415, 'BAD_REQUEST'],
])('a body %s is a problem', async (_, payload, type, status, code) => {
  const { app } = appWith(new Error('not reached'));
  const headers = { 'content-type': type };
  const response = await app.inject({ method: 'POST', url: '/body', payload, headers });
  expect(response.statusCode).toBe(status);
  expect(response.json()).toMatchObject({ code, status });
});

test('closing answers what was asked, and lets idle connections go', async () => {
  const fixture = await open();
  const idle = await dial(fixture);
  const gone = closed(idle.socket);
  await fetch(`${fixture.url}/healthz`);
  await fixture.http.close(10_000);
  await gone;
  await expect(fetch(`${fixture.url}/healthz`)).rejects.toThrow();
});

test('closing does not wait longer than its grace for a request that never ends', async () => {
  const fixture = await open();
  const { socket } = await dial(fixture);
  const gone = closed(socket);
  socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n');
  await vi.waitFor(() => expect(fixture.http.counters.connectionsOpen).toBe(1));
  await fixture.http.close(50);
  await gone;
});
