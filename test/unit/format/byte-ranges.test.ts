import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bytesEqual, compareBytes, copyBytes } from '../../../src/storage/format/byte-ranges.ts';

const bytes = fc.uint8Array({ maxLength: 80 });

it('copies what set would copy', () => {
  fc.assert(
    fc.property(bytes, fc.nat(20), (source, at) => {
      const target = new Uint8Array(120);
      copyBytes(target, at, source, 0, source.length);
      const expected = new Uint8Array(120);
      expected.set(source, at);
      expect(target).toEqual(expected);
    }),
  );
});

it('orders as Buffer.compare does, at any offset', () => {
  const small = fc.uint8Array({ maxLength: 4, max: 2 });
  fc.assert(
    fc.property(fc.oneof(bytes, small), fc.oneof(bytes, small), (left, right) => {
      const shifted = new Uint8Array(right.length + 3);
      shifted.set(right, 3);
      const order = compareBytes(left, 0, left.length, shifted, 3, right.length);
      expect(Math.sign(order)).toBe(Buffer.compare(left, right));
      const equal = left.length === right.length && bytesEqual(left, 0, shifted, 3, left.length);
      expect(equal).toBe(order === 0);
    }),
  );
});
