/** Every row of "Malformed input and the required answer" in docs/protocol.md, over a socket. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../../src/errors/error-codes.ts';
import { packValue } from '../../../src/protocol/packr.ts';
import { encodePreamble } from '../../../src/protocol/preamble.ts';
import { type CaskServer, listen } from '../../../src/server/index.ts';
import { MemoryStore } from './memory-store.ts';
import { frame, HELLO, PREAMBLE, request, WireClient } from './wire-client.ts';

let store: MemoryStore;
let server: CaskServer;
/** A well-behaved client that must never notice anything. */
let bystander: WireClient;

const LIMITS = {
  handshakeTimeoutMs: 150,
  frameTimeoutMs: 150,
  sweepIntervalMs: 10,
  lingerMs: 100,
};

beforeEach(async () => {
  store = new MemoryStore();
  const identity = { version: '0', serverId: 'test' };
  server = await listen({ store, host: '127.0.0.1', port: 0, identity, limits: LIMITS });
  bystander = await WireClient.greeted(server.address.port);
});

afterEach(async () => {
  const reply = await bystander.ask(77, 2, Buffer.from('still here'));
  expect(reply.slice(0, 3)).toEqual([77, 0, Buffer.from('still here')]);
  await bystander.close();
  await server.close();
});

function errorBody(id: number, code: ErrorCode): unknown[] {
  const { number, retryable } = ERROR_CODES[code];
  return [id, number, code, expect.any(String), retryable, expect.anything()];
}

async function expectError(client: WireClient, id: number, code: ErrorCode): Promise<unknown[]> {
  const { flags, body } = await client.next();
  expect(flags).toBe(0);
  const [, ...rest] = errorBody(id, code);
  expect(body.slice(0, 5)).toEqual([id, ...rest.slice(0, 4)]);
  return body;
}

/** Sends bytes; expects the server's preamble, one error and the end of the connection. */
async function expectClosing(
  parts: Buffer[],
  id: number,
  code: ErrorCode,
  greeted: boolean,
): Promise<unknown[]> {
  const { port } = server.address;
  const client = greeted ? await WireClient.greeted(port) : await WireClient.open(port);
  client.send(...parts);
  const body = await expectError(client, id, code);
  await client.ended;
  expect(client.preamble).toEqual(PREAMBLE);
  expect(client.messages).toEqual([]);
  expect(client.error).toBeUndefined();
  expect(server.stats().errors[code]).toBe(1);
  return body;
}

/** Sends a frame to an open connection; expects an error that leaves it open. */
async function expectStaying(bytes: Buffer, id: number, code: ErrorCode): Promise<unknown[]> {
  const client = await WireClient.greeted(server.address.port);
  client.send(bytes);
  const body = await expectError(client, id, code);
  expect((await client.ask(99, 2)).slice(0, 2)).toEqual([99, 0]);
  await client.close();
  return body;
}

describe('before the preamble is through', () => {
  test('another magic, recognised where it can be', async () => {
    await expectClosing([Buffer.from('XXXX')], 0, 'BAD_MAGIC', false);
  });

  test.each([
    ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'HTTP'],
    ['\x16\x03\x01\x02\x00\x01\x00', 'TLS'],
  ])('%j is named as %s', async (bytes, name) => {
    const sent = [Buffer.from(bytes, 'latin1')];
    const body = await expectClosing(sent, 0, 'BAD_MAGIC', false);
    expect(body[3]).toContain(name);
  });

  test('another version', async () => {
    const parts = [encodePreamble(0, 2), HELLO];
    await expectClosing(parts, 0, 'UNSUPPORTED_VERSION', false);
  });

  test('reserved bytes and feature bits are ignored, bytes may come one by one', async () => {
    const identity = { version: '0', serverId: 'test' };
    // single bytes take their time where many tests run
    const limits = { ...LIMITS, handshakeTimeoutMs: 60_000 };
    const patient = await listen({ store, host: '127.0.0.1', port: 0, identity, limits });
    const client = await WireClient.open(patient.address.port);
    const preamble = encodePreamble(0xffff_ffff);
    preamble.writeUInt16BE(0xabcd, 6);
    for (const byte of Buffer.concat([preamble, HELLO])) {
      client.send(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await client.next()).body.slice(0, 2)).toEqual([1, 0]);
    await client.close();
    await patient.close();
  });
});

