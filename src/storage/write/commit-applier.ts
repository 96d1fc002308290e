/**
 * What a commit does: the keydir points at the new records, the segments' live bytes move, and
 * the answers leave. Done in slices, so that a large group never holds the event loop.
 */

import type { CaskError } from '../../errors/cask-error.ts';
import type { Clock } from '../disk/environment.ts';
import {
  FLAG_BATCH_CONTINUES,
  RECORD_DELETE,
  RECORD_PUT,
  RECORD_TOUCH,
  RecordView,
  recordKeyBytes,
  recordKeyStart,
  viewTrustedRecord,
} from '../format/record.ts';
import type { Keydir } from '../keydir/keydir.ts';
import type { SegmentCatalog } from '../log/segment-catalog.ts';
import type { Modifier } from '../modifier.ts';
import type { ValueCache } from '../read/value-cache.ts';
import type { PutOutcome } from '../reply-sink.ts';
import {
  type Group,
  REPLY_DELETE,
  REPLY_MODIFY,
  REPLY_NONE,
  REPLY_PUT,
  type Waiter,
} from './group.ts';
import type { PendingWrites } from './pending-writes.ts';

/** A slice ends after this long; it is looked at every `RECORDS_PER_LOOK` records. */
const SLICE_MS = 2;
const RECORDS_PER_LOOK = 32;
/** What is read in order to be changed is so again soon, if it is a counter or the like. */
const MODIFIED_BYTES_MAX = 256;

export interface CommitApplierParts {
  readonly keydir: Keydir;
  readonly catalog: SegmentCatalog;
  readonly pending: PendingWrites;
  readonly clock: Clock;
}

