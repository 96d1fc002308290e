/** Which segments to merge, and when: by dead bytes. Pure functions over the catalogue. */

import { SEGMENT_HEADER_BYTES } from '../format/segment-header.ts';
import type { Segment } from '../log/segment.ts';
import type { MergeOptions } from '../store-options.ts';

/** Tombstones that cannot be dropped start a merge from this share of the data on. */
const HELD_TOMBSTONES_SHARE = 0.05;

export interface PolicyInput {
  /** Sealed segments that may be merged. */
  readonly sealed: readonly Segment[];
  readonly options: MergeOptions;
  /** The most that a segment holds: what several small ones are gathered into. */
  readonly segmentBytes: number;
  /** Local hour, for the window. */
  readonly hour: number;
  /** Bytes of tombstones that the last merge had to keep. */
  readonly tombstoneBytesKept: number;
}

/** The segments of the next automatic merge; none when there is no reason for one. */
export function chooseSegments(input: PolicyInput): Segment[] {
  const { sealed, options, hour } = input;
  if (!isWithinWindow(options.windowHours, hour)) return [];
  const held = chooseForTombstones(input);
  if (held.length > 0) return held;
  const small = smallSegments(input);
  const isTriggered = small.size > 0 || sealed.some((segment) => triggers(segment, options));
  if (!isTriggered) return [];
  const candidates = sealed.filter(
    (segment) =>
      triggers(segment, options) ||
      deadRatio(segment) >= options.thresholdDeadRatio ||
      small.has(segment),
  );
  return withinBytes(candidates, options.inputBytesMax);
}

/** The small segments, if there are enough of them and a merge makes them fewer. */
function smallSegments(input: PolicyInput): Set<Segment> {
  const { sealed, options, segmentBytes } = input;
  const limit = Math.min(options.smallSegmentBytes, segmentBytes / 2);
  const small = sealed.filter((segment) => segment.bytes < limit);
  const bytes = small.reduce((sum, segment) => sum + segment.liveBytes + keptBytes(segment), 0);
  const isWorthIt =
    small.length >= options.smallSegmentCount && Math.ceil(bytes / segmentBytes) < small.length;
  return new Set(isWorthIt ? small : []);
}

/** What a merge by hand takes: all that has something to give back, a tombstone maybe. */
export function chooseAll(sealed: readonly Segment[]): Segment[] {
  const isUseful = sealed.some((segment) => segment.deadBytes > SEGMENT_HEADER_BYTES);
  return isUseful ? [...sealed] : [];
}

/** Dead bytes that may have to stay: tombstones, and what is kept for history. */
function keptBytes(segment: Segment): number {
  return segment.tombstoneBytes + segment.historyBytes;
}

/** Bytes that a merge certainly gives back: neither the header nor what may have to stay. */
function garbageBytes(segment: Segment): number {
  return Math.max(0, segment.deadBytes - keptBytes(segment) - SEGMENT_HEADER_BYTES);
}

function deadRatio(segment: Segment): number {
  return segment.bytes === 0 ? 0 : garbageBytes(segment) / segment.bytes;
}

function triggers(segment: Segment, options: MergeOptions): boolean {
  const isMuch = garbageBytes(segment) >= options.triggerDeadBytes;
  return isMuch || deadRatio(segment) >= options.triggerDeadRatio;
}

function isWithinWindow(window: MergeOptions['windowHours'], hour: number): boolean {
  if (window === undefined) return true;
  const [from, to] = window;
  return from <= to ? hour >= from && hour < to : hour >= from || hour < to;
}

/** The most garbage per byte read first, as far as the bytes of one merge go. */
function withinBytes(candidates: readonly Segment[], bytesMax: number): Segment[] {
  const chosen: Segment[] = [];
  let bytes = 0;
  for (const segment of candidates.toSorted((a, b) => deadRatio(b) - deadRatio(a))) {
    if (chosen.length > 0 && bytes + segment.bytes > bytesMax) continue;
    chosen.push(segment);
    bytes += segment.bytes;
  }
  return chosen.sort((a, b) => a.id - b.id);
}

/**
 * When tombstones make up too much of the data: the segments that have them, and those that
 * hold them back since they may have older records. Only if more came since the last merge.
 */
function chooseForTombstones(input: PolicyInput): Segment[] {
  const { sealed, tombstoneBytesKept } = input;
  const bytes = sealed.reduce((sum, segment) => sum + segment.bytes, 0);
  const tombstones = sealed.reduce((sum, segment) => sum + segment.tombstoneBytes, 0);
  const grown = tombstones - Math.min(tombstoneBytesKept, tombstones);
  if (tombstones <= bytes * HELD_TOMBSTONES_SHARE) return [];
  if (grown <= bytes * HELD_TOMBSTONES_SHARE) return [];
  const newest = sealed.reduce(
    (last, segment) => (segment.tombstoneBytes > 0 ? Math.max(last, segment.last) : last),
    0,
  );
  return sealed.filter((segment) => segment.tombstoneBytes > 0 || segment.min < newest);
}