describe('before HELLO', () => {
  test('no bytes at all', async () => {
    await expectClosing([], 0, 'TIMEOUT', false);
  });

  test('a preamble and nothing else', async () => {
    await expectClosing([PREAMBLE], 0, 'TIMEOUT', false);
  });

  test('a frame of more than 16 KiB', async () => {
    const big = frame(Buffer.alloc(16 * 1024));
    await expectClosing([PREAMBLE, big], 0, 'FRAME_TOO_LARGE', false);
  });

  test('another request', async () => {
    await expectClosing([PREAMBLE, request(5, 2)], 5, 'HANDSHAKE_REQUIRED', false);
  });

  test('HELLO with an argument of the wrong type leaves another try', async () => {
    const client = await WireClient.open(server.address.port);
    client.send(PREAMBLE, request(3, 1, 'me'), HELLO);
    await expectError(client, 3, 'BAD_REQUEST');
    expect((await client.next()).body.slice(0, 2)).toEqual([1, 0]);
    await client.close();
  });
});

describe('frames', () => {
  const empty = Buffer.alloc(0);

  test.each([0, 1])('length %i', async (length) => {
    await expectClosing([frame(empty, 0, length)], 0, 'BAD_FRAME', true);
  });

  test('length 4 GiB - 1', async () => {
    const before = process.memoryUsage().arrayBuffers;
    await expectClosing([frame(empty, 0, 0xffff_ffff)], 0, 'FRAME_TOO_LARGE', true);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });

  test('length just above maxFrameBytes', async () => {
    const length = server.limits.maxFrameBytes + 1;
    await expectClosing([frame(empty, 0, length)], 0, 'FRAME_TOO_LARGE', true);
  });

  test.each([0x04, 0x08, 0x80, 0x09])('flags %i', async (flags) => {
    await expectClosing([frame(packValue([1, 2, null]), flags)], 0, 'BAD_FRAME', true);
  });

  test.each([0x01, 0x02, 0x03])('reserved flags %i', async (flags) => {
    await expectClosing([frame(packValue([1, 2, null]), flags)], 0, 'UNSUPPORTED', true);
  });

  test('a frame begun and not finished', async () => {
    const half = request(5, 2, Buffer.from('abc')).subarray(0, 9);
    await expectClosing([half], 0, 'TIMEOUT', true);
  });

  test('a frame that trickles in does not gain time', async () => {
    const client = await WireClient.greeted(server.address.port);
    const bytes = request(5, 2, Buffer.alloc(500));
    let at = 0;
    const timer = setInterval(() => client.send(bytes.subarray(at, ++at)), 5);
    await expectError(client, 0, 'TIMEOUT');
    clearInterval(timer);
    await client.ended;
  });

  test('the stream ends inside a frame', async () => {
    const client = await WireClient.greeted(server.address.port);
    client.socket.end(request(5, 2).subarray(0, 6));
    await client.ended;
    expect(client.messages).toEqual([]);
    expect(server.stats().truncatedStreams).toBe(1);
  });
});

describe('bodies', () => {
  test.each([
    ['not msgpack', Buffer.from([0xc1])],
    ['not an array', packValue({ id: 1 })],
    ['a number', Buffer.from([0x05])],
    ['cut short', packValue([1, 2, null, 'abcdef']).subarray(0, 6)],
    ['with bytes left over', Buffer.concat([packValue([1, 2, null]), Buffer.from([0xc0])])],
    ['with an extension type', Buffer.from([0x94, 1, 2, 0xc0, 0xd4, 0x01, 0x00])],
    ['claiming 2^32 - 1 items', Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff, 1, 2])],
    ['bad behind a wrong argument', Buffer.from([0x95, 1, 3, 0xc0, 0xc3, 0xc1])],
    ['bad behind an unknown operation', Buffer.from([0x94, 1, 0x63, 0xc0, 0xc1])],
  ])('%s', async (_, body) => {
    await expectClosing([frame(body)], 0, 'BAD_FRAME', true);
  });

  test('nested deeper than 8 levels', async () => {
    const deep = Buffer.concat([
      packValue([1, 2, null, null]).subarray(0, 4),
      Buffer.alloc(9, 0x91),
      Buffer.from([1]),
    ]);
    await expectClosing([frame(deep)], 0, 'BAD_FRAME', true);
  });

  test('random bytes never do more than end their connection', async () => {
    let seed = 12_345;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed;
    };
    for (let round = 0; round < 60; round++) {
      const client = await WireClient.greeted(server.address.port);
      const body = Buffer.from(Array.from({ length: 1 + (random() % 40) }, () => random() >> 16));
      body[0] = 0x93 + (round % 4);
      body[1] = 1 + (round % 9);
      body[2] = 1 + (round % 14);
      client.send(frame(body));
      await Promise.race([client.next().catch(() => {}), client.ended]);
      await client.close();
    }
    expect(server.stats().errors['INTERNAL'] ?? 0).toBe(0);
  });
});

