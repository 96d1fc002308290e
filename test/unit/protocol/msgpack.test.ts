import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { CaskError } from '../../../src/errors/cask-error.ts';
import { checkBody, MsgpackReader } from '../../../src/protocol/msgpack-reader.ts';
import {
  bytesRoom,
  type PlainValue,
  writeBytes,
  writeInt,
  writeU64,
} from '../../../src/protocol/msgpack-writer.ts';
import { packValue, unpackBody, unpackValue } from '../../../src/protocol/packr.ts';

const packr = new Packr({ useRecords: false, int64AsType: 'auto' as 'number' });

function readerOf(bytes: Buffer): MsgpackReader {
  const reader = new MsgpackReader();
  reader.open(bytes, 0, bytes.length);
  return reader;
}

/** Adds zeros at both ends, so that a read past the bounds would go unpunished. */
function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.alloc(16), bytes, Buffer.alloc(16)]);
}

const EDGES = [0, 1, 31, 32, 127, 128, 255, 256, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 32];

describe('integers', () => {
  const values = [...EDGES, 2 ** 53 - 1].flatMap((value) => [value, -value, -value - 1]);
  it.each(values.filter(Number.isSafeInteger))('%i is written and read', (value) => {
    const bytes = Buffer.alloc(9);
    const end = writeInt(bytes, 0, value);
    const read = readerOf(bytes.subarray(0, end));
    expect(read.readInt('it') + 0).toBe(value + 0);
    expect(read.at).toBe(end);
    expect(packr.unpack(bytes.subarray(0, end)) + 0).toBe(value + 0);
  });

  it.each(['05', 'cc05', 'cd0005', 'ce00000005', 'cf0000000000000005', 'd005', 'd10005'])(
    'five is accepted as %s',
    (hex) => {
      expect(readerOf(Buffer.from(hex, 'hex')).readUint('five')).toBe(5);
    },
  );

  it.each(['cf0020000000000000', 'cfffffffffffffffff', 'd0ff', 'ff', 'd3ffffffffffffffff', 'a0'])(
    '%s is no unsigned integer below 2^53',
    (hex) => {
      const body = Buffer.from(`91${hex}`, 'hex');
      const reader = readerOf(body);
      reader.readArrayHeader('body');
      expect(() => reader.readUint('it')).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
    },
  );

  it('writeU64 has one width', () => {
    const bytes = Buffer.alloc(9);
    expect(writeU64(bytes, 0, 5)).toBe(9);
    expect(bytes.toString('hex')).toBe('cf0000000000000005');
  });
});

describe('bytes', () => {
  it.each([0, 1, 85, 86, 255, 256, 65_535, 65_536])('%i of them, and as a string', (length) => {
    const text = 'é'.repeat(Math.floor(length / 2)) + 'a'.repeat(length % 2);
    for (const data of [text, Buffer.from(text)]) {
      const out = Buffer.alloc(bytesRoom(data));
      const end = writeBytes(out, 0, data);
      expect(out.subarray(0, end)).toEqual(packr.pack(Buffer.from(text)));
      expect(readerOf(out.subarray(0, end)).readText('it')).toBe(text);
    }
  });

  it('come as str too', () => {
    for (const length of [0, 31, 32, 255, 256, 70_000]) {
      const text = 'x'.repeat(length);
      expect(readerOf(packr.pack(text)).readSlice('it').toString()).toBe(text);
    }
  });
});

const plain = fc.letrec<{ value: PlainValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    // -0 is written as the integer 0
    fc.double({ noNaN: true }).map((value) => value + 0),
    fc.string(),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value')),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), tie('value')),
  ),
})).value;

describe('any value', () => {
  it('means the same to msgpackr and to our reader', () => {
    fc.assert(
      fc.property(plain, (value) => {
        const bytes = packValue([value]);
        // Infinity, integers beyond 2^53 and -0 travel as floats.
        expect(packr.unpack(bytes)).toEqual([value === null ? null : value]);
        const body = padded(bytes);
        expect(unpackBody(body, 16, 16 + bytes.length)).toEqual([value]);
        const { next } = unpackValue(body, 16, 16 + bytes.length, 0);
        expect(next).toBe(16 + bytes.length);
      }),
    );
  });

  it('leaves undefined out of maps and makes it nil in arrays', () => {
    expect(packValue([undefined, { a: undefined, b: 1n }]).toString('hex')).toBe(
      '92c081a162cf0000000000000001',
    );
  });
});

describe('bytes from strangers', () => {
  it('are never read past their end, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const body = padded(bytes);
        try {
          checkBody(body, 16, 16 + bytes.length);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(CaskError);
          expect(thrown).toMatchObject({ code: 'BAD_FRAME' });
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('are refused at every cut of a good message', () => {
    const bytes = packValue([1, { a: [1.5, 'text', Buffer.alloc(300), 2 ** 40] }, 'x'.repeat(40)]);
    for (let length = 0; length < bytes.length; length++) {
      const cut = () => checkBody(padded(bytes), 16, 16 + length);
      expect(cut).toThrow(expect.objectContaining({ code: 'BAD_FRAME' }));
    }
  });

  it.each([
    ['ddffffffff', 'a count that cannot be'],
    ['dfffffffff', 'a count of pairs that cannot be'],
    ['91c6ffffffff', 'a length that cannot be'],
    ['91d40005', 'an extension'],
    ['91c1', 'the type that is none'],
    ['9101ff', 'bytes left over'],
    ['05', 'no array'],
    ['', 'nothing'],
    [`${'91'.repeat(9)}c0`, 'nine levels'],
    ['91'.repeat(5000), 'far too many levels'],
  ])('%s is refused: %s', (hex) => {
    const bytes = Buffer.from(hex, 'hex');
    const check = () => checkBody(bytes, 0, bytes.length);
    expect(check).toThrow(expect.objectContaining({ code: 'BAD_FRAME' }));
  });

  it('may be nested eight levels deep', () => {
    const bytes = Buffer.from(`${'91'.repeat(8)}c0`, 'hex');
    expect(() => checkBody(bytes, 0, bytes.length)).not.toThrow();
  });
});
