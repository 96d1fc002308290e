import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRangeWithin } from '../../../src/server/range-within.ts';

/** Few bytes, so that bounds meet; 0xff has no byte after it. */
const BYTES = [0x00, 0x61, 0xfe, 0xff];
const bytes = fc.array(fc.constantFrom(...BYTES), { maxLength: 3 }).map((it) => Buffer.from(it));
const bound = fc.option(bytes, { nil: undefined });

/** All keys of up to four of these bytes. */
const KEYS = [1, 2, 3, 4].flatMap((length) =>
  Array.from({ length: BYTES.length ** length }, (_, number) =>
    Buffer.from(
      Array.from(
        { length },
        (_, at) => BYTES[Math.floor(number / BYTES.length ** at) % BYTES.length] as number,
      ),
    ),
  ),
);

function beginsWith(key: Buffer, prefix: Buffer): boolean {
  return key.subarray(0, prefix.length).equals(prefix);
}

test('a range that is within holds no key without the prefix', () => {
  const allowed = bytes.filter((it) => it.length > 0);
  fc.assert(
    fc.property(bound, bound, bound, allowed, (start, end, prefix, limit) => {
      if (!isRangeWithin({ start, end, prefix }, limit)) return;
      const held = KEYS.filter(
        (key) =>
          // an empty bound is none
          (!start?.length || key.compare(start) >= 0) &&
          (!end?.length || key.compare(end) < 0) &&
          beginsWith(key, prefix ?? Buffer.alloc(0)),
      );
      expect(held.every((key) => beginsWith(key, limit))).toBe(true);
    }),
    { numRuns: 3000 },
  );
});

test.each([
  [{ prefix: 'city:' }, true],
  [{ prefix: 'city:b' }, true],
  [{ prefix: 'city:', start: 'a', end: 'z' }, true],
  [{ start: 'city:', end: 'city;' }, true],
  [{ start: 'city:a', end: 'city:b' }, true],
  [{ prefix: 'city', start: 'city:', end: 'city;' }, true],
  [{}, false],
  [{ prefix: '' }, false],
  [{ prefix: 'city' }, false],
  [{ prefix: 'citz:' }, false],
  [{ start: 'city:' }, false],
  [{ end: 'city;' }, false],
  [{ start: 'city:', end: '' }, false],
  [{ start: '', end: 'city;' }, false],
  [{ start: 'city:', end: 'city;\0' }, false],
  [{ start: 'city9', end: 'city;' }, false],
])('%j: %s', (range, isWithin) => {
  expect(isRangeWithin(range, Buffer.from('city:'))).toBe(isWithin);
});