describe('ids', () => {
  test.each([
    ['missing', packValue([])],
    ['0', packValue([0, 2, null])],
    ['2^32', packValue([2 ** 32, 2, null])],
    ['negative', packValue([-1, 2, null])],
    ['a string', packValue(['1', 2, null])],
  ])('%s', async (_, body) => {
    await expectClosing([frame(body)], 0, 'BAD_REQUEST', true);
  });

  test('in flight already', async () => {
    const client = await WireClient.greeted(server.address.port);
    const { promise, resolve } = Promise.withResolvers<void>();
    store.mergeGate = promise;
    client.send(request(8, 13), request(8, 2));
    await expectError(client, 8, 'BAD_REQUEST');
    resolve();
    expect((await client.next()).body.slice(0, 2)).toEqual([8, 0]);
    await client.close();
  });
});

describe('requests', () => {
  test('a second HELLO', async () => {
    await expectStaying(HELLO, 1, 'BAD_REQUEST');
  });

  test.each([0, 90, 99, 2 ** 40])('unknown operation %i', async (op) => {
    await expectStaying(request(6, op, 'whatever'), 6, 'UNKNOWN_OPERATION');
  });

  const key = Buffer.from('k');
  test.each<[string, Buffer, string]>([
    ['an operation that is no number', frame(packValue([6, 'GET', null])), 'op'],
    ['meta that is no map', frame(packValue([6, 2, 5])), 'meta'],
    ['GET without a key', request(6, 3), 'key'],
    ['GET of a number', request(6, 3, 5), 'key'],
    ['GET_MANY of a string', request(6, 4, 'k'), 'keys'],
    ['GET_MANY with nil among the keys', request(6, 4, [key, null]), 'key 1'],
    ['PUT without a value', request(6, 5, key), 'value'],
    ['PUT of nil', request(6, 5, key, null), 'value'],
    ['PUT with a string as condition', request(6, 5, key, key, 'no'), 'condition'],
    ['PUT with a negative revision', request(6, 5, key, key, -5), 'condition'],
    ['PUT with ttl 0', request(6, 5, key, key, null, 0), 'ttl'],
    ['PUT with ttl false', request(6, 5, key, key, null, false), 'ttl'],
    ['DELETE if absent', request(6, 6, key, false), 'condition'],
    ['EXISTS without a key', request(6, 7), 'key'],
    ['BATCH of nothing said', request(6, 9), 'items'],
    ['BATCH with an unknown kind', request(6, 9, [[7, key]]), 'item 0'],
    ['BATCH put without a value', request(6, 9, [[0, key]]), 'item 0'],
    ['RANGE from a number', request(6, 10, 5), 'start'],
    ['RANGE with a string as limit', request(6, 10, null, null, null, null, 'x'), 'limit'],
    ['RANGE with unknown flags', request(6, 10, null, null, null, null, null, 4), 'flags'],
    ['MERGE of an unknown action', request(6, 13, 'explode'), 'action'],
    ['CANCEL of nothing', request(6, 14), 'id to cancel'],
    ['PING with 1025 bytes', request(6, 2, Buffer.alloc(1025)), 'payload'],
  ])('%s', async (_, bytes, field) => {
    const body = await expectStaying(bytes, 6, 'BAD_REQUEST');
    expect(body[3]).toContain(field);
  });

  test.each([3, 5, 6, 7])('an empty or long key, operation %i', async (op) => {
    const rest = op === 5 ? ['value'] : [];
    await expectStaying(request(6, op, Buffer.alloc(0), ...rest), 6, 'KEY_EMPTY');
    await expectStaying(request(6, op, Buffer.alloc(1001), ...rest), 6, 'KEY_TOO_LONG');
  });

  test('a value, batch or page over its limit', async () => {
    const value = Buffer.alloc(store.options.maxValueBytes + 1);
    await expectStaying(request(6, 5, 'k', value), 6, 'VALUE_TOO_LARGE');
    const items = Array.from({ length: 101 }, () => [1, 'k']);
    const batch = await expectStaying(request(6, 9, items), 6, 'BATCH_TOO_LARGE');
    expect(batch[5]).toMatchObject({ limit: 100 });
    const keys = items.map(() => 'k');
    await expectStaying(request(6, 4, keys), 6, 'BATCH_TOO_LARGE');
    const page = request(6, 10, null, null, null, null, 51);
    expect((await expectStaying(page, 6, 'LIMIT_EXCEEDED'))[5]).toEqual({
      limitName: 'maxRangeItems',
      limit: 50,
    });
  });

  test('more items than listed are ignored', async () => {
    const reply = await bystander.ask(6, 3, 'k', 'more', [1, { a: 2 }]);
    expect(reply).toEqual([6, 0, null]);
  });

  test('meta with keys that are not known is ignored', async () => {
    bystander.send(frame(packValue([6, 3, { d: 1000, zz: [1] }, 'k'])));
    expect((await bystander.next()).body).toEqual([6, 0, null]);
  });
});
