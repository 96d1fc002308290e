import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CaskClient,
  CaskError,
  type ClientEvents,
  type ConnectOptions,
  connect,
} from '../../../src/client/index.ts';
import { ASSUMED_LIMITS } from '../../../src/protocol/hello.ts';
import { OP_CANCEL, OP_GET, OP_PING, OP_PUT } from '../../../src/protocol/op-codes.ts';
import { OutputBuffer } from '../../../src/protocol/output-buffer.ts';
import { encodePreamble } from '../../../src/protocol/preamble.ts';
import { PUSH_DISCONNECT, PUSH_GOAWAY, PUSH_PING } from '../../../src/protocol/push-kinds.ts';
import { encodeErrorReply, encodePush } from '../../../src/protocol/reply-writer.ts';
import { type FakePeer, FakeServer } from './fake-server.ts';

const FAST = { baseMs: 5, maxMs: 20, jitterMs: 1 };

let server: FakeServer;
let clients: CaskClient[];

async function open(options: ConnectOptions = {}): Promise<CaskClient> {
  const db = await connect({ port: server.port, reconnect: FAST, ...options });
  clients.push(db);
  return db;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** The next event of a kind. Unlike `events.once` it has no opinion on `error`. */
function once(db: CaskClient, event: keyof ClientEvents): Promise<unknown[]> {
  return new Promise((resolve) => db.once(event, (...args: unknown[]) => resolve(args)));
}

/** Cuts the connection at the first request of this kind, once. */
function cutAt(op: number): void {
  let done = false;
  server.script = (request, peer) => {
    if (done || request.op !== op) return false;
    done = true;
    peer.socket.destroy();
    return true;
  };
}

const never = () => true;

beforeEach(async () => {
  server = await FakeServer.start();
  clients = [];
});

afterEach(async () => {
  for (const db of clients) db.destroy();
  await server.stop();
});

describe('connecting', () => {
  it('fails with host, port and advice when nobody listens', async () => {
    const { port } = server;
    await server.stop();
    const attempt = connect({ url: `cask://127.0.0.1:${port}` });
    await expect(attempt).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      retryable: true,
      details: { host: '127.0.0.1', port },
      message: expect.stringMatching(new RegExp(`127\\.0\\.0\\.1:${port}.*is caskd running`)),
    });
  });

  it('keeps trying if told to', async () => {
    await server.stop();
    const attempt = open({ retryFirstConnect: true });
    setTimeout(() => void server.listen(), 30);
    const db = await attempt;
    expect(db.status).toBe('ready');
  });

  it('gives up on a server that never greets', async () => {
    server.greet = () => {};
    await expect(open({ connectTimeoutMs: 50 })).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringContaining('no answer in 50 ms'),
    });
  });

  it.each([
    ['HTTP/1.1 400 Bad Request\r\n\r\n', 'BAD_MAGIC', /HTTP server/],
    ['CASK\0\x09\0\0\0\0\0\0', 'UNSUPPORTED_VERSION', /version 9/],
    ['CASK\0\x01\0\0\0\0\0\0\x7f\0\0\0\0', 'FRAME_TOO_LARGE', /no caskd of this version/],
    ['CASK\0\x01\0\0\0\0\0\0\0\0\0\x02\0\xc1', 'BAD_FRAME', /not an array/],
  ])('names a stranger: %j', async (greeting, code, message) => {
    server.greet = (peer: FakePeer) => void peer.socket.write(Buffer.from(greeting, 'latin1'));
    await expect(open()).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      cause: { code },
      message: expect.stringMatching(message),
    });
  });

  it('hands on why the server refuses', async () => {
    server.greet = ({ socket }: FakePeer) => {
      const out = new OutputBuffer();
      out.append(encodePreamble());
      encodeErrorReply(out, 0, new CaskError('TOO_MANY_CONNECTIONS', 'at most 5'));
      socket.end(out.take() ?? '');
    };
    await expect(open()).rejects.toMatchObject({ cause: { code: 'TOO_MANY_CONNECTIONS' } });
  });

  it.each([
    [{ url: 'casks://localhost', tls: false }, 'INVALID_OPTION'],
    [{ user: 'ada' }, 'INVALID_OPTION'],
    [{ url: 'redis://localhost' }, 'INVALID_OPTION'],
    [{ url: 'nonsense' }, 'INVALID_OPTION'],
    [{ url: 'cask://a', port: 1 }, 'INVALID_OPTION'],
    [{ port: 70_000 }, 'INVALID_OPTION'],
    [{ maxInFlight: 0 }, 'INVALID_OPTION'],
    [{ reconnect: { baseMs: -1 } }, 'INVALID_OPTION'],
  ] as [ConnectOptions, string][])('checks its options: %j', async (options, code) => {
    await expect(connect(options)).rejects.toMatchObject({ code });
  });
});

