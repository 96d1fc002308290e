import { describe, expect, it } from 'vitest';
import { ValueSlab } from '../../../src/storage/read/value-slab.ts';

/** What was copied, where it lies. */
function copyOf(slab: ValueSlab, source: Uint8Array, start: number, length: number): Buffer {
  slab.copy(source, start, length);
  return slab.buffer.subarray(slab.start, slab.start + length);
}

const LENGTHS = [100, 0, 5000, 3000, 1, 20_000, 7, 8192, 8193, 33];

describe('the copies of a page', () => {
  it.each([LENGTHS.reduce((sum, length) => sum + length, 0), 0])(
    'are what was copied, and stay so, when %i bytes were foreseen',
    (foreseen) => {
      const source = new Uint8Array(new SharedArrayBuffer(64 * 1024));
      const slab = new ValueSlab(foreseen);
      const copies = LENGTHS.map((length, index) => {
        source.fill(index + 1, index, index + length);
        return copyOf(slab, source, index, length);
      });
      source.fill(0);
      expect(copies.map((copy) => copy.length)).toEqual(LENGTHS);
      for (const [index, copy] of copies.entries()) {
        expect(copy.equals(Buffer.alloc(copy.length, index + 1))).toBe(true);
      }
    },
  );

  it('lie in one buffer as far as they are small', () => {
    const slab = new ValueSlab(200);
    const source = new Uint8Array(100);
    const [one, other] = [copyOf(slab, source, 0, 100), copyOf(slab, source, 0, 100)];
    expect(other.buffer).toBe(one.buffer);
    expect(other.byteOffset).toBe(one.byteOffset + 100);
  });
});
