/** Threats P of docs/security.md: somebody who sits between client and server. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connect } from '../../src/client/index.ts';
import { clientTls, pemOf } from '../unit/security/certificates.ts';
import { PREAMBLE, request, WireClient } from '../unit/server/wire-client.ts';
import { type SecuredServer, startSecured } from './secured-server.ts';

let secured: SecuredServer;

beforeEach(async () => {
  secured = await startSecured({ tls: true });
});

afterEach(() => secured[Symbol.asyncDispose]());

const admin = { user: 'admin', password: 'pw-admin' };

async function handshake(options: object): Promise<TLSSocket> {
  const socket = connectTls({ port: secured.port, host: '127.0.0.1', ...clientTls(), ...options });
  await once(socket, 'secureConnect');
  return socket;
}

/** An address where somebody else listens, who keeps what is said to him. */
async function stranger(listener: ReturnType<typeof createServer>, said: Buffer[]) {
  listener.on('error', () => {});
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { port: number };
  return { url: `casks://127.0.0.1:${port}`, said, close: () => listener.close() };
}

test.each(['TLSv1', 'TLSv1.1'])('P1 %s is refused', async (version) => {
  const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
  await expect(handshake(old)).rejects.toThrow();
});

test.each(['ECDHE-ECDSA-AES128-SHA256', 'AES128-GCM-SHA256', 'NULL-SHA256'])(
  'P1 the cipher %s is refused',
  async (cipher) => {
    const options = { maxVersion: 'TLSv1.2', ciphers: `${cipher}:@SECLEVEL=0` };
    await expect(handshake(options)).rejects.toThrow();
  },
);

test.each(['TLSv1.2', 'TLSv1.3'])('P1 %s is taken', async (version) => {
  const socket = await handshake({ minVersion: version, maxVersion: version });
  expect(socket.getProtocol()).toBe(version);
  expect(socket.getCipher().name).toMatch(/GCM|POLY1305/);
  socket.destroy();
});

test.each([
  ['somebody else has signed', 'client-stranger', {}],
  ['is for another host', 'elsewhere', clientTls()],
  ['has run out', 'expired', clientTls()],
])('P2 to a server whose certificate %s nothing is said', async (_, name, tls) => {
  const said: Buffer[] = [];
  const identity = { cert: pemOf(`${name}.pem`), key: pemOf(`${name}.key`) };
  const listener = createTlsServer(identity, (socket) => {
    socket.on('error', () => {}).on('data', (chunk: Buffer) => said.push(chunk));
  });
  const place = await stranger(listener, said);
  await expect(connect({ url: place.url, tls, ...admin })).rejects.toMatchObject({
    code: 'CONNECT_FAILED',
  });
  expect(said).toEqual([]);
  place.close();
});

test('P3 the port gives nothing away in the clear', async () => {
  const client = await WireClient.open(secured.port);
  client.send(PREAMBLE, request(1, 1, { auth: admin }), request(2, 8));
  const { body } = await client.next();
  expect(body.slice(0, 3)).toEqual([0, 123, 'TLS_REQUIRED']);
  await client.ended;
  expect(client.messages).toEqual([]);
  expect(secured.authenticator.stats()).toMatchObject({ succeeded: 0, failed: 0 });
});

test('P3 a client that was told casks:// never goes on in the clear', async () => {
  const said: Buffer[] = [];
  const listener = createServer((socket) => {
    socket
      .on('error', () => {})
      .on('data', (chunk: Buffer) => {
        said.push(chunk);
        // what a server in the clear says to a TLS hello
        socket.end(Buffer.concat([PREAMBLE, Buffer.from('no TLS here')]));
      });
  });
  const place = await stranger(listener, said);
  await expect(connect({ url: place.url, ...admin })).rejects.toMatchObject({
    code: 'CONNECT_FAILED',
  });
  expect(Buffer.concat(said).toString('latin1')).not.toContain(admin.password);
  expect(said[0]?.[0]).toBe(0x16);
  place.close();
});

test('P4 a certificate is renewed without a restart, and never by one that does not fit', async () => {
  const subject = async () => {
    const socket = await handshake({});
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return CN;
  };
  await using db = await connect({
    url: `casks://127.0.0.1:${secured.port}`,
    tls: clientTls(),
    ...admin,
  });
  await secured.certificates.put('server-2');
  await secured.tls?.reload();
  expect(await subject()).toBe('localhost-2');
  await secured.certificates.putKey('server');
  await secured.tls?.reload();
  expect(await subject()).toBe('localhost-2');
  expect(await db.count()).toBe(0);
});

test('P5 a certificate counts if tlsClientCa signed it, and not otherwise', async () => {
  await secured[Symbol.asyncDispose]();
  secured = await startSecured({ mutual: true });
  const url = `casks://127.0.0.1:${secured.port}`;
  await using db = await connect({ url, tls: clientTls('client-ada') });
  expect(await db.count()).toBe(0);
  for (const certificate of ['client-stranger', undefined]) {
    const attempt = connect({ url, tls: clientTls(certificate), ...admin });
    await expect(attempt).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
  }
});