describe('a lost connection', () => {
  it('sends reads again', async () => {
    const db = await open();
    await db.put('a', '1');
    cutAt(OP_GET);
    expect(String(await db.get('a'))).toBe('1');
    expect(server.peers.length).toBe(2);
  });

  it('leaves the outcome of sent writes unknown, and sends later ones', async () => {
    const db = await open({ maxInFlight: 1 });
    cutAt(OP_PUT);
    const sent = db.put('a', '1');
    const waiting = db.put('b', '2');
    await expect(sent).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      retryable: false,
      cause: { code: 'CONNECTION_LOST' },
    });
    expect(await waiting).toMatchObject({ version: 1 });
    expect(server.values.has('a')).toBe(false);
    expect(server.ops()).toEqual(['PUT a', 'PUT b']);
  });

  it('is told by events, and needs no error listener', async () => {
    const db = await open();
    const events: string[] = [];
    db.on('reconnecting', ({ attempt }) => events.push(`reconnecting ${attempt}`));
    db.on('connect', ({ serverId }) => events.push(`connect ${serverId}`));
    db.on('ready', () => events.push(`ready ${db.status}`));
    server.peer.socket.destroy();
    await once(db, 'ready');
    expect(events).toEqual(['reconnecting 1', 'connect fake-1', 'ready ready']);
    db.on('error', ({ code }) => events.push(code));
    server.peer.socket.destroy();
    await once(db, 'reconnecting');
    expect(db.status).toBe('reconnecting');
    expect(events.at(-2)).toBe('CONNECTION_LOST');
  });

  it('is final without reconnect', async () => {
    const db = await open({ reconnect: false });
    cutAt(OP_GET);
    const ended = once(db, 'end');
    await expect(db.get('a')).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await ended;
    expect(db.status).toBe('closed');
    await expect(db.get('a')).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('is final after the attempts allowed', async () => {
    const db = await open({ reconnect: { ...FAST, maxAttempts: 2 } });
    const ended = once(db, 'end');
    await server.stop();
    const waiting = db.get('a');
    await expect(waiting).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
    await ended;
  });
});

describe('a broken connection', () => {
  it('in the middle of a reply loses nothing', async () => {
    const db = await open();
    await db.put('a', 'value');
    let cut = false;
    server.script = (request, peer, key) => {
      if (cut) return false;
      cut = true;
      server.answer(request, peer, key);
      const whole = peer.out.take() as Buffer;
      peer.socket.write(whole.subarray(0, 9), () => peer.socket.destroy());
      return true;
    };
    expect(String(await db.get('a'))).toBe('value');
  });

  it.each([
    ['garbage', Buffer.from('\0\0\0\x05\0\xc1\xc1\xc1\xc1', 'latin1')],
    ['a reply to nobody', Buffer.from('\0\0\0\x05\0\x93\x63\0\xc0', 'latin1')],
    ['an empty frame', Buffer.alloc(4)],
  ])('follows %s, and reads are sent again', async (_, bytes) => {
    const db = await open();
    await db.put('a', '1');
    let done = false;
    server.script = (_request, peer) => {
      if (done) return false;
      done = true;
      peer.socket.write(bytes);
      return true;
    };
    const lost = once(db, 'error');
    expect(String(await db.get('a'))).toBe('1');
    expect((await lost)[0]).toMatchObject({ code: 'BAD_FRAME' });
  });

  it('is noticed by ping when the server falls silent', async () => {
    const db = await open({ pingIntervalMs: 20 });
    server.script = (_request, peer) => peer.number === 0;
    const lost = once(db, 'error');
    expect(await db.get('a')).toBeUndefined();
    expect((await lost)[0]).toMatchObject({ message: expect.stringContaining('ping') });
    expect(server.ops()).toEqual(expect.arrayContaining(['GET a', 'PING', 'GET a']));
  });
});

