import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { crc32, reseedCrc32 } from '../../../src/storage/format/checksum.ts';

const SEEDS = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xdead_beef, 0xffff_ffff];
const data: Uint8Array = Uint8Array.from(
  { length: 1300 },
  (_, index) => (index * 31) ^ (index >> 3),
);

it('has the check value of the standard', () => {
  expect(crc32(Buffer.from('123456789'), 0, 9, 0)).toBe(0xcbf43926);
});

it('agrees with zlib for every length around the thresholds, seeds above 2^31 included', () => {
  for (const seed of SEEDS) {
    for (let length = 0; length <= 600; length += 1) {
      expect(crc32(data, 5, 5 + length, seed)).toBe(zlibCrc32(data.subarray(5, 5 + length), seed));
    }
  }
});

it('goes on from an earlier result wherever the bytes are cut', () => {
  const whole = crc32(data, 0, data.length, 0x89ab_cdef);
  fc.assert(
    fc.property(fc.nat(data.length), (cut) => {
      const first = crc32(data, 0, cut, 0x89ab_cdef);
      expect(crc32(data, cut, data.length, first)).toBe(whole);
    }),
  );
});

it('tells the result with another seed without the bytes', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 2000 }),
      fc.nat(0xffff_ffff),
      fc.nat(0xffff_ffff),
      (bytes, from, to) => {
        const known = crc32(bytes, 0, bytes.length, from);
        const told = reseedCrc32(known, from, to, bytes.length);
        expect(told).toBe(crc32(bytes, 0, bytes.length, to));
      },
    ),
  );
});

it('tells the result with another seed of as many bytes as a value may have', () => {
  const bytes = new Uint8Array(16 * 2 ** 20 + 3).fill(0xa5);
  const known = crc32(bytes, 0, bytes.length, 7);
  const told = reseedCrc32(known, 7, 0xdead_beef, bytes.length);
  expect(told).toBe(crc32(bytes, 0, bytes.length, 0xdead_beef));
});
