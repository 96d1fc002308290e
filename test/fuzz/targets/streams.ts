/** Frames with requests and replies, preambles: what comes over the wire. */

import { CaskError } from '../../../src/errors/cask-error.ts';
import { FLAG_PUSH, STATUS_OK } from '../../../src/protocol/frame.ts';
import { FrameParser } from '../../../src/protocol/frame-parser.ts';
import { checkBody } from '../../../src/protocol/msgpack-reader.ts';
import type { PlainValue } from '../../../src/protocol/msgpack-writer.ts';
import { packValue } from '../../../src/protocol/packr.ts';
import { encodePreamble, PREAMBLE_BYTES, PreambleReader } from '../../../src/protocol/preamble.ts';
import { ReplyReader } from '../../../src/protocol/reply-reader.ts';
import { RequestReader } from '../../../src/protocol/request-reader.ts';
import { frame, request } from '../../unit/server/wire-client.ts';
import { chopped, type FuzzTarget, mustHold } from '../fuzz-target.ts';

/** The limits that the parser is given here; small, so that they are met. */
const FRAME_BYTES_MAX = 1024 * 1024;
const ITEMS_MAX = 1000;
/** What the parser may hold before anything has come. */
const FIRST_ALLOCATION_BYTES = 64 * 1024;

const key = Buffer.from('fuzz/key');
const value = Buffer.from('a value of some length');
const put: PlainValue = [0, key, value, null, 60_000];

/** A request of every operation, with and without options. */
export const REQUESTS: readonly Buffer[] = [
  request(1, 1, { client: 'fuzz', version: '1', extra: [1, { deep: [null] }] }),
  request(2, 2),
  request(3, 2, Buffer.alloc(100, 1)),
  request(4, 3, key),
  request(5, 4, [key, key, Buffer.from('other')]),
  request(6, 5, key, value),
  request(7, 5, key, Buffer.alloc(3000, 7), false, 1000),
  request(8, 5, key, 'text', 2 ** 40, true),
  request(9, 6, key),
  request(10, 6, key, 77),
  request(11, 7, key),
  request(12, 8),
  request(13, 9, [put, [1, key], [1, key, true], [0, 'a', 'b', 5]]),
  request(14, 10, key, null, 'fuzz/', null, 10, 3),
  request(15, 10),
  request(16, 11),
  request(17, 12),
  request(18, 13, 'status'),
  request(19, 14, 4),
  request(21, 23, key, -5),
  request(22, 23, key, 2n ** 63n - 1n),
  request(23, 24, key, 60_000),
  request(24, 24, key, null, 1_800_000_000_000),
  request(25, 25, key),
  request(26, 26, key),
  request(27, 27, key),
  frame(packValue([20, 3, { d: 1000, t: Buffer.alloc(16), e: 1 }, key, 'surplus'])),
];

/** Not for a live daemon, which others use: a bit too many, and their keys are gone. */
const SWEEPING_REQUESTS: readonly Buffer[] = [
  request(40, 8, key, null, 'fuzz/'),
  request(41, 16, key, 'fuzz/z', null, 2),
  request(42, 16, null, null, null, 1),
  request(43, 22, 'cancel', 3),
];

const REQUEST_SEEDS: readonly Buffer[] = [
  ...REQUESTS,
  ...SWEEPING_REQUESTS,
  Buffer.concat([...REQUESTS]),
  Buffer.concat([request(30, 5, key, Buffer.alloc(70_000, 3)), request(31, 3, key)]),
];

const READERS: Readonly<Record<number, (reader: RequestReader) => unknown>> = {
  1: (reader) => reader.readHello(),
  2: (reader) => reader.readPing(),
  3: (reader) => reader.readKey(),
  4: (reader) => reader.readKeys(ITEMS_MAX),
  5: (reader) => reader.readPut(),
  6: (reader) => reader.readDelete(),
  7: (reader) => reader.readKey(),
  8: (reader) => reader.readCount(),
  9: (reader) => reader.readBatch(ITEMS_MAX),
  10: (reader) => reader.readRange(),
  13: (reader) => reader.readMerge(),
  14: (reader) => reader.readCancel(),
  16: (reader) => reader.readDeleteRange(),
  17: (reader) => reader.readAction(['list', 'kill'], 'id', 'limit'),
  18: (reader) => reader.readAction(['get', 'reset'], 'count'),
  19: (reader) => reader.readConfig(),
  22: (reader) => reader.readAction(['list', 'status', 'cancel'], 'id'),
  23: (reader) => String(reader.readIncr()),
  24: (reader) => [reader.readTouch(), reader.ttlMs],
  25: (reader) => reader.readKey(),
  26: (reader) => reader.readKey(),
  27: (reader) => reader.readKey(),
};