describe('input of every shape', () => {
  it('arrives byte by byte', async () => {
    const db = await open();
    await db.put('a', 'value');
    server.script = (request, peer, key) => {
      server.answer(request, peer, key);
      for (const byte of peer.out.take() as Buffer) peer.socket.write(Buffer.from([byte]));
      return true;
    };
    expect(String(await db.get('a'))).toBe('value');
    expect(await db.ping()).toBeGreaterThan(0);
  });

  it('contains pushes', async () => {
    const db = await open();
    encodePush(server.peer.out, PUSH_PING, [5]);
    encodePush(server.peer.out, 99, ['of', { a: 'later version' }]);
    server.peer.flush();
    await until(() => server.seen.some(({ op }) => op === OP_PING));
    expect(await db.get('a')).toBeUndefined();
    expect(server.peers.length).toBe(1);
  });

  it('announces why it ends', async () => {
    const db = await open();
    const lost = once(db, 'error');
    encodePush(server.peer.out, PUSH_DISCONNECT, [105, 'SLOW_CONSUMER', 'replies are not read']);
    server.peer.flush();
    server.peer.socket.end();
    expect((await lost)[0]).toMatchObject({
      code: 'CONNECTION_LOST',
      cause: { code: 'SLOW_CONSUMER' },
    });
  });

  it('keeps an error of a newer server as sent', async () => {
    const db = await open();
    server.script = ({ id }, { out }) => {
      out.beginFrame(100);
      const body = Buffer.from('96ce000000ffcd0309a34e4557a46f6f7073c3c0', 'hex');
      body.writeUInt32BE(id, 2);
      body.copy(out.bytes, out.at);
      out.at += body.length;
      out.endFrame();
      return true;
    };
    await expect(db.get('a')).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'NEW: oops',
      retryable: true,
      details: { number: 777, name: 'NEW' },
    });
  });
});

describe('GOAWAY', () => {
  it('lets answers arrive and goes on elsewhere', async () => {
    const db = await open();
    await db.put('a', '1');
    server.script = (request, peer, key) => {
      if (peer.number !== 0) return false;
      encodePush(peer.out, PUSH_GOAWAY, ['restart', 1000]);
      server.answer(request, peer, key);
      return true;
    };
    let errors = 0;
    db.on('error', () => {
      errors += 1;
    });
    expect(String(await db.get('a'))).toBe('1');
    expect(await db.put('b', '2')).toMatchObject({ version: 1 });
    expect(server.seen.at(-1)).toMatchObject({ connection: 1, key: 'b' });
    expect(errors).toBe(0);
  });

  it('sends again what the draining server refused, writes too', async () => {
    const db = await open();
    server.script = (request, peer) => {
      if (peer.number !== 0) return false;
      encodePush(peer.out, PUSH_GOAWAY, ['restart', 1000]);
      encodeErrorReply(peer.out, request.id, new CaskError('SHUTTING_DOWN', 'draining'));
      return true;
    };
    expect(await db.put('b', '2')).toMatchObject({ version: 1 });
    expect(server.peers.length).toBe(2);
  });
});

