/** The server under TLS: who gets in, who is told why not, and certificates that change. */

import { once } from 'node:events';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connect } from '../../../src/client/index.ts';
import { type CaskServer, listen, TlsIdentity } from '../../../src/server/index.ts';
import { CertificateFiles, clientTls } from '../security/certificates.ts';
import { MemoryStore } from './memory-store.ts';
import { HELLO, PREAMBLE, request } from './wire-client.ts';

let files: CertificateFiles;
let identity: TlsIdentity;
let server: CaskServer;
let events: { level: string; event: string; facts: Readonly<Record<string, unknown>> }[];

beforeEach(async () => {
  events = [];
  files = await CertificateFiles.create();
  await serve();
});

afterEach(async () => {
  await stop();
  await files.remove();
});

async function serve(limits = {}): Promise<void> {
  const { cert, key } = files;
  const log = (level: string, event: string, facts: Readonly<Record<string, unknown>> = {}) =>
    void events.push({ level, event, facts });
  identity = await TlsIdentity.open({ files: { cert, key }, log, lookIntervalMs: 1_000_000 });
  server = await listen({
    store: new MemoryStore(),
    host: '127.0.0.1',
    port: 0,
    identity: { version: '1', serverId: 'x' },
    tls: identity,
    limits,
    log,
  });
}

async function stop(): Promise<void> {
  await server.close();
  identity.close();
}

function url(scheme = 'casks'): string {
  return `${scheme}://127.0.0.1:${server.address.port}`;
}

async function subjectServed(): Promise<string> {
  const socket = await secureSocket();
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

async function secureSocket(options = {}): Promise<TLSSocket> {
  const { port } = server.address;
  const socket = connectTls({ port, host: '127.0.0.1', ...clientTls(), ...options });
  await once(socket, 'secureConnect');
  return socket;
}

describe('a client', () => {
  test('that trusts the certificate works as ever', async () => {
    await using db = await connect({ url: url(), tls: clientTls() });
    expect(db.serverInfo).toMatchObject({ tls: true, auth: false });
    const value = Buffer.alloc(1_000_000, 'v');
    await Promise.all(Array.from({ length: 20 }, (_, key) => db.put(`k${key}`, value)));
    expect(await db.get('k7')).toEqual(value);
    expect((await db.rangePage({ limit: 1 })).entries[0]?.value).toEqual(value);
  });

  test('may give the option tls instead of casks://', async () => {
    await using db = await connect({ url: url('cask'), tls: clientTls() });
    expect(db.serverInfo?.tls).toBe(true);
  });

  test('that does not trust the certificate says what to do, and sends nothing', async () => {
    await expect(connect({ url: url() })).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringContaining('--tls-ca'),
    });
    expect(server.stats().bytesIn).toBe(0);
  });

  test('does not take a certificate for another name, and sends nothing', async () => {
    await files.put('elsewhere');
    await identity.reload();
    const attempt = connect({ url: url(), tls: clientTls() });
    await expect(attempt).rejects.toThrow(/the certificate is for another name/);
    expect(server.stats().bytesIn).toBe(0);
    const named = { ...clientTls(), servername: 'elsewhere.example' };
    await using db = await connect({ url: url(), tls: named });
    expect(db.status).toBe('ready');
  });

  test('does not take a certificate that has expired', async () => {
    await files.put('expired');
    await identity.reload();
    const attempt = connect({ url: url(), tls: clientTls() });
    await expect(attempt).rejects.toThrow(/has expired/);
  });
});

describe('a client that speaks something else', () => {
  test('without TLS is told that it is required, at once', async () => {
    await expect(connect({ url: url('cask') })).rejects.toMatchObject({
      code: 'TLS_REQUIRED',
      message: expect.stringContaining('casks://'),
    });
    expect(server.stats().tlsFailures).toBe(1);
  });

  test('of another protocol is told so too', async () => {
    const socket = connectPlain(server.address.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\n\r\n');
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString('latin1')).toContain('must be under TLS');
  });

  test('that goes without a word is let go', async () => {
    const socket = connectPlain(server.address.port, '127.0.0.1');
    socket.end();
    await once(socket.resume(), 'close');
    await server.close();
  });

  test('without TLS does not try again and again', async () => {
    const errors: string[] = [];
    const attempt = connect({ url: url('cask'), retryFirstConnect: true });
    await attempt.catch((error: { code: string }) => errors.push(error.code));
    expect(errors).toEqual(['TLS_REQUIRED']);
  });

  test('with TLS at a server without it is told so', async () => {
    const store = new MemoryStore();
    const who = { version: '1', serverId: 'x' };
    const plain = await listen({ store, host: '127.0.0.1', port: 0, identity: who });
    const { port } = plain.address;
    await expect(connect({ url: `casks://127.0.0.1:${port}` })).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringMatching(/: wrong version number; the server does not speak TLS there/),
    });
    expect(plain.stats().errors).toEqual({ BAD_MAGIC: 1 });
    await plain.close();
  });
});

