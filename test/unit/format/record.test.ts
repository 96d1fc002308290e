import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../../src/storage/format/checksum.ts';
import { writeU32 } from '../../../src/storage/format/integers.ts';
import {
  clearBatchFlag,
  DECODE_BAD,
  DECODE_OK,
  DECODE_SHORT,
  DECODE_UNSUPPORTED,
  decodeRecordHead,
  encodeRecord,
  encodeRecordHead,
  FLAG_BATCH_CONTINUES,
  FLAG_EXPIRES,
  looksLikeRecord,
  NO_EXPIRY,
  RECORD_CLEAR,
  RECORD_DELETE,
  RECORD_HEADER_BYTES,
  RECORD_PUT,
  RECORD_TOUCH,
  RecordView,
  recordBytes,
  recordKeyBytes,
  recordKeyStart,
  touchBytes,
  valueSeed,
  verifyRecordValue,
  viewTrustedRecord,
  writeValueCrc,
} from '../../../src/storage/format/record.ts';

interface Sample {
  type: number;
  flags: number;
  key: Uint8Array;
  value: Uint8Array;
  sequence: number;
  version: number;
  createdAt: number;
  updatedAt: number;
  expiresAt: number;
  salt: number;
  fileOffset: number;
  provenOffset: number;
  valueSequence?: number;
}

const PLAIN: Sample = {
  type: RECORD_PUT,
  flags: 0,
  key: Buffer.from('the key'),
  value: Buffer.from('the value'),
  sequence: 77,
  version: 3,
  createdAt: 1_700_000_000_000,
  updatedAt: 1_700_000_000_123,
  expiresAt: NO_EXPIRY,
  salt: 0xfeed_beef,
  fileOffset: 1000,
  provenOffset: 900,
};

const NO_VALUE = new Uint8Array(0);
const TOUCH: Partial<Sample> = { type: RECORD_TOUCH, value: NO_VALUE, valueSequence: 5 };
const CLEAR: Partial<Sample> = { type: RECORD_CLEAR, key: NO_VALUE, value: NO_VALUE, version: 0 };

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const samples: fc.Arbitrary<Sample> = fc
  .record({
    type: fc.constantFrom(RECORD_PUT, RECORD_DELETE, RECORD_TOUCH, RECORD_CLEAR),
    named: fc.nat(),
    flags: fc.constantFrom(0, FLAG_BATCH_CONTINUES),
    key: fc.uint8Array({ minLength: 1, maxLength: 300 }),
    value: fc.uint8Array({ maxLength: 2000 }),
    sequence: fc.integer({ min: 2, max: Number.MAX_SAFE_INTEGER }),
    version: fc.integer({ min: 1, max: 0xffff_ffff }),
    createdAt: time,
    updatedAt: time,
    expiresAt: fc.oneof(fc.constant(NO_EXPIRY), time),
    salt: u32,
    fileOffset: u32,
    provenOffset: u32,
  })
  .map(({ named, ...sample }) => ({
    ...sample,
    provenOffset: Math.min(sample.provenOffset, sample.fileOffset),
    ...(sample.type === RECORD_PUT ? {} : { value: NO_VALUE }),
    ...(sample.type === RECORD_DELETE ? { expiresAt: NO_EXPIRY } : {}),
    ...(sample.type === RECORD_TOUCH ? { valueSequence: 1 + (named % (sample.sequence - 1)) } : {}),
    ...(sample.type === RECORD_CLEAR
      ? { key: NO_VALUE, version: 0, flags: 0, expiresAt: NO_EXPIRY }
      : {}),
  }));

function bytesOf(sample: Sample): number {
  const { key, value, expiresAt, type } = sample;
  if (type === RECORD_TOUCH) return touchBytes(key.length, expiresAt !== NO_EXPIRY);
  return recordBytes(key.length, value.length, expiresAt !== NO_EXPIRY);
}

function encodeInto(target: Uint8Array, at: number, sample: Sample): number {
  return encodeRecord(
    target,
    at,
    sample.salt,
    sample.fileOffset,
    sample.type,
    sample.flags,
    sample.key,
    0,
    sample.key.length,
    sample.value,
    0,
    sample.value.length,
    sample.sequence,
    sample.provenOffset,
    sample.version,
    sample.createdAt,
    sample.updatedAt,
    sample.expiresAt,
    sample.valueSequence,
  );
}

