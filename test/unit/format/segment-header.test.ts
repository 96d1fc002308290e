import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../../src/storage/format/checksum.ts';
import { writeU16, writeU32 } from '../../../src/storage/format/integers.ts';
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from '../../../src/storage/format/segment-header.ts';

const headers: fc.Arbitrary<SegmentHeader> = fc.record({
  kind: fc.constantFrom('log' as const, 'merged' as const),
  uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  id: fc.maxSafeNat(),
  baseSequence: fc.maxSafeNat(),
  epoch: fc.maxSafeNat(),
  createdAt: fc.maxSafeNat(),
  salt: fc.integer({ min: 0, max: 0xffff_ffff }),
});

const sample = encodeSegmentHeader({
  kind: 'log',
  uuid: new Uint8Array(16).fill(9),
  id: 3,
  baseSequence: 17,
  epoch: 1,
  createdAt: 1_700_000_000_000,
  salt: 0x8000_0001,
});

describe('segment header', () => {
  it('round trips', () => {
    fc.assert(
      fc.property(headers, (header) => {
        const bytes = encodeSegmentHeader(header);
        expect(bytes.length).toBe(SEGMENT_HEADER_BYTES);
        expect(SEGMENT_HEADER_BYTES).toBe(80);
        const decoded = decodeSegmentHeader(bytes) as SegmentHeader;
        expect({ ...decoded, uuid: Uint8Array.from(decoded.uuid) }).toEqual(header);
      }),
    );
  });

  it('is undefined when the magic is not there', () => {
    expect(decodeSegmentHeader(new Uint8Array(0))).toBeUndefined();
    expect(decodeSegmentHeader(new Uint8Array(SEGMENT_HEADER_BYTES))).toBeUndefined();
    expect(decodeSegmentHeader(sample.subarray(0, 7))).toBeUndefined();
  });

  it('is refused when it is cut anywhere behind the magic', () => {
    for (let length = 8; length < SEGMENT_HEADER_BYTES; length += 1) {
      expect(() => decodeSegmentHeader(sample.subarray(0, length))).toThrowError(
        expect.objectContaining({ code: 'CORRUPT' }),
      );
    }
  });

  it('shows any flipped bit', () => {
    for (let bit = 0; bit < SEGMENT_HEADER_BYTES * 8; bit += 1) {
      const bytes = Uint8Array.from(sample);
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      let outcome: unknown;
      try {
        outcome = decodeSegmentHeader(bytes);
      } catch (thrown) {
        outcome = (thrown as { code: string }).code;
      }
      if (bit >> 3 < 8) expect(outcome).toBeUndefined();
      else expect(outcome).toBe('CORRUPT');
    }
  });

  it('names a version and a feature that it does not know', () => {
    const version = Uint8Array.from(sample);
    writeU16(version, 8, 2);
    writeU32(version, 76, crc32(version, 0, 76, 0));
    expect(() => decodeSegmentHeader(version)).toThrowError(
      /format version 2; this caskd knows version 1: a newer caskd wrote it; use that one/,
    );
    const feature = Uint8Array.from(sample);
    writeU32(feature, 12, 0x10);
    writeU32(feature, 76, crc32(feature, 0, 76, 0));
    expect(() => decodeSegmentHeader(feature)).toThrowError(/bits 0x10/);
    // Of another layout, the checksum may be anywhere.
    const longer = Uint8Array.from(sample);
    writeU16(longer, 8, 3);
    writeU32(longer, 76, 0x1234_5678);
    expect(() => decodeSegmentHeader(longer)).toThrowError(/format version 3/);
  });
});