describe('a client of version', () => {
  test.each(['TLSv1', 'TLSv1.1'] as const)('%s does not get in', async (version) => {
    const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
    await expect(secureSocket(old)).rejects.toThrow();
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('%s gets in', async (version) => {
    const socket = await secureSocket({ minVersion: version, maxVersion: version });
    expect(socket.getProtocol()).toBe(version);
    socket.destroy();
  });
});

describe('limits', () => {
  test('a handshake that does not end is ended', async () => {
    await stop();
    await serve({ handshakeTimeoutMs: 50, sweepIntervalMs: 5 });
    const socket = connectPlain(server.address.port, '127.0.0.1').on('error', () => {});
    await once(socket, 'close');
    expect(server.stats()).toMatchObject({ tlsFailures: 1, connectionsOpen: 0 });
  });

  test('handshakes that are underway are bounded in number', async () => {
    await stop();
    await serve({ maxConnections: 1 });
    const sockets = Array.from({ length: 80 }, () =>
      connectPlain(server.address.port, '127.0.0.1').on('error', () => {}),
    );
    // 65 may wait for their handshake: the limit, and those who would be told that it is reached
    let closed = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const socket of sockets) {
      socket.on('close', () => {
        closed += 1;
        if (closed === 80 - 65) resolve();
      });
    }
    await promise;
    expect(server.stats().connectionsRejected).toBe(80 - 65);
    for (const socket of sockets) socket.destroy();
  });

  test('closing does not wait for a handshake', async () => {
    const socket = connectPlain(server.address.port, '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    await new Promise((resolve) => setImmediate(resolve));
    await server.close();
    await once(socket, 'close');
  });
});

test('a client that does not read is closed, under TLS too', async () => {
  await stop();
  const limits = { outputSoftBytes: 256 * 1024, outputHardBytes: 1024 * 1024 };
  await serve({ ...limits, outputTimeoutMs: 100, sweepIntervalMs: 5, lingerMs: 100 });
  const socket = await secureSocket();
  socket.on('error', () => {});
  socket.pause();
  socket.write(Buffer.concat([PREAMBLE, HELLO, request(2, 5, 'k', Buffer.alloc(100_000))]));
  for (let id = 3; id < 1000; id++) socket.write(request(id, 3, 'k'));
  await vi.waitFor(() => expect(server.stats().slowConsumers).toBe(1), { timeout: 20_000 });
  socket.destroy();
});

describe('a half-closed connection', () => {
  test('still gets its answers', async () => {
    const socket = await secureSocket({ allowHalfOpen: true });
    socket.end(Buffer.concat([PREAMBLE, HELLO]));
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString('latin1')).toContain('caskd');
  });
});

describe('certificates that change', () => {
  test('are taken for new connections, and open ones go on', async () => {
    await using db = await connect({ url: url(), tls: clientTls() });
    expect(await subjectServed()).toBe('localhost');
    await files.put('server-2');
    await identity.reload();
    expect(await subjectServed()).toBe('localhost-2');
    await db.put('k', 'v');
    expect(events.filter(({ event }) => event === 'certificate-loaded')).toHaveLength(2);
  });

  test.each<[string, () => Promise<void>]>([
    ['whose key is another', () => files.putKey('server-2')],
    ['whose key is gone', () => rm(files.key)],
    ['whose key everyone can read', () => chmod(files.key, 0o644)],
    ['that are damaged', () => writeFile(files.cert, '-----BEGIN CERTIFICATE-----\nAAAA\n')],
    ['that are empty', () => writeFile(files.cert, '')],
  ])('%s are not taken: those before stay, and the log says so', async (_, spoil) => {
    await spoil();
    await identity.reload();
    expect(await subjectServed()).toBe('localhost');
    expect(events.at(-1)).toMatchObject({ level: 'error', event: 'certificate-not-loaded' });
    expect(events.filter(({ event }) => event === 'certificate-loaded')).toHaveLength(1);
  });

  test('are noticed without being told', async () => {
    await stop();
    const { cert, key } = files;
    let loaded = 0;
    // a look may fall between the two files: then they are not taken, and the next look is right
    const log = (_: string, event: string) => {
      if (event === 'certificate-loaded') loaded += 1;
    };
    identity = await TlsIdentity.open({ files: { cert, key }, log, lookIntervalMs: 2 });
    await files.put('server-2');
    while (loaded < 2) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(loaded).toBe(2);
  });

  test('that end soon, or have ended, are warned of', async () => {
    expect(events.map(({ event }) => event)).not.toContain('certificate-expires');
    await files.put('expired');
    await identity.reload();
    expect(events.at(-1)).toMatchObject({ level: 'warn', event: 'certificate-expires' });
    expect(events.at(-1)?.facts['daysLeft']).toBeLessThan(0);
  });
});

describe('at the start', () => {
  test.each<[string, () => Promise<void>, RegExp]>([
    ['a key of another certificate', () => files.putKey('server-2'), /key values mismatch/],
    ['a key that everyone can read', () => chmod(files.key, 0o644), /chmod 600/],
    ['no key', () => rm(files.key), /key\.pem.*ENOENT/],
    ['no certificate', () => rm(files.cert), /cert\.pem.*ENOENT/],
  ])('%s is refused, with the place of it', async (_, spoil, why) => {
    await spoil();
    const opening = TlsIdentity.open({ files, log: () => {} });
    await expect(opening).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(opening).rejects.toThrow(why);
  });
});