function encode(sample: Sample): Uint8Array {
  const bytes = new Uint8Array(bytesOf(sample));
  expect(encodeInto(bytes, 0, sample)).toBe(bytes.length);
  return bytes;
}

/** Decodes at 0 and verifies the value if it is all there. */
function decode(bytes: Uint8Array, { salt, fileOffset }: Sample, view = new RecordView()) {
  const result = decodeRecordHead(bytes, 0, bytes.length, salt, fileOffset, view);
  if (result !== DECODE_OK) return { result, valueOk: undefined };
  const whole = view.recordBytes <= bytes.length;
  return { result, valueOk: whole ? verifyRecordValue(bytes, view, salt) : undefined };
}

/** A byte of the head changed, and headCrc made right again: what another writer may produce. */
function forge(sample: Sample, at: number, byte: number): Uint8Array {
  const bytes = encode(sample);
  bytes[at] = byte;
  const seed = (sample.salt + sample.fileOffset) >>> 0;
  const keyEnd = bytes.length - sample.value.length;
  writeU32(bytes, 0, crc32(bytes, 8, keyEnd, seed));
  return bytes;
}

describe('record round trip', () => {
  it('gives back what went in, wherever it lies in the buffer', () => {
    const view = new RecordView(); // reused: nothing of an earlier record may shine through
    fc.assert(
      fc.property(samples, fc.nat(40), (sample, at) => {
        const bytes = new Uint8Array(at + bytesOf(sample) + 7).fill(0xcc);
        const end = encodeInto(bytes, at, sample);
        expect(end).toBe(at + bytesOf(sample));
        expect(bytes.subarray(0, at).every((byte) => byte === 0xcc)).toBe(true);
        expect(bytes.subarray(end).every((byte) => byte === 0xcc)).toBe(true);
        const { salt, fileOffset, key, value, flags, ...facts } = sample;
        expect(decodeRecordHead(bytes, at, bytes.length, salt, fileOffset, view)).toBe(DECODE_OK);
        expect(view).toMatchObject({ ...facts, recordBytes: end - at });
        expect(view.flags).toBe(flags | (facts.expiresAt === NO_EXPIRY ? 0 : FLAG_EXPIRES));
        const keyEnd = view.keyStart + view.keyBytes;
        expect(bytes.subarray(view.keyStart, keyEnd)).toEqual(key);
        expect(bytes.subarray(view.valueStart, end)).toEqual(value);
        expect(view.valueBytes).toBe(value.length);
        expect(verifyRecordValue(bytes, view, salt)).toBe(true);
        expect(recordKeyStart(bytes, at)).toBe(view.keyStart);
        expect(recordKeyBytes(bytes, at)).toBe(view.keyBytes);
        const trusted = new RecordView();
        viewTrustedRecord(bytes, at, trusted);
        expect({ ...trusted, neededBytes: 0 }).toEqual({ ...view, neededBytes: 0 });
      }),
    );
  });

  it('holds the longest key', () => {
    const sample = { ...PLAIN, key: new Uint8Array(65_535).fill(1) };
    expect(decode(encode(sample), sample)).toEqual({ result: DECODE_OK, valueOk: true });
  });

  it('is the same when the head is written apart from a value that is summed in slices', () => {
    const { key, value, salt, fileOffset, sequence } = PLAIN;
    const bytes = new Uint8Array(bytesOf(PLAIN));
    const valueAt = encodeRecordHead(
      bytes,
      0,
      salt,
      fileOffset,
      RECORD_PUT,
      0,
      key,
      0,
      key.length,
      value.length,
      0,
      sequence,
      PLAIN.provenOffset,
      PLAIN.version,
      PLAIN.createdAt,
      PLAIN.updatedAt,
      NO_EXPIRY,
    );
    bytes.set(value, valueAt);
    const first = crc32(value, 0, 4, valueSeed(salt, sequence));
    writeValueCrc(bytes, 0, crc32(value, 4, value.length, first));
    expect(bytes).toEqual(encode(PLAIN));
  });
});

describe('clearBatchFlag', () => {
  it('gives the record that would have been encoded without the flag', () => {
    fc.assert(
      fc.property(samples, (sample) => {
        fc.pre(sample.type !== RECORD_CLEAR);
        const bytes = encode({ ...sample, flags: FLAG_BATCH_CONTINUES });
        clearBatchFlag(bytes, 0, sample.salt, sample.fileOffset);
        expect(bytes).toEqual(encode({ ...sample, flags: 0 }));
      }),
    );
  });
});

