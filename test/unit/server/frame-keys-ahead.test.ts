import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OutputBuffer } from '../../../src/protocol/output-buffer.ts';
import {
  encodeDelete,
  encodeExists,
  encodeGet,
  encodeIncr,
  encodePut,
} from '../../../src/protocol/request-writer.ts';
import { FrameKeysAhead } from '../../../src/server/frame-keys-ahead.ts';
import { FETCH_MAX } from '../../../src/storage/session.ts';
import { CONDITION_NONE, TTL_NONE } from '../../../src/vocabulary/write-arguments.ts';

type Write = (out: OutputBuffer) => void;

function chunkOf(...writes: readonly Write[]): Buffer {
  const out = new OutputBuffer();
  for (const write of writes) write(out);
  const parts: Buffer[] = [];
  for (let part = out.take(); part !== undefined; part = out.take()) parts.push(part);
  return Buffer.concat(parts);
}

const get =
  (key: string, id = 1): Write =>
  (out) =>
    encodeGet(out, id, Buffer.from(key));

function keysIn(buffer: Buffer, from = 0): string[] {
  const ahead = new FrameKeysAhead();
  ahead.find(buffer, from);
  return Array.from({ length: ahead.count }, (_, index) => {
    const start = ahead.starts[index] as number;
    return buffer.toString('latin1', start, start + (ahead.lengths[index] as number));
  });
}

test('the keys of frames, from the one at hand on, whatever their ids', () => {
  const first = chunkOf(get('one'));
  const long = 'x'.repeat(300);
  const value = Buffer.alloc(70_000, 'v');
  const rest = chunkOf(
    (out) => encodePut(out, 200, Buffer.from('two'), value, CONDITION_NONE, TTL_NONE),
    (out) => encodeExists(out, 70_000, Buffer.from(long)),
    (out) => encodeDelete(out, 0xffff_ffff, Buffer.from('four'), CONDITION_NONE),
    get('five', 127),
    // the last bytes of a chunk need not be a whole frame
    get('cut'.padEnd(40)),
  );
  const chunk = Buffer.concat([first, rest]);
  const all = ['one', 'two', long, 'four', 'five', 'cut'.padEnd(40)];
  expect(keysIn(chunk)).toEqual(all);
  expect(keysIn(chunk, first.length)).toEqual(all.slice(1));
  expect(keysIn(chunk.subarray(0, -20))).toEqual(all.slice(0, -1));
});

test('as many as are fetched at once', () => {
  const writes = Array.from({ length: FETCH_MAX + 8 }, (_, index) => get(`key/${index}`));
  const keys = keysIn(chunkOf(...writes));
  expect(keys).toHaveLength(FETCH_MAX);
  expect(keys.at(-1)).toBe(`key/${FETCH_MAX - 1}`);
});

test('it ends at what has no key, or is rare', () => {
  const strange: readonly Write[] = [
    (out) => encodeIncr(out, 2, Buffer.from('number'), 7),
    (out) => encodeGet(out, 2, Buffer.from('late'), 100),
    (out) => encodeGet(out, 2, Buffer.alloc(2000, 'k')),
  ];
  for (const write of strange) {
    expect(keysIn(chunkOf(get('one'), write, get('never'), get('again')))).toEqual(['one']);
  }
});

test('whatever is there, keys lie within it', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.constantFrom(chunkOf(get('one')), Buffer.from([0, 0, 0, 9, 0, 0x94, 1, 3, 0xc0, 0xc4])),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const buffer = Buffer.concat(pieces);
      const ahead = new FrameKeysAhead();
      ahead.find(buffer, 0);
      for (let index = 0; index < ahead.count; index += 1) {
        const start = ahead.starts[index] as number;
        expect(start + (ahead.lengths[index] as number)).toBeLessThanOrEqual(buffer.length);
      }
    }),
  );
});
