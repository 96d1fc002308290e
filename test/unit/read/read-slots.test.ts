import { expect, test } from 'vitest';
import {
  READS_WAITING_BYTES_MAX,
  type ReadSlotLimits,
  ReadSlots,
} from '../../../src/storage/read/read-slots.ts';

const NO_WRITES = () => false;
const NEVER = () => false;

function slotsOf(limits: Partial<ReadSlotLimits>, writesNeedThreads = NO_WRITES): ReadSlots {
  const all = { maxReadsInFlight: 9, maxReadBytesInFlight: 1000, ...limits };
  return new ReadSlots(all, writesNeedThreads);
}

/** Takes slots. @returns which were given so far */
function reads(slots: ReadSlots, sizes: readonly number[]): number[] {
  const begun: number[] = [];
  sizes.forEach((bytes, index) => {
    slots.take({ bytes, heldBytes: 0, begin: () => begun.push(index), beginNow: NEVER });
  });
  return begun;
}

test('so many at a time, the rest in order', () => {
  const slots = slotsOf({ maxReadsInFlight: 2 });
  const begun = reads(slots, [1, 1, 1, 1]);
  expect(begun).toEqual([0, 1]);
  expect([slots.taken, slots.waiting, slots.delayed]).toEqual([2, 2, 2]);
  slots.give(1);
  expect(begun).toEqual([0, 1, 2]);
  slots.give(1);
  slots.give(1);
  slots.give(1);
  expect(begun).toEqual([0, 1, 2, 3]);
  expect([slots.taken, slots.takenHigh, slots.bytes, slots.bytesHigh]).toEqual([0, 2, 0, 2]);
});

test('so many bytes at a time; one alone is read whatever its size', () => {
  const slots = slotsOf({ maxReadBytesInFlight: 100 });
  const begun = reads(slots, [500, 60, 40, 1]);
  expect(begun).toEqual([0]);
  slots.give(500);
  // 60 + 40 fill it; the last one does not overtake
  expect(begun).toEqual([0, 1, 2]);
  slots.give(40);
  expect(begun).toEqual([0, 1, 2, 3]);
  expect(slots.delayedForBytes).toBe(3);
});

test('fewer than there are threads while writes need some, one at least', () => {
  let writing = true;
  const eight = slotsOf({ maxReadsInFlight: 8 }, () => writing);
  const begun = reads(eight, [1, 1, 1, 1]);
  expect(begun).toEqual([0, 1]);
  writing = false;
  eight.give(1);
  expect(begun).toEqual([0, 1, 2, 3]);

  const one = slotsOf({ maxReadsInFlight: 1 }, () => true);
  expect(reads(one, [1, 1])).toEqual([0]);
});

test('what waits is bounded by what it holds: more is refused', () => {
  const slots = slotsOf({ maxReadsInFlight: 1 });
  const taker = {
    bytes: 1,
    heldBytes: READS_WAITING_BYTES_MAX / 2,
    begin: () => {},
    beginNow: NEVER,
  };
  slots.take(taker);
  slots.take(taker);
  let thrown: unknown;
  try {
    slots.take(taker);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({
    code: 'BUSY',
    details: { limitName: 'maxReadsInFlight', limit: 1 },
  });
  expect([slots.refused, slots.waiting]).toEqual([1, 1]);
  slots.give(1);
  expect(slots.waiting).toBe(0);
});

test('those that can go without a slot pass by those that cannot, and hold nothing any more', () => {
  const slots = slotsOf({ maxReadsInFlight: 1 });
  const begun: string[] = [];
  const heldBytes = READS_WAITING_BYTES_MAX / 10;
  const takerOf = (name: string, isShort: boolean) => ({
    bytes: 1,
    heldBytes,
    begin: () => begun.push(name),
    beginNow: () => isShort && begun.push(`${name} now`) > 0,
  });
  slots.take(takerOf('first', false));
  for (const name of ['a', 'b', 'c', 'd']) slots.take(takerOf(name, name !== 'b'));
  const answers = [true, true, true, false];
  slots.passBy(() => answers.shift() === true);
  expect(begun).toEqual(['first', 'a now', 'c now']);
  expect([slots.taken, slots.waiting]).toEqual([1, 2]);
  slots.give(1);
  slots.give(1);
  slots.give(1);
  expect(begun.slice(3)).toEqual(['b', 'd']);
  expect([slots.taken, slots.waiting]).toEqual([0, 0]);
  // as much may wait as before
  for (let taker = 0; taker < 9; taker += 1) slots.take(takerOf('again', false));
  expect([slots.waiting, slots.refused]).toEqual([8, 0]);
});
