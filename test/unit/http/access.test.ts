/** Who may ask for what over HTTP, and HTTPS. */

import { request as requestTls } from 'node:https';
import { fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrowserSessions } from '../../../src/http/access/browser-sessions.ts';
import { guardRoutes } from '../../../src/http/access/guard.ts';
import type { HttpApp } from '../../../src/http/http-app.ts';
import { Authenticator, UserDirectory } from '../../../src/security/index.ts';
import { TlsIdentity } from '../../../src/server/index.ts';
import { CertificateFiles, clientTls } from '../security/certificates.ts';
import { UsersOnDisk } from '../security/users-on-disk.ts';
import { type HttpFixture, openFixture } from './http-fixture.ts';

const OPEN = ['/healthz', '/readyz'];
const GUARDED = ['/metrics', '/v1/stats'];

let disk: UsersOnDisk;
let users: UserDirectory;
let authenticator: Authenticator;
let fixture: HttpFixture;
let nowMs = 0;

beforeAll(async () => {
  disk = await UsersOnDisk.create(['ada', 'read', 'löve:lace'], ['bob', 'write', 'builder']);
  const log = () => {};
  users = await UserDirectory.open({ path: disk.path, log, lookIntervalMs: 1_000_000 });
  authenticator = new Authenticator({ users, log, nowMs: () => nowMs, delay: async () => {} });
  fixture = await openFixture({ security: { authenticator, tls: undefined } });
  fixture.http.serving({ store: fixture.store, server: fixture.server });
});

afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  users.close();
  await disk.remove();
});

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function get(path: string, authorization?: string, method = 'GET'): Promise<Response> {
  const headers = authorization === undefined ? {} : { authorization };
  return fetch(fixture.url + path, { headers, method });
}

test.each(OPEN)('%s asks nobody', async (path) => {
  expect((await get(path)).status).toBe(200);
});

describe.each(GUARDED)('%s', (path) => {
  test.each([
    ['nothing', undefined],
    ['another scheme', 'Bearer abc'],
    ['no base64', 'Basic ???'],
    ['no colon', `Basic ${Buffer.from('ada').toString('base64')}`],
    ['a wrong password', basic('ada', 'x')],
    ['a user that there is not', basic('eve', 'löve:lace')],
  ])('with %s is 401 and asks for Basic', async (_, authorization) => {
    for (const method of ['GET', 'HEAD']) {
      const response = await get(path, authorization, method);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toMatch(/^Basic /);
    }
  });

  test('with user and password is served', async () => {
    for (const authorization of [basic('ada', 'löve:lace'), basic('bob', 'builder')]) {
      expect((await get(path, authorization)).status).toBe(200);
    }
  });
});

test('guessing is locked as on the wire protocol', async () => {
  for (let time = 0; time < 4; time++) await get('/metrics', basic('mallory', 'x'));
  nowMs += 1000;
  await get('/metrics', basic('mallory', 'x'));
  const locked = await get('/metrics', basic('mallory', 'y'));
  expect(locked.status).toBe(429);
  expect(locked.headers.get('retry-after')).toBe('2');
  expect(await locked.json()).toMatchObject({
    code: 'AUTH_LOCKED',
    details: { retryAfterMs: 2000 },
  });
});

test('a role that is not enough is 403, and the route is not run', async () => {
  const app = fastify() as unknown as HttpApp;
  guardRoutes(app, { authenticator, sessions: new BrowserSessions(), isTls: false });
  let runs = 0;
  app.get('/secret', { config: { role: 'admin' } }, () => {
    runs += 1;
    return {};
  });
  app.setErrorHandler((error, _, reply) => reply.code(403).send({ ...(error as Error) }));
  const headers = { authorization: basic('bob', 'builder') };
  const response = await app.inject({ url: '/secret', headers });
  expect([response.statusCode, runs]).toEqual([403, 0]);
  expect(response.json()).toMatchObject({
    code: 'FORBIDDEN',
    details: { operation: 'GET /secret', role: 'admin' },
  });
  await app.close();
});

test('a route that does not say who may is not taken', async () => {
  const app = fastify() as unknown as HttpApp;
  guardRoutes(app, {
    authenticator: undefined,
    sessions: new BrowserSessions(),
    isTls: false,
  });
  expect(() => app.get('/open', () => ({}))).toThrow(/does not say who may/);
  await app.close();
});

describe('HTTPS', () => {
  test('has the certificate of the daemon, and takes a new one', async () => {
    const files = await CertificateFiles.create();
    const { cert, key } = files;
    const options = { files: { cert, key }, log: () => {}, lookIntervalMs: 1_000_000 };
    const tls = await TlsIdentity.open(options);
    await using secure = await openFixture({ security: { authenticator: undefined, tls } });
    expect(await subjectAt(`${secure.url}/healthz`)).toEqual([200, 'localhost']);
    await files.put('server-2');
    await tls.reload();
    expect(await subjectAt(`${secure.url}/healthz`)).toEqual([200, 'localhost-2']);
    await expect(fetch(secure.url.replace('https', 'http'))).rejects.toThrow();
    tls.close();
    await files.remove();
  });
});

/** Status, and the subject of the certificate. */
function subjectAt(url: string): Promise<[number | undefined, string]> {
  return new Promise((resolve, reject) => {
    const asked = requestTls(url, { ...clientTls(), agent: false }, (response) => {
      const { socket } = response as unknown as { socket: import('node:tls').TLSSocket };
      resolve([response.statusCode, String(socket.getPeerCertificate().subject.CN)]);
      response.resume();
    });
    asked.on('error', reject).end();
  });
}