function codeOf(thrown: unknown): CaskError['code'] {
  if (thrown instanceof CaskError && thrown.code !== 'INTERNAL') return thrown.code;
  throw thrown;
}

/** Feeds chunks to a parser and hands each frame over, until that says to stop. */
function parse(
  chunks: readonly Buffer[],
  allowedFlags: number,
  handle: (parser: FrameParser) => boolean,
): string[] {
  const parser = new FrameParser(FRAME_BYTES_MAX, allowedFlags);
  let pushed = 0;
  for (const chunk of chunks) {
    pushed += chunk.length;
    parser.push(Buffer.from(chunk));
    try {
      while (parser.next()) {
        mustHold(parser.start <= parser.end, 'a body does not end before it starts');
        mustHold(parser.end <= parser.buffer.length, 'a body lies in its buffer');
        if (!handle(parser)) return ['the stream ends'];
      }
    } catch (thrown) {
      return [codeOf(thrown)];
    }
    const allowed = Math.max(FIRST_ALLOCATION_BYTES, 2 * pushed);
    mustHold(parser.heldBytes <= allowed, `${parser.heldBytes} bytes held after ${pushed}`);
  }
  return [parser.midFrame ? 'mid-frame' : 'complete'];
}

function readRequest(reader: RequestReader, parser: FrameParser): string {
  const { buffer, start, end } = parser;
  reader.id = 0;
  try {
    reader.open(buffer, start, end);
  } catch (thrown) {
    return `!${codeOf(thrown)}`;
  }
  try {
    const { id, op, deadlineMs } = reader;
    const read = READERS[op] ?? (() => reader.readNothing());
    const got = JSON.stringify(read(reader)) ?? '';
    checkSlices(reader, end);
    checkBody(buffer, start, end);
    return `${id} ${op} ${deadlineMs} ${got.length} ${reader.condition} ${reader.ttlMs}`;
  } catch (thrown) {
    const code = codeOf(thrown);
    if (code === 'BAD_FRAME') return `!${code}`;
    // the request is answered and the connection stays: so the frame must have been whole
    if (code === 'BAD_REQUEST') checkBody(buffer, start, end);
    return `${reader.id} ${code}`;
  }
}

/** GET, PUT, DELETE and EXISTS leave their key in place, PUT its value. */
function checkSlices(reader: RequestReader, end: number): void {
  const { op, keyStart, keyBytes, valueStart, valueBytes } = reader;
  if ([3, 5, 6, 7].includes(op)) mustHold(keyStart + keyBytes <= end, 'the key lies in the body');
  if (op === 5) mustHold(valueStart + valueBytes <= end, 'the value lies in the body');
}

function requestOutcome(chunks: readonly Buffer[]): string {
  const reader = new RequestReader();
  const seen: string[] = [];
  const end = parse(chunks, 0, (parser) => {
    const found = readRequest(reader, parser);
    seen.push(found);
    return !found.startsWith('!');
  });
  return [...seen, ...end].join('; ');
}

/** Streams of requests, as the server reads them. */
export const requestFrames: FuzzTarget = {
  name: 'requests',
  seeds: REQUEST_SEEDS,
  codes: [],
  allocationMax: (bytes) => Math.max(FIRST_ALLOCATION_BYTES, 2 * bytes) + 4096,
  outcome: requestOutcome,
  feed: (bytes, random) => {
    const whole = requestOutcome([bytes]);
    mustHold(requestOutcome(chopped(bytes, random)) === whole, 'cutting it changes nothing');
    return whole.split('; ').at(-1) ?? '';
  },
};

const meta = [2 ** 33, 2, 1_700_000_000_000, 1_700_000_000_001, null] as const;

function reply(id: number, ...results: PlainValue[]): Buffer {
  return frame(packValue([id, STATUS_OK, ...results]));
}

