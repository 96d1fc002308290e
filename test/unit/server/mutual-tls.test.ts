/** Mutual TLS: clients show a certificate, and the name in it is the user. */

import { request as requestTls } from 'node:https';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connect } from '../../../src/client/index.ts';
import { Authenticator, UserDirectory } from '../../../src/security/index.ts';
import { type CaskServer, listen, TlsIdentity } from '../../../src/server/index.ts';
import { openFixture } from '../http/http-fixture.ts';
import { CertificateFiles, clientTls, pemOf } from '../security/certificates.ts';
import { UsersOnDisk } from '../security/users-on-disk.ts';
import { MemoryStore } from './memory-store.ts';

let files: CertificateFiles;
let tls: TlsIdentity;
let disk: UsersOnDisk;
let users: UserDirectory;
let authenticator: Authenticator;
let server: CaskServer;

const log = () => {};

beforeAll(async () => {
  files = await CertificateFiles.create();
  const { cert, key, clientCa } = files;
  tls = await TlsIdentity.open({ files: { cert, key, clientCa }, log });
});

afterAll(async () => {
  tls.close();
  await files.remove();
});

beforeEach(async () => {
  // ada has no password at all
  disk = await UsersOnDisk.create(['ada', 'write'], ['root', 'admin', 'toortoor']);
  users = await UserDirectory.open({ path: disk.path, log, lookIntervalMs: 1_000_000 });
  authenticator = new Authenticator({ users, log, delay: async () => {} });
  server = await listen({
    store: new MemoryStore(),
    host: '127.0.0.1',
    port: 0,
    identity: { version: '1', serverId: 'x' },
    tls,
    authenticator,
    limits: { sweepIntervalMs: 5 },
  });
});

afterEach(async () => {
  await server.close();
  users.close();
  await disk.remove();
});

function as(certificate: string | undefined, more: { user?: string; password?: string } = {}) {
  const url = `casks://127.0.0.1:${server.address.port}`;
  return connect({ url, tls: clientTls(certificate), ...more });
}

describe('a certificate', () => {
  test('that names a user is enough, and gives its role and no more', async () => {
    await using db = await as('client-ada');
    expect(db.serverInfo).toMatchObject({ auth: false, tls: true });
    await db.put('k', 'v');
    await expect(db.merge()).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('that names no user leaves it to user and password', async () => {
    await expect(as('client-eve')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await using db = await as('client-eve', { user: 'root', password: 'toortoor' });
    await db.merge();
  });

  test('does not stand against user and password that were given', async () => {
    await using db = await as('client-ada', { user: 'root', password: 'toortoor' });
    await db.merge();
    const wrong = as('client-ada', { user: 'root', password: 'x' });
    await expect(wrong).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('that is missing ends the connection, and the client says what to do', async () => {
    const attempt = as(undefined, { user: 'root', password: 'toortoor' });
    await expect(attempt).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringContaining('--tls-cert'),
    });
    expect(server.stats().bytesIn).toBe(0);
  });

  test('that somebody else has signed is of no use, whatever it names', async () => {
    await expect(as('client-stranger')).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
    expect(server.stats().bytesIn).toBe(0);
  });

  test('is of no use without its key', async () => {
    const url = `casks://127.0.0.1:${server.address.port}`;
    const tlsOptions = { ...clientTls('client-ada'), key: pemOf('client-eve.key') };
    const attempt = connect({ url, tls: tlsOptions });
    await expect(attempt).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });

  test('of a user that was removed is of no use any more', async () => {
    const db = await as('client-ada');
    const ended = new Promise((resolve) => db.once('end', () => resolve(undefined)));
    await disk.write(['root', 'admin', 'toortoor']);
    await users.reload();
    await ended;
    await expect(as('client-ada')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

test('over HTTPS a certificate names the user, too', async () => {
  await using fixture = await openFixture({ security: { authenticator, tls } });
  fixture.http.serving({ store: fixture.store, server: fixture.server });
  const statusFor = (certificate: string) =>
    new Promise((resolve, reject) => {
      const options = { ...clientTls(certificate), agent: false };
      const asked = requestTls(`${fixture.url}/v1/stats`, options, (response) => {
        resolve(response.resume().statusCode);
      });
      asked.on('error', reject).end();
    });
  expect(await statusFor('client-ada')).toBe(200);
  expect(await statusFor('client-eve')).toBe(401);
  await expect(statusFor('client-stranger')).rejects.toThrow();
});