describe('record damage', () => {
  const withExpiry = { ...PLAIN, expiresAt: 1_700_000_100_000 };
  const tombstone = { ...PLAIN, type: RECORD_DELETE, value: new Uint8Array(0) };
  const all = [PLAIN, withExpiry, tombstone];

  it.each(all)('any flipped bit is found', (sample) => {
    const intact = encode(sample);
    for (let bit = 0; bit < intact.length * 8; bit += 1) {
      const bytes = Uint8Array.from(intact);
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      const { result, valueOk } = decode(bytes, sample);
      expect(result === DECODE_OK && valueOk === true).toBe(false);
      const inValue = bit >> 3 >= intact.length - sample.value.length;
      const inValueCrc = bit >> 3 >= 4 && bit >> 3 < 8;
      if (inValue || inValueCrc) expect({ result, valueOk }).toEqual({ result: 0, valueOk: false });
    }
  });

  it.each(all)('cut anywhere, it is short and says how much it needs', (sample) => {
    const intact = encode(sample);
    const headBytes = intact.length - sample.value.length;
    const view = new RecordView();
    for (let length = 0; length < intact.length; length += 1) {
      const { result } = decode(intact.subarray(0, length), sample, view);
      expect(result).toBe(length < headBytes ? DECODE_SHORT : DECODE_OK);
      if (result !== DECODE_SHORT) continue;
      expect(view.neededBytes).toBe(length < RECORD_HEADER_BYTES ? 44 : headBytes);
    }
  });

  it('zeros are no record', () => {
    expect(decode(new Uint8Array(200), PLAIN).result).toBe(DECODE_BAD);
  });

  it('asks for at most 65,590 bytes before it has verified anything', () => {
    const view = new RecordView();
    const junk = fc.uint8Array({ minLength: RECORD_HEADER_BYTES, maxLength: 120 });
    fc.assert(
      fc.property(junk, (bytes) => {
        view.neededBytes = 0;
        const result = decodeRecordHead(bytes, 0, bytes.length, 1, 80, view);
        expect([DECODE_BAD, DECODE_SHORT]).toContain(result);
        expect(view.neededBytes).toBeLessThanOrEqual(65_590);
      }),
    );
  });

  it('is bound to its segment, its offset and its sequence', () => {
    const bytes = encode(PLAIN);
    const elsewhere = { ...PLAIN, fileOffset: PLAIN.fileOffset + 1 };
    expect(decode(bytes, elsewhere).result).toBe(DECODE_BAD);
    expect(decode(bytes, { ...PLAIN, salt: PLAIN.salt + 2 }).result).toBe(DECODE_BAD);
    const other = encode({ ...PLAIN, sequence: PLAIN.sequence + 1 });
    other.set(bytes.subarray(4, 8), 4); // the stale value, its checksum along with it
    expect(decode(other, PLAIN)).toEqual({ result: DECODE_OK, valueOk: false });
  });

  const soon = { ...PLAIN, expiresAt: 1 };
  it.each<[string, Sample, number, number]>([
    ['type 0', PLAIN, 8, 0],
    ['a tombstone with a value', PLAIN, 8, RECORD_DELETE],
    ['sequence 0', { ...PLAIN, sequence: 1 }, 16, 0],
    ['sequence 2^53', PLAIN, 22, 0x20],
    ['a put of version 0', { ...PLAIN, version: 1 }, 28, 0],
    ['a provenOffset behind the record', { ...PLAIN, fileOffset: 80, provenOffset: 80 }, 24, 81],
    ['an expiry of 0', soon, 44, 0],
  ])('a right checksum does not make up for %s', (_, sample, at, byte) => {
    expect(decode(forge(sample, at, byte), sample).result).toBe(DECODE_BAD);
  });
});