/** By `id % 10`: what a client that sent that request reads. */
const REPLY_READERS: readonly ((reader: ReplyReader) => unknown)[] = [
  (reader) => reader.readRest(),
  (reader) => reader.readHello(),
  (reader) => [reader.readValue() && reader.readMeta(), reader.revision, reader.expiresAt],
  (reader) => reader.readEntries(),
  (reader) => [reader.readMeta(), reader.revision],
  (reader) => reader.readDelete(),
  (reader) => reader.readBool(),
  (reader) => reader.readNumber(),
  (reader) => reader.readBatch(),
  (reader) => reader.readPage(),
];

const REPLY_SEEDS: readonly Buffer[] = [
  frame(packValue([0, 2, 'shutting down', 10_000]), FLAG_PUSH),
  reply(1, { server: 'caskd', limits: { maxFrameBytes: 5, maxKeyBytes: 2 ** 40 }, now: 5 }),
  reply(2, value, ...meta),
  reply(12, null),
  reply(3, [[value, ...meta], null, [null, ...meta, [60, 'CORRUPT', 'damaged']]]),
  reply(4, ...meta),
  reply(5, true, 9),
  reply(15, false, null),
  reply(6, true),
  reply(7, 2 ** 40),
  reply(8, [
    [5, 1],
    [null, null],
  ]),
  reply(
    9,
    [
      [key, value, ...meta],
      [key, null, 5, 1, 2, null, null],
    ],
    true,
  ),
  frame(packValue([7, 20, 'CONFLICT', 'the key exists', false, { revision: 41 }])),
  frame(packValue([7, 999, 'FROM_THE_FUTURE', 'unheard of', true, null])),
];

function replyOutcome(chunks: readonly Buffer[]): string {
  const reader = new ReplyReader();
  const seen: string[] = [];
  const end = parse(chunks, FLAG_PUSH, ({ buffer, start, end, flags }) => {
    reader.open(buffer, start, end);
    const isPush = (flags & FLAG_PUSH) !== 0;
    const read = isPush ? REPLY_READERS[0] : REPLY_READERS[reader.id % REPLY_READERS.length];
    const got = reader.status === STATUS_OK || isPush ? read?.(reader) : reader.readError().message;
    seen.push(`${reader.id} ${String(JSON.stringify(got, noBigints)).length}`);
    return true;
  });
  return [...seen, ...end].join('; ');
}

function noBigints(_: string, item: unknown): unknown {
  return typeof item === 'bigint' ? String(item) : item;
}

/** Streams of replies and pushes, as the client reads them. */
export const replyFrames: FuzzTarget = {
  name: 'replies',
  seeds: [...REPLY_SEEDS, Buffer.concat([...REPLY_SEEDS])],
  codes: [],
  allocationMax: (bytes) => Math.max(FIRST_ALLOCATION_BYTES, 2 * bytes) + 4096,
  outcome: replyOutcome,
  feed: (bytes, random) => {
    const whole = replyOutcome([bytes]);
    mustHold(replyOutcome(chopped(bytes, random)) === whole, 'cutting it changes nothing');
    return whole.split('; ').at(-1) ?? '';
  },
};

function preambleOutcome(chunks: readonly Buffer[]): string {
  const reader = new PreambleReader();
  let taken = 0;
  try {
    for (const chunk of chunks) {
      if (reader.preamble !== undefined) break;
      taken += reader.push(chunk);
      mustHold(taken <= PREAMBLE_BYTES, 'no more than a preamble is taken');
    }
  } catch (thrown) {
    return codeOf(thrown);
  }
  return JSON.stringify(reader.preamble ?? 'incomplete');
}

export const preamble: FuzzTarget = {
  name: 'preamble',
  seeds: [
    encodePreamble(),
    encodePreamble(0xffff_ffff),
    encodePreamble(0, 2),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.from('\x16\x03\x01\x02\x00\x01\x00\x01\xfc', 'latin1'),
  ],
  codes: [],
  allocationMax: () => 4096,
  outcome: preambleOutcome,
  feed: (bytes, random) => {
    const whole = preambleOutcome([bytes]);
    // what is said of a stranger may depend on how much of it has come; the code does not
    mustHold(preambleOutcome(chopped(bytes, random)) === whole, 'cutting it changes nothing');
    return whole;
  },
};