describe('limits of time', () => {
  it('TIMEOUT of a read that was sent, with a CANCEL', async () => {
    const db = await open();
    server.script = never;
    await expect(db.get('a', { timeoutMs: 20 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    await until(() => server.seen.some(({ op }) => op === OP_CANCEL));
  });

  it('OUTCOME_UNKNOWN of a write that was sent', async () => {
    const db = await open({ requestTimeoutMs: 20 });
    server.script = never;
    await expect(db.put('a', '1')).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      cause: { code: 'TIMEOUT' },
    });
  });

  it('TIMEOUT, retryable, of a write that was not sent', async () => {
    const db = await open({ maxInFlight: 1 });
    server.script = never;
    const stuck = db.get('a', { timeoutMs: 0 });
    await expect(db.put('b', '1', { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      retryable: true,
    });
    db.destroy();
    await expect(stuck).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('drops a late reply and reuses the id only then', async () => {
    const db = await open();
    server.values.set('a', Buffer.from('late'));
    server.values.set('b', Buffer.from('right'));
    server.script = (request, peer, key) => {
      if (key !== 'a') return false;
      const { id, op } = request;
      peer.hold(() => server.answer({ id, op } as typeof request, peer, key));
      return true;
    };
    await expect(db.get('a', { timeoutMs: 10 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    const right = db.get('b');
    server.peer.releaseReversed();
    expect(String(await right)).toBe('right');
    expect(String(await db.get('b'))).toBe('right');
  });

  it('a signal settles what waits and what was sent', async () => {
    const db = await open({ maxInFlight: 2 });
    server.script = never;
    const controller = new AbortController();
    const { signal } = controller;
    const outcomes = [
      db.get('a', { signal }),
      db.put('b', '1', { signal }),
      db.put('c', '1', { signal }),
    ];
    await until(() => server.seen.length === 2);
    controller.abort(new Error('enough'));
    const [read, sent, waiting] = await Promise.allSettled(outcomes);
    expect(read).toMatchObject({ reason: { code: 'CANCELLED', cause: { message: 'enough' } } });
    expect(sent).toMatchObject({
      reason: { code: 'OUTCOME_UNKNOWN', cause: { code: 'CANCELLED' } },
    });
    expect(waiting).toMatchObject({ reason: { code: 'CANCELLED' } });
    expect(db.load.queued).toBe(0);
    await until(() => server.seen.filter(({ op }) => op === OP_CANCEL).length === 2);
    await expect(db.get('a', { signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('limits of size', () => {
  it('refuses more than the queue holds', async () => {
    const db = await open({ maxInFlight: 1, maxQueueItems: 2, maxQueueBytes: 10 });
    server.script = never;
    const accepted = [db.get('sent'), db.get('four'), db.get('four')];
    await expect(db.get('x')).rejects.toMatchObject({ code: 'QUEUE_FULL', retryable: true });
    db.destroy();
    await Promise.allSettled(accepted);
    const bytes = await open({ maxInFlight: 1, maxQueueBytes: 10 });
    const stuck = [bytes.get('sent'), bytes.get('12345678')];
    await expect(bytes.get('123')).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    bytes.destroy();
    await Promise.allSettled(stuck);
  });

  it('keeps to the in-flight limit of the server', async () => {
    server.limits = { ...ASSUMED_LIMITS, maxInFlight: 3 };
    const db = await open();
    let most = 0;
    server.script = (request, peer, key) => {
      const { id, op } = request;
      peer.hold(() => server.answer({ id, op } as typeof request, peer, key));
      most = Math.max(most, peer.heldCount);
      setImmediate(() => peer.releaseReversed());
      return true;
    };
    await Promise.all(Array.from({ length: 20 }, (_, index) => db.get(`k${index}`)));
    expect(most).toBe(3);
  });

  it('waits for drain and delivers everything', async () => {
    const db = await open();
    const value = Buffer.alloc(300_000, 'x');
    const puts = Array.from({ length: 60 }, (_, index) => db.put(`k${index}`, value));
    expect(db.load.queued).toBeGreaterThan(0);
    await Promise.all(puts);
    expect(server.values.size).toBe(60);
  });
});

describe('closing', () => {
  it('waits for what is underway', async () => {
    const db = await open({ maxInFlight: 1 });
    const gets = [db.get('a'), db.get('b'), db.put('c', '1')];
    const closed = db.close();
    await expect(db.get('late')).rejects.toMatchObject({ code: 'CLOSED' });
    await Promise.all(gets);
    await closed;
    await db.close();
    expect(db.status).toBe('closed');
  });

  it('fails what cannot be sent', async () => {
    const db = await open({ reconnect: { baseMs: 1000 } });
    server.peer.socket.destroy();
    await once(db, 'reconnecting');
    const waiting = db.get('a');
    const settled = expect(waiting).rejects.toMatchObject({ code: 'CLOSED' });
    await db.close();
    await settled;
  });

  it('does not wait for what was given up', async () => {
    const db = await open({ requestTimeoutMs: 20 });
    server.script = never;
    const get = expect(db.get('a')).rejects.toMatchObject({ code: 'TIMEOUT' });
    await db.close();
    await get;
  });

  it('destroy fails everything at once', async () => {
    const db = await open();
    server.script = never;
    const outcomes = [db.get('a'), db.put('b', '1')];
    db.destroy();
    const [read, write] = await Promise.allSettled(outcomes);
    expect(read).toMatchObject({ reason: { code: 'CLOSED' } });
    expect(write).toMatchObject({ reason: { code: 'OUTCOME_UNKNOWN', cause: { code: 'CLOSED' } } });
  });

  it('happens at the end of a scope', async () => {
    let seen: CaskClient | undefined;
    {
      await using db = await connect({ port: server.port });
      seen = db;
    }
    expect(seen.status).toBe('closed');
  });
});
