import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  readU16,
  readU32,
  readU48,
  readU64,
  writeU16,
  writeU32,
  writeU48,
  writeU64,
} from '../../../src/storage/format/integers.ts';

const cases = [
  { name: 'u16', bits: 16, read: readU16, write: writeU16 },
  { name: 'u32', bits: 32, read: readU32, write: writeU32 },
  { name: 'u48', bits: 48, read: readU48, write: writeU48 },
  { name: 'u64', bits: 53, read: readU64, write: writeU64 },
];

it.each(cases)('$name agrees with DataView', ({ bits, read, write }) => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat(8), fc.nat(bits), (raw, at, shift) => {
      const value = raw % 2 ** Math.max(1, bits - shift);
      const bytes = new Uint8Array(20).fill(0xee);
      write(bytes, at, value);
      const width = bits === 53 ? 8 : bits / 8;
      const expected = new Uint8Array(20).fill(0xee);
      const wide = new DataView(new ArrayBuffer(8));
      wide.setBigUint64(0, BigInt(value), true);
      expected.set(new Uint8Array(wide.buffer, 0, width), at);
      expect(bytes).toEqual(expected);
      expect(read(bytes, at)).toBe(value);
    }),
  );
});

it('keeps the largest values', () => {
  const bytes = new Uint8Array(8);
  writeU64(bytes, 0, Number.MAX_SAFE_INTEGER);
  expect(readU64(bytes, 0)).toBe(Number.MAX_SAFE_INTEGER);
  writeU48(bytes, 0, 2 ** 48 - 1);
  expect(readU48(bytes, 0)).toBe(2 ** 48 - 1);
});

it('reads a u64 of 2^53 and more as something that is no safe integer', () => {
  expect(Number.isSafeInteger(readU64(Uint8Array.of(0, 0, 0, 0, 0, 0, 0x20, 0), 0))).toBe(false);
  expect(Number.isSafeInteger(readU64(new Uint8Array(8).fill(255), 0))).toBe(false);
});
