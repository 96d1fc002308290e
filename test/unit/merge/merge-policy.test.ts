import { expect, test } from 'vitest';
import { Segment } from '../../../src/storage/log/segment.ts';
import { chooseAll, chooseSegments } from '../../../src/storage/merge/merge-policy.ts';
import type { MergeOptions } from '../../../src/storage/store-options.ts';

const MIB = 1 << 20;
const options: MergeOptions = {
  automatic: true,
  triggerDeadRatio: 0.5,
  triggerDeadBytes: 128 * MIB,
  thresholdDeadRatio: 0.3,
  smallSegmentBytes: 8 * MIB,
  smallSegmentCount: 4,
  inputBytesMax: 1024 * MIB,
  bytesPerSecond: 0,
  windowHours: undefined,
  checkIntervalMs: 1000,
};

function segment(id: number, mib: number, liveShare: number, tombstoneMib = 0): Segment {
  const made = new Segment({
    id,
    kind: 'log',
    slot: id,
    salt: 0,
    state: 'sealed',
    bytes: mib * MIB,
  });
  made.liveBytes = mib * MIB * liveShare;
  made.tombstoneBytes = tombstoneMib * MIB;
  made.min = id * 100;
  made.last = id * 100 + 99;
  return made;
}

function ids(segments: readonly Segment[]): number[] {
  return segments.map(({ id }) => id);
}

function choose(
  sealed: Segment[],
  more: Partial<MergeOptions> = {},
  kept = 0,
  hour = 12,
): number[] {
  const merge = { ...options, ...more };
  const input = { sealed, options: merge, segmentBytes: 256 * MIB, hour, tombstoneBytesKept: kept };
  return ids(chooseSegments(input));
}

test('nothing is merged while no segment has enough garbage', () => {
  expect(choose([segment(1, 256, 0.6), segment(2, 256, 1)])).toEqual([]);
});

test('one segment above the trigger takes along those above the threshold', () => {
  expect(choose([segment(1, 100, 0.4), segment(2, 100, 0.65), segment(3, 100, 0.9)])).toEqual([
    1, 2,
  ]);
});

test('dead bytes alone trigger, whatever their share', () => {
  expect(choose([segment(1, 1000, 0.8)])).toEqual([1]);
});

test('enough small segments are gathered', () => {
  const small = [1, 2, 3, 4].map((id) => segment(id, 1, 1));
  expect(choose(small)).toEqual([1, 2, 3, 4]);
  expect(choose(small.slice(0, 3))).toEqual([]);
  const tiny = { sealed: small, options, hour: 12, tombstoneBytesKept: 0, segmentBytes: MIB };
  expect(ids(chooseSegments(tiny))).toEqual([]);
});

test('the bytes of one merge are bounded, the most garbage first', () => {
  const sealed = [segment(1, 100, 0.45), segment(2, 100, 0.1), segment(3, 100, 0.4)];
  expect(choose(sealed, { inputBytesMax: 200 * MIB })).toEqual([2, 3]);
});

test('outside its window nothing starts, also where the window passes midnight', () => {
  const sealed = [segment(1, 100, 0)];
  expect(choose(sealed, { windowHours: [1, 5] }, 0, 6)).toEqual([]);
  expect(choose(sealed, { windowHours: [1, 5] }, 0, 4)).toEqual([1]);
  expect(choose(sealed, { windowHours: [22, 5] }, 0, 23)).toEqual([1]);
  expect(choose(sealed, { windowHours: [22, 5] }, 0, 5)).toEqual([]);
});

test('too many tombstones bring in the segments that hold them back, once', () => {
  const sealed = [segment(1, 100, 0.95), segment(2, 100, 0.9, 20), segment(3, 100, 1)];
  expect(choose(sealed)).toEqual([1, 2]);
  expect(choose(sealed, {}, 20 * MIB)).toEqual([]);
});

test('by hand: everything, unless nothing is dead', () => {
  const full = segment(1, 1, 1);
  full.liveBytes = full.bytes - 80;
  expect(ids(chooseAll([full]))).toEqual([]);
  expect(ids(chooseAll([full, segment(2, 1, 0.99)]))).toEqual([1, 2]);
});
