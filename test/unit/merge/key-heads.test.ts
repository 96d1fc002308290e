import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareBytes } from '../../../src/storage/format/byte-ranges.ts';
import { KeyHeads } from '../../../src/storage/merge/key-heads.ts';

function headsOf(keys: readonly Uint8Array[]): number[] {
  const heads = new KeyHeads();
  for (const key of keys) heads.note(key, 0, key.length);
  return keys.map((key) => heads.of(key, 0, key.length));
}

const key = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ min: 0x30, max: 0x39, maxLength: 12 }),
  fc.array(fc.constantFrom(0, 1, 255), { maxLength: 6 }).map((bytes) => Uint8Array.from(bytes)),
);

test('heads are numbers of 32 bits, and never against the order of the keys', () => {
  fc.assert(
    fc.property(fc.array(key, { minLength: 2, maxLength: 30 }), (keys) => {
      const heads = headsOf(keys);
      for (const [a, left] of keys.entries()) {
        const head = heads[a] as number;
        expect(Number.isInteger(head) && head >= 0 && head < 2 ** 32).toBe(true);
        for (const [b, right] of keys.entries()) {
          const order = compareBytes(left, 0, left.length, right, 0, right.length);
          if (order < 0) expect(head).toBeLessThanOrEqual(heads[b] as number);
        }
      }
    }),
  );
});

test('nine digits are told apart', () => {
  const numbers = Array.from({ length: 2000 }, (_, index) => (index * 499_979) % 999_999_937);
  const keys = numbers.map((number) => Buffer.from(String(number).padStart(9, '0')));
  keys.push(Buffer.from('000000000'), Buffer.from('999999999'));
  const distinct = new Set(keys.map(String)).size;
  expect(new Set(headsOf(keys)).size).toBe(distinct);
});

test('where they say so, equal numbers are those of equal keys', () => {
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 30 }), (keys) => {
      const heads = new KeyHeads();
      for (const bytes of keys) heads.note(bytes, 0, bytes.length);
      if (!heads.isExact) return;
      const numbers = new Set(keys.map((bytes) => heads.of(bytes, 0, bytes.length)));
      expect(numbers.size).toBe(
        new Set(keys.map((bytes) => Buffer.from(bytes).toString('hex'))).size,
      );
    }),
  );
});
