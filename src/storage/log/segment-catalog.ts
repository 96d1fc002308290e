/** All segments of the store, by id and by the slot that the keydir uses. */

import { assert, CaskError } from '../../errors/cask-error.ts';
import { Segment, type SegmentKind, type SegmentState } from './segment.ts';

/** Slots are u16 in the keydir. */
const SLOTS_MAX = 65_535;

export interface SegmentTotals {
  readonly segments: number;
  readonly bytes: number;
  readonly liveBytes: number;
  readonly sealedBytes: number;
  readonly sealedLiveBytes: number;
  readonly tombstoneBytes: number;
  readonly hintBytes: number;
  readonly preallocatedBytes: number;
}

/** Where a displaced entry's records are: of its value, and of its touch. Slots below 0: nowhere. */
export interface Displaced {
  readonly previousSlot: number;
  readonly previousRecordBytes: number;
  readonly previousTouchSlot: number;
  readonly previousTouchBytes: number;
}

export class SegmentCatalog {
  readonly #bySlot: (Segment | undefined)[] = [];
  readonly #byId = new Map<number, Segment>();
  readonly #freeSlots: number[] = [];
  /** High-water mark: no segment ever had this id or a higher one. */
  nextId = 1;

  /** @throws CaskError LIMIT_EXCEEDED with 65,535 segments present */
  add(facts: {
    readonly id: number;
    readonly kind: SegmentKind;
    readonly salt: number;
    readonly state: SegmentState;
    readonly bytes: number;
  }): Segment {
    assert(!this.#byId.has(facts.id), `segment ${facts.id} is new`);
    const slot = this.#freeSlots.pop() ?? this.#bySlot.length;
    if (slot >= SLOTS_MAX) {
      throw new CaskError('LIMIT_EXCEEDED', `the store has ${SLOTS_MAX} segments; merge some`);
    }
    const segment = new Segment({ ...facts, slot });
    this.#bySlot[slot] = segment;
    this.#byId.set(facts.id, segment);
    this.nextId = Math.max(this.nextId, facts.id + 1);
    return segment;
  }

  /** Forgets a segment that nothing points at any more. */
  remove(segment: Segment): void {
    assert(segment.pins === 0, `segment ${segment.id} is not pinned`);
    this.#byId.delete(segment.id);
    this.#bySlot[segment.slot] = undefined;
    this.#freeSlots.push(segment.slot);
  }

  takeId(): number {
    const id = this.nextId;
    this.nextId += 1;
    return id;
  }

  atSlot(slot: number): Segment {
    const segment = this.#bySlot[slot];
    assert(segment !== undefined, `slot ${slot} has a segment`);
    return segment;
  }

  byId(id: number): Segment | undefined {
    return this.#byId.get(id);
  }

  /** In the order of their ids. */
  all(): Segment[] {
    return [...this.#byId.values()].sort((a, b) => a.id - b.id);
  }

  sealed(): Segment[] {
    return this.all().filter((segment) => segment.state === 'sealed');
  }

  /** Moves the accounting when the keydir's pointer moves. */
  addLive(slot: number, recordBytes: number): void {
    this.atSlot(slot).liveBytes += recordBytes;
  }

  subtractLive(slot: number, recordBytes: number): void {
    this.atSlot(slot).liveBytes -= recordBytes;
  }

  /** What the keydir pointed at, and points at no more, is dead. */
  subtractDisplaced(displaced: Displaced): void {
    const { previousSlot, previousRecordBytes, previousTouchSlot, previousTouchBytes } = displaced;
    if (previousSlot >= 0) this.subtractLive(previousSlot, previousRecordBytes);
    if (previousTouchSlot >= 0) this.subtractLive(previousTouchSlot, previousTouchBytes);
  }

  /** The keydir points at nothing any more. */
  clearLive(): void {
    for (const segment of this.#byId.values()) segment.liveBytes = 0;
  }

  totals(): SegmentTotals {
    const totals = {
      segments: 0,
      bytes: 0,
      liveBytes: 0,
      sealedBytes: 0,
      sealedLiveBytes: 0,
      tombstoneBytes: 0,
      hintBytes: 0,
      preallocatedBytes: 0,
    };
    for (const segment of this.#byId.values()) {
      totals.segments += 1;
      totals.bytes += segment.bytes;
      totals.liveBytes += segment.liveBytes;
      totals.tombstoneBytes += segment.tombstoneBytes;
      totals.hintBytes += segment.hintBytes;
      totals.preallocatedBytes += segment.preallocatedBytes;
      if (segment.state !== 'sealed') continue;
      totals.sealedBytes += segment.bytes;
      totals.sealedLiveBytes += segment.liveBytes;
    }
    return totals;
  }
}