export class CommitApplier {
  readonly #parts: CommitApplierParts;
  readonly #view = new RecordView();
  readonly #outcome: PutOutcome = {
    revision: 0,
    version: 0,
    createdAt: 0,
    updatedAt: 0,
    expiresAt: 0,
  };
  /** The next record of the group that is being applied. */
  #next = 0;
  /** And the next of its modifiers. */
  #nextModifier = 0;
  #midBatch = false;
  readonly #afterBatch: Waiter[] = [];
  /** The sequence of the last record applied. */
  committedSequence = 0;
  /** The sequence of the newest clear, as far as one is known; 0: none is. */
  clearedBelow = 0;
  /** Keys, and their bytes, that groups on their way may add to the keydir. */
  reservedKeys = 0;
  reservedKeyBytes = 0;
  /** Where values go that were changed by a read-modify-write. */
  cache: ValueCache | undefined;

  constructor(parts: CommitApplierParts) {
    this.#parts = parts;
  }

  /** A part of a batch is applied and a part is not: nothing may be read now. */
  get isMidBatch(): boolean {
    return this.#midBatch;
  }

  /** Runs the waiter once the batch that is being applied is whole. */
  afterBatch(waiter: Waiter): void {
    this.#afterBatch.push(waiter);
  }

  /** Applies as much of a durable group as a slice allows; true when that was all. */
  apply(group: Group): boolean {
    const { clock } = this.#parts;
    const deadline = clock.monotonicMs() + SLICE_MS;
    const count = group.recordAts.length;
    while (this.#next < count) {
      const last = Math.min(this.#next + RECORDS_PER_LOOK, count);
      while (this.#next < last) {
        this.#applyRecord(group, this.#next);
        this.#next += 1;
      }
      if (this.#next < count && clock.monotonicMs() > deadline) break;
    }
    if (!this.#midBatch) for (const waiter of this.#afterBatch.splice(0)) waiter.committed();
    if (this.#next < count) return false;
    this.#next = 0;
    this.#nextModifier = 0;
    this.#unreserve(group);
    return true;
  }

  /** Tells everyone in the group that it failed, and forgets its pending writes. */
  fail(group: Group, error: CaskError): void {
    const { pending } = this.#parts;
    for (let row = this.#failedFrom(group); row < group.recordAts.length; row += 1) {
      const recordAt = group.recordAts[row] as number;
      pending.remove(group, recordAt);
      this.#rearm(group, recordAt);
      if (group.replies[row] === REPLY_NONE) continue;
      group.sinks[row]?.onError(group.tokens[row] as number, error);
    }
    for (const waiter of this.#afterBatch.splice(0)) waiter.failed(error);
    this.#unreserve(group);
  }

  /** What was due, and spared for a touch that has failed, is due again. */
  #rearm({ buffer }: Group, recordAt: number): void {
    const { keydir } = this.#parts;
    const ref = keydir.find(
      buffer,
      recordKeyStart(buffer, recordAt),
      recordKeyBytes(buffer, recordAt),
    );
    if (ref !== 0) keydir.rearmExpiry(ref);
  }

  /** A group that was being applied when the store stopped has answered a part already. */
  #failedFrom(group: Group): number {
    const from = group.written ? this.#next : 0;
    this.#next = 0;
    this.#nextModifier = 0;
    this.#midBatch = false;
    return from;
  }

  #unreserve(group: Group): void {
    this.reservedKeys -= group.newKeys;
    this.reservedKeyBytes -= group.newKeyBytes;
  }

  #applyRecord(group: Group, row: number): void {
    const { keydir, catalog, pending } = this.#parts;
    const view = this.#view;
    const recordAt = group.recordAts[row] as number;
    viewTrustedRecord(group.buffer, recordAt, view);
    const { segment } = group;
    if (view.type === RECORD_PUT) {
      keydir.upsert(
        group.buffer,
        view.keyStart,
        view.keyBytes,
        segment.slot,
        group.startOffset + recordAt,
        view.recordBytes,
        view.sequence,
        view.version,
        view.createdAt,
        view.expiresAt,
      );
      segment.liveBytes += view.recordBytes;
      if (group.replies[row] === REPLY_MODIFY && view.valueBytes <= MODIFIED_BYTES_MAX) {
        const { buffer } = group;
        this.cache?.put(view.sequence, view.updatedAt, buffer, view.valueStart, view.valueBytes);
      }
    } else if (view.type === RECORD_DELETE) {
      keydir.remove(group.buffer, view.keyStart, view.keyBytes);
      segment.tombstoneBytes += view.recordBytes;
    } else {
      this.#applyRare(group);
    }
    catalog.subtractDisplaced(keydir);
    pending.remove(group, recordAt);
    this.committedSequence = view.sequence;
    this.#midBatch = (view.flags & FLAG_BATCH_CONTINUES) !== 0;
    this.#reply(group, row);
  }

  /** A touch, or a clear. */
  #applyRare({ buffer, segment }: Group): void {
    const { keydir, catalog } = this.#parts;
    const view = this.#view;
    if (view.type === RECORD_TOUCH) {
      keydir.touch(
        buffer,
        view.keyStart,
        view.keyBytes,
        segment.slot,
        view.recordBytes,
        view.sequence,
        view.updatedAt,
        view.expiresAt,
      );
      segment.liveBytes += view.recordBytes;
      segment.touches = 'some';
      return;
    }
    keydir.clear();
    catalog.clearLive();
    segment.tombstoneBytes += view.recordBytes;
    this.clearedBelow = view.sequence;
  }

  #reply(group: Group, row: number): void {
    const sink = group.sinks[row];
    if (sink === undefined) return;
    const token = group.tokens[row] as number;
    const view = this.#view;
    if (group.replies[row] === REPLY_PUT) {
      sink.onPut(token, this.#outcomeOf(view));
    } else if (group.replies[row] === REPLY_DELETE) {
      sink.onDelete(token, view.sequence);
    } else if (group.replies[row] === REPLY_MODIFY) {
      const modifier = group.modifiers[this.#nextModifier] as Modifier;
      this.#nextModifier += 1;
      sink.onModified?.(token, modifier, this.#outcomeOf(view));
    }
  }

  #outcomeOf(view: RecordView): PutOutcome {
    const outcome = this.#outcome;
    const isThere = view.type !== RECORD_DELETE;
    outcome.revision = view.sequence;
    outcome.version = view.version;
    outcome.createdAt = isThere ? view.createdAt : 0;
    outcome.updatedAt = isThere ? view.updatedAt : 0;
    outcome.expiresAt = view.expiresAt;
    return outcome;
  }
}
