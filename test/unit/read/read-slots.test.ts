import { expect, test } from 'vitest';
import { READS_WAITING_BYTES_MAX, ReadSlots } from '../../../src/storage/read/read-slots.ts';

/** Takes slots and tells which were given so far. */
function reads(slots: ReadSlots, sizes: readonly number[]): number[] {
  const begun: number[] = [];
  sizes.forEach((bytes, index) => {
    void slots.take(bytes, 0).then(() => begun.push(index));
  });
  return begun;
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test('so many at a time, the rest in order', async () => {
  const slots = new ReadSlots({ maxReadsInFlight: 2, maxReadBytesInFlight: 1000 });
  const begun = reads(slots, [1, 1, 1, 1]);
  await settled();
  expect(begun).toEqual([0, 1]);
  expect([slots.taken, slots.waiting, slots.delayed]).toEqual([2, 2, 2]);
  slots.give(1);
  await settled();
  expect(begun).toEqual([0, 1, 2]);
  slots.give(1);
  slots.give(1);
  slots.give(1);
  await settled();
  expect(begun).toEqual([0, 1, 2, 3]);
  expect([slots.taken, slots.takenHigh, slots.bytes, slots.bytesHigh]).toEqual([0, 2, 0, 2]);
});

test('so many bytes at a time; one alone is read whatever its size', async () => {
  const slots = new ReadSlots({ maxReadsInFlight: 9, maxReadBytesInFlight: 100 });
  const begun = reads(slots, [500, 60, 40, 1]);
  await settled();
  expect(begun).toEqual([0]);
  slots.give(500);
  await settled();
  // 60 + 40 fill it; the last one does not overtake
  expect(begun).toEqual([0, 1, 2]);
  slots.give(40);
  await settled();
  expect(begun).toEqual([0, 1, 2, 3]);
  expect(slots.delayedForBytes).toBe(3);
});

test('what waits is bounded by what it holds: more is refused', async () => {
  const slots = new ReadSlots({ maxReadsInFlight: 1, maxReadBytesInFlight: 100 });
  await slots.take(1, 0);
  const held = READS_WAITING_BYTES_MAX / 2;
  const waiting = slots.take(1, held);
  await expect(slots.take(1, held)).rejects.toMatchObject({
    code: 'BUSY',
    details: { limitName: 'maxReadsInFlight', limit: 1 },
  });
  expect(slots.refused).toBe(1);
  slots.give(1);
  await waiting;
  expect(slots.waiting).toBe(0);
});
