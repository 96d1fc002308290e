/**
 * What a commit does: the keydir points at the new records, the segments' live bytes move, and
 * the answers leave. Done in slices, so that a large group never holds the event loop.
 */

import type { CaskError } from '../../errors/cask-error.ts';
import type { Clock } from '../disk/environment.ts';
import {
  FLAG_BATCH_CONTINUES,
  RECORD_DELETE,
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
import type { PutOutcome, ReplySink } from '../reply-sink.ts';
import type { Group, Waiter } from './group.ts';
import {
  type GroupRows,
  REPLY_DELETE,
  REPLY_MODIFY,
  REPLY_NONE,
  REPLY_PUT,
  ROW_IN_BATCH,
  ROW_PUT,
  replyOf,
} from './group-rows.ts';
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
  /** And the next of its modifiers, and which of its sinks is at hand. */
  #nextModifier = 0;
  #sinkAt = 0;
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
    const { count, kinds } = group.rows;
    while (this.#next < count) {
      const last = Math.min(this.#next + RECORDS_PER_LOOK, count);
      while (this.#next < last) {
        const row = this.#next;
        if (((kinds[row] as number) & ROW_PUT) !== 0) this.#applyPut(group, group.rows, row);
        else this.#applyRecord(group, row);
        this.#next = row + 1;
      }
      if (this.#next < count && clock.monotonicMs() > deadline) break;
    }
    if (!this.#midBatch) for (const waiter of this.#afterBatch.splice(0)) waiter.committed();
    if (this.#next < count) return false;
    this.#rewind();
    this.#over(group);
    return true;
  }

  /** Tells everyone in the group that it failed, and forgets its pending writes. */
  fail(group: Group, error: CaskError): void {
    const { rows } = group;
    for (let row = this.#failedFrom(group); row < rows.count; row += 1) {
      this.#rearm(group, rows.recordAts[row] as number);
      this.#sinkOf(rows, row)?.onError(rows.tokens[row] as number, error);
    }
    this.#rewind();
    for (const waiter of this.#afterBatch.splice(0)) waiter.failed(error);
    this.#over(group);
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
    this.#rewind();
    this.#midBatch = false;
    return from;
  }

  #rewind(): void {
    this.#next = 0;
    this.#nextModifier = 0;
    this.#sinkAt = 0;
  }

  #over(group: Group): void {
    this.#parts.pending.forget(group);
    this.reservedKeys -= group.newKeys;
    this.reservedKeyBytes -= group.newKeyBytes;
  }

  /** Rows are asked for in their order. */
  #sinkOf({ sinks, sinkRows }: GroupRows, row: number): ReplySink | undefined {
    while (this.#sinkAt + 1 < sinks.length && (sinkRows[this.#sinkAt + 1] as number) <= row) {
      this.#sinkAt += 1;
    }
    return sinks[this.#sinkAt];
  }

  /** A put, by its row alone. */
  #applyPut(group: Group, rows: GroupRows, row: number): void {
    const { keydir, catalog } = this.#parts;
    const { segment, buffer } = group;
    const recordAt = rows.recordAts[row] as number;
    const end = row + 1 < rows.count ? (rows.recordAts[row + 1] as number) : group.length;
    const bytes = end - recordAt;
    const sequence = group.firstSequence + row;
    const kind = rows.kinds[row] as number;
    const version = rows.versions[row] as number;
    const createdAt = rows.createdAts[row] as number;
    const expiresAt = rows.expiresAts[row] as number;
    const ref = rows.moves === keydir.moves ? (rows.refs[row] as number) : 0;
    const offset = group.startOffset + recordAt;
    if (ref !== 0) {
      keydir.update(ref, segment.slot, offset, bytes, sequence, version, createdAt, expiresAt);
    } else {
      keydir.upsert(
        buffer,
        recordKeyStart(buffer, recordAt),
        recordKeyBytes(buffer, recordAt),
        segment.slot,
        offset,
        bytes,
        sequence,
        version,
        createdAt,
        expiresAt,
        rows.hashes[row] as number,
      );
    }
    segment.liveBytes += bytes;
    catalog.subtractDisplaced(keydir);
    this.committedSequence = sequence;
    this.#midBatch = (kind & ROW_IN_BATCH) !== 0;
    const reply = replyOf(kind);
    if (reply === REPLY_NONE) return;
    const outcome = this.#outcome;
    outcome.revision = sequence;
    outcome.version = version;
    outcome.createdAt = createdAt;
    outcome.updatedAt = group.now;
    outcome.expiresAt = expiresAt;
    const sink = this.#sinkOf(rows, row) as ReplySink;
    const token = rows.tokens[row] as number;
    if (reply === REPLY_PUT) sink.onPut(token, outcome);
    else this.#putModified(group, recordAt, sink, token);
  }

  /** What was put by a modifier is likely to be read again soon. */
  #putModified(group: Group, recordAt: number, sink: ReplySink, token: number): void {
    const view = this.#view;
    const { buffer } = group;
    viewTrustedRecord(buffer, recordAt, view);
    if (view.valueBytes <= MODIFIED_BYTES_MAX) {
      this.cache?.put(view.sequence, view.updatedAt, buffer, view.valueStart, view.valueBytes);
    }
    sink.onModified?.(token, this.#takeModifier(group), this.#outcome);
  }

  #takeModifier(group: Group): Modifier {
    const modifier = group.modifiers[this.#nextModifier] as Modifier;
    this.#nextModifier += 1;
    return modifier;
  }

  /** A delete, a touch, or a clear. */
  #applyRecord(group: Group, row: number): void {
    const { keydir, catalog } = this.#parts;
    const view = this.#view;
    const { buffer, segment } = group;
    viewTrustedRecord(buffer, group.rows.recordAts[row] as number, view);
    if (view.type === RECORD_DELETE) {
      keydir.remove(buffer, view.keyStart, view.keyBytes);
      segment.tombstoneBytes += view.recordBytes;
    } else {
      this.#applyRare(group);
    }
    catalog.subtractDisplaced(keydir);
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
    const { rows } = group;
    const reply = replyOf(rows.kinds[row] as number);
    const sink = reply === REPLY_NONE ? undefined : this.#sinkOf(rows, row);
    if (sink === undefined) return;
    const token = rows.tokens[row] as number;
    const view = this.#view;
    if (reply === REPLY_DELETE) {
      sink.onDelete(token, view.sequence);
    } else if (reply === REPLY_MODIFY) {
      sink.onModified?.(token, this.#takeModifier(group), this.#outcomeOf(view));
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
