import { describe, expect, it } from 'vitest';
import { CaskError } from '../../../src/errors/cask-error.ts';
import { errorFromWire, errorMessage, wireDetails } from '../../../src/protocol/error-message.ts';
import type { PlainValue } from '../../../src/protocol/msgpack-writer.ts';
import { packValue } from '../../../src/protocol/packr.ts';
import { decodePreamble, encodePreamble, PreambleReader } from '../../../src/protocol/preamble.ts';
import { RequestReader } from '../../../src/protocol/request-reader.ts';
import { conditionOf } from '../../../src/vocabulary/write-arguments.ts';

function open(body: PlainValue): RequestReader {
  const bytes = packValue(body);
  const request = new RequestReader();
  request.open(bytes, 0, bytes.length);
  return request;
}

const key = Buffer.from('k');
const value = Buffer.from('v');

describe('RequestReader', () => {
  it.each([
    [[]],
    [[1]],
    [[0, 3, null, key]],
    [[2 ** 32, 3, null, key]],
    [[-1, 3, null, key]],
    [['1', 3, null, key]],
    [[1, 'GET', null, key]],
    [[1, 3, 5, key]],
    [[1, 3, { d: 'soon' }, key]],
  ])('ends the connection for %j', (body) => {
    expect(() => open(body)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
  });

  it('takes what may be left out, what is ignored, and meta', () => {
    const ping = open([1, 2]);
    expect(ping.readPing()).toBeUndefined();
    const get = open([7, 3, { x: [1, { y: 2 }], d: 99, e: 1 }, 'key as str', 'more', [1]]);
    get.readKey();
    expect([get.id, get.op, get.deadlineMs]).toEqual([7, 3, 99]);
    expect(get.buffer.toString('utf8', get.keyStart, get.keyStart + get.keyBytes)).toBe(
      'key as str',
    );
    const put = open([7, 5, null, key, value, null, null, 'more']);
    put.readPut();
    expect([put.condition, put.ttlMs]).toEqual([-1, 0]);
  });

  it.each<[string, PlainValue[], (request: RequestReader) => void]>([
    ['key', [1, 3, null], (request) => request.readKey()],
    ['key', [1, 3, null, 5], (request) => request.readKey()],
    ['value', [1, 5, null, key], (request) => request.readPut()],
    ['value', [1, 5, null, key, null], (request) => request.readPut()],
    ['condition', [1, 5, null, key, value, 'x'], (request) => request.readPut()],
    ['ttl', [1, 5, null, key, value, null, 0], (request) => request.readPut()],
    ['ttl', [1, 5, null, key, value, null, false], (request) => request.readPut()],
    ['ttl', [1, 5, null, key, value, null, 2 ** 48], (request) => request.readPut()],
    ['condition', [1, 6, null, key, false], (request) => request.readDelete()],
    ['payload', [1, 2, null, Buffer.alloc(1025)], (request) => request.readPing()],
    ['keys', [1, 4, null, key], (request) => request.readKeys(9)],
    ['key 1', [1, 4, null, [key, 5]], (request) => request.readKeys(9)],
    ['item 0', [1, 9, null, [[]]], (request) => request.readBatch(9)],
    ['item 0', [1, 9, null, [[2, key, value]]], (request) => request.readBatch(9)],
    ['item 0', [1, 9, null, [[0, key]]], (request) => request.readBatch(9)],
    ['condition of item 0', [1, 9, null, [[1, key, false]]], (request) => request.readBatch(9)],
    ['limit', [1, 10, null, null, null, null, null, -1], (request) => request.readRange()],
    ['flags', [1, 10, null, null, null, null, null, null, 4], (request) => request.readRange()],
    ['start', [1, 8, null, 5], (request) => request.readCount()],
    ['prefix', [1, 16, null, null, null, 5], (request) => request.readDeleteRange()],
    ['flags', [1, 16, null, key, null, null, 4], (request) => request.readDeleteRange()],
    ['flags', [1, 16, null, key, null, null, true], (request) => request.readDeleteRange()],
    ['action', [1, 13, null, 'stop'], (request) => request.readMerge()],
    ['action', [1, 19, null], (request) => request.readConfig()],
    ['action', [1, 19, null, 'drop'], (request) => request.readConfig()],
    ['name', [1, 19, null, 'get', 5], (request) => request.readConfig()],
    ['name', [1, 19, null, 'set', null, 'x'], (request) => request.readConfig()],
    ['value', [1, 19, null, 'set', 'x'], (request) => request.readConfig()],
    ['value', [1, 19, null, 'set', 'x', 5], (request) => request.readConfig()],
    ['the argument of HELLO', [1, 1, null, 'me'], (request) => request.readHello()],
  ])('names %s in %j', (field, body, read) => {
    const request = open(body);
    expect(() => read(request)).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST', details: { field } }),
    );
  });
});