describe('records of a newer writer', () => {
  it.each([4, 5, 7, 8, 9, 10, 11, 12, 13, 255])('type %i is unsupported', (type) => {
    const view = new RecordView();
    expect(decode(forge(PLAIN, 8, type), PLAIN, view).result).toBe(DECODE_UNSUPPORTED);
    expect(view).toMatchObject({ type, sequence: PLAIN.sequence });
  });

  it.each([0x08, 0x10, 0x20, 0x40, 0x80])('flag %i is unsupported', (flag) => {
    expect(decode(forge(PLAIN, 9, flag), PLAIN).result).toBe(DECODE_UNSUPPORTED);
  });

  it('an encoded value is unsupported', () => {
    // With ENCODED the first 5 bytes of what was the key are the codec extension.
    const bytes = encode(PLAIN);
    bytes[9] = 0x04;
    bytes[10] = PLAIN.key.length - 5;
    const seed = (PLAIN.salt + PLAIN.fileOffset) >>> 0;
    writeU32(bytes, 0, crc32(bytes, 8, RECORD_HEADER_BYTES + PLAIN.key.length, seed));
    expect(decode(bytes, PLAIN).result).toBe(DECODE_UNSUPPORTED);
  });
});

describe('encoding asserts', () => {
  it.each<[string, Partial<Sample>]>([
    ['an empty key', { key: new Uint8Array(0) }],
    ['a key of 65536 bytes', { key: new Uint8Array(65_536) }],
    ['sequence 0', { sequence: 0 }],
    ['sequence 2^53', { sequence: 2 ** 53 }],
    ['a put of version 0', { version: 0 }],
    ['version 2^32', { version: 2 ** 32 }],
    ['a time above u48', { updatedAt: 2 ** 48 }],
    ['a tombstone with a value', { type: RECORD_DELETE }],
    ['type 0', { type: 0 }],
    ['a reserved type', { type: 4 }],
    ['a touch that names no put', { type: RECORD_TOUCH, value: NO_VALUE }],
    ['a touch that names a put behind it', { ...TOUCH, valueSequence: 77 }],
    ['a touch with a value', { ...TOUCH, value: Buffer.from('v') }],
    ['a put that names a put', { valueSequence: 3 }],
    ['a clear with a key', { type: RECORD_CLEAR, value: NO_VALUE, version: 0 }],
    ['a clear in a batch', { ...CLEAR, flags: FLAG_BATCH_CONTINUES }],
    ['an unknown flag', { flags: 0x10 }],
    ['EXPIRES given by the caller', { flags: FLAG_EXPIRES }],
    ['a provenOffset behind the record', { provenOffset: 1001 }],
  ])('%s', (_, change) => {
    const sample = { ...PLAIN, ...change };
    expect(() => encodeInto(new Uint8Array(70_000), 0, sample)).toThrowError(
      expect.objectContaining({ code: 'INTERNAL' }),
    );
  });

  it('that the target has room', () => {
    const target = new Uint8Array(bytesOf(PLAIN) - 1);
    expect(() => encodeInto(target, 0, PLAIN)).toThrowError(/fits/);
    expect(target.every((byte) => byte === 0)).toBe(true);
  });
});

describe('looksLikeRecord', () => {
  it('never rejects a record that decodes', () => {
    fc.assert(
      fc.property(samples, (sample) => {
        const bytes = encode(sample);
        const { fileOffset, sequence } = sample;
        const fileBytes = fileOffset + bytes.length;
        const looks = (lowest: number, highest: number, length: number) =>
          looksLikeRecord(bytes, 0, bytes.length, fileOffset, length, lowest, highest);
        expect(looks(sequence, sequence, fileBytes)).toBe(true);
        expect(looks(sequence + 1, sequence + 2, fileBytes)).toBe(false);
        expect(looks(0, sequence - 1, fileBytes)).toBe(false);
        expect(looks(sequence, sequence, fileBytes - 1)).toBe(false);
      }),
    );
  });

  it('rejects zeros, unknown types and flags, and what is proven behind itself', () => {
    const looks = (bytes: Uint8Array, fileOffset = 1000) =>
      looksLikeRecord(bytes, 0, bytes.length, fileOffset, 5000, 1, 100);
    expect(looks(new Uint8Array(60))).toBe(false);
    expect(looks(encode(PLAIN))).toBe(true);
    expect(looks(encode(PLAIN), 899)).toBe(false);
    expect(looks(forge(PLAIN, 8, 13))).toBe(false);
    expect(looks(forge(PLAIN, 9, 8))).toBe(false);
  });

  it('does not judge a header that is not all there, unless the file ends', () => {
    const bytes = encode(PLAIN);
    expect(looksLikeRecord(bytes, 0, 20, 1000, 5000, 1, 100)).toBe(true);
    expect(looksLikeRecord(bytes, 0, 20, 1000, 1020, 1, 100)).toBe(false);
  });
});