describe('RequestReader, further', () => {
  it('refuses too many items before it reads them', () => {
    const tooMany = expect.objectContaining({
      code: 'BATCH_TOO_LARGE',
      details: { limitName: 'maxBatchItems', limit: 1 },
    });
    expect(() => open([1, 4, null, [key, key]]).readKeys(1)).toThrow(tooMany);
    expect(() =>
      open([
        1,
        9,
        null,
        [
          [1, key],
          [1, key],
        ],
      ]).readBatch(1),
    ).toThrow(tooMany);
  });

  it('says BAD_FRAME when the rest is no msgpack, whatever else is wrong', () => {
    const bytes = Buffer.from('940103c005c1', 'hex').subarray(0, 5);
    const request = new RequestReader();
    const broken = Buffer.concat([Buffer.from('950103c0', 'hex'), Buffer.from([5, 0xc1])]);
    request.open(broken, 0, broken.length);
    expect(() => request.readKey()).toThrow(expect.objectContaining({ code: 'BAD_FRAME' }));
    request.open(bytes, 0, bytes.length);
    expect(() => request.readKey()).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
  });
});

describe('the preamble', () => {
  it('is gathered byte by byte, and leaves the rest', () => {
    const reader = new PreambleReader();
    const bytes = Buffer.concat([encodePreamble(5), Buffer.from('rest')]);
    for (const byte of bytes.subarray(0, 11)) expect(reader.push(Buffer.from([byte]))).toBe(1);
    expect(reader.push(bytes.subarray(11))).toBe(1);
    expect(reader.preamble).toEqual({ version: 1, features: 5 });
  });

  it.each([
    ['\x16\x03\x01\x02', /TLS/],
    ['GET / HTTP/1.1', /HTTP request/],
    ['*1\r\n$4', /RESP/],
    ['????', /3f3f3f3f/],
  ])('tells %j from ours', (bytes, message) => {
    expect(() => decodePreamble(Buffer.from(bytes, 'latin1'))).toThrow(message);
  });

  it('refuses other versions', () => {
    expect(() => decodePreamble(encodePreamble(0, 2))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_VERSION' }),
    );
    expect(decodePreamble(Buffer.from('CAS'))).toBeUndefined();
  });
});

describe('errors on the wire', () => {
  it('keep only plain details and bounded messages', () => {
    expect(wireDetails({ a: 1, f: () => 1, o: {}, l: [1, 'x'], b: key })).toEqual({
      a: 1,
      l: [1, 'x'],
      b: key,
    });
    expect(wireDetails({ o: {} })).toBeUndefined();
    expect(errorMessage(new CaskError('INTERNAL', 'x'.repeat(9999))).length).toBe(2003);
  });

  it('of unknown number become INTERNAL', () => {
    expect(errorFromWire(9999, 'NEW', 'new', true, { a: 1 })).toMatchObject({
      code: 'INTERNAL',
      retryable: true,
      message: 'NEW: new',
      details: { a: 1, number: 9999, name: 'NEW' },
    });
  });
});

describe('conditions', () => {
  it('are numbers', () => {
    expect(
      [{}, { ifAbsent: true }, { ifPresent: true }, { ifRevision: 0 }].map(conditionOf),
    ).toEqual([-1, -2, -3, 0]);
    expect(() => conditionOf({ ifRevision: -1 })).toThrow(/not a revision/);
  });
});
