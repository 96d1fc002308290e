/**
 * `get` and `exists`: keydir, value cache, disk. A read has its place among the writes of its
 * session: what it sees is settled in the turn in which it comes, or, behind writes that wait, in
 * which those before it are sequenced. Where that is an uncommitted write, the answer leaves when
 * that commits.
 */

import { CaskError, toCaskError } from '../../errors/cask-error.ts';
import type { RecordView } from '../format/record.ts';
import type { Keydir } from '../keydir/keydir.ts';
import { FETCH_MAX } from '../keydir/keydir-tables.ts';
import type { SegmentCatalog } from '../log/segment-catalog.ts';
import { blankEntry, type EntryView } from '../reply-sink.ts';
import type { CommitApplier } from '../write/commit-applier.ts';
import type { Group } from '../write/group.ts';
import type { PendingWrites } from '../write/pending-writes.ts';
import type { Sequencer } from '../write/sequencer.ts';
import type { SessionLine } from '../write/session-line.ts';
import { keyProblem } from '../write/write-limits.ts';
import type { WriteOrigin } from '../write/write-origin.ts';
import type { RecordWaiter } from './record-fetch.ts';
import { isOfKey, type RecordReader } from './record-reader.ts';
import type { TouchedReader } from './touched-reader.ts';
import type { ValueCache } from './value-cache.ts';

export interface PointReaderParts {
  readonly keydir: Keydir;
  readonly catalog: SegmentCatalog;
  readonly pending: PendingWrites;
  readonly applier: CommitApplier;
  readonly sequencer: Sequencer;
  readonly touched: TouchedReader;
  readonly cache: ValueCache;
  readonly reader: RecordReader;
  readonly maxKeyBytes: number;
  readonly now: () => number;
  /** Why nothing can be read; undefined: it can. */
  readonly closedBy: () => CaskError | undefined;
}

export class PointReader {
  readonly #parts: PointReaderParts;
  readonly #entry = blankEntry();
  readonly #sequences = new Float64Array(FETCH_MAX);

  constructor(parts: PointReaderParts) {
    this.#parts = parts;
  }

  get(origin: WriteOrigin, buffer: Uint8Array, start: number, length: number, token: number): void {
    const problem = keyProblem(length, this.#parts.maxKeyBytes) ?? this.#parts.closedBy();
    if (problem !== undefined) {
      origin.sink.onError(token, problem);
    } else if (origin.line !== undefined) {
      const key = Buffer.from(buffer.subarray(start, start + length));
      this.#inLine(origin, origin.line, token, () =>
        this.#getInTurn(origin, key, 0, length, token),
      );
    } else {
      this.#getInTurn(origin, buffer, start, length, token);
    }
  }

  exists(
    origin: WriteOrigin,
    buffer: Uint8Array,
    start: number,
    length: number,
    token: number,
  ): void {
    const problem = keyProblem(length, this.#parts.maxKeyBytes) ?? this.#parts.closedBy();
    if (problem !== undefined) {
      origin.sink.onError(token, problem);
    } else if (origin.line !== undefined) {
      const key = Buffer.from(buffer.subarray(start, start + length));
      this.#inLine(origin, origin.line, token, () =>
        this.#existsInTurn(origin, key, 0, length, token),
      );
    } else {
      this.#existsInTurn(origin, buffer, start, length, token);
    }
  }

  /** Fetches what requests of these keys will look at, at most FETCH_MAX of them. */
  fetch(buffer: Uint8Array, starts: Uint32Array, lengths: Uint32Array, count: number): void {
    const { keydir, cache } = this.#parts;
    keydir.fetch(buffer, starts, lengths, count, this.#sequences);
    cache.fetch(this.#sequences, count);
  }

  /** Behind what the same origin sent before and is not begun, and before what follows. */
  #inLine(origin: WriteOrigin, line: SessionLine, token: number, read: () => void): void {
    line.push(true, () => {
      const problem = this.#parts.closedBy();
      if (problem === undefined) read();
      else origin.sink.onError(token, problem);
    });
  }

  #getInTurn(
    origin: WriteOrigin,
    buffer: Uint8Array,
    start: number,
    length: number,
    token: number,
  ): void {
    const group = this.#dependsOn(origin, buffer, start, length);
    if (group === undefined) {
      if (!this.#parts.applier.isMidBatch) {
        this.#get(origin, buffer, start, length, token);
        return;
      }
      const key = Buffer.from(buffer.subarray(start, start + length));
      this.#afterBatch(origin, token, () => this.#get(origin, key, 0, length, token));
      return;
    }
    const { prior } = this.#parts.sequencer;
    if (!prior.exists) group.reads.addAbsent(origin.sink, token);
    else if (prior.touchedAt === 0) group.reads.addValue(prior.recordAt, origin.sink, token);
    else
      this.#parts.touched.get(origin, Buffer.from(buffer.subarray(start, start + length)), token);
  }

  #existsInTurn(
    origin: WriteOrigin,
    buffer: Uint8Array,
    start: number,
    length: number,
    token: number,
  ): void {
    const group = this.#dependsOn(origin, buffer, start, length);
    if (group === undefined) {
      if (!this.#parts.applier.isMidBatch) {
        origin.sink.onExists(token, this.find(buffer, start, length) !== 0);
        return;
      }
      const key = Buffer.from(buffer.subarray(start, start + length));
      this.#afterBatch(origin, token, () => {
        origin.sink.onExists(token, this.find(key, 0, length) !== 0);
      });
    } else {
      group.reads.addExists(this.#parts.sequencer.prior.exists, origin.sink, token);
    }
  }

  /** Once the batch is whole that is applied in part; nothing later is applied by then. */
  #afterBatch({ sink }: WriteOrigin, token: number, read: () => void): void {
    const failed = (error: CaskError): void => sink.onError(token, error);
    this.#parts.applier.afterBatch({ committed: read, failed });
  }

  /**
   * The uncommitted group that decides what a read of this origin sees; the sequencer's `prior`
   * is what the key is then. Undefined: what is committed counts.
   */
  #dependsOn(
    origin: WriteOrigin,
    buffer: Uint8Array,
    start: number,
    length: number,
  ): Group | undefined {
    const { applier, pending, sequencer } = this.#parts;
    if (!hasPendingWrites(origin) && !applier.isMidBatch) return undefined;
    if (pending.clearSequence === 0 && !pending.find(buffer, start, length)) return undefined;
    const { prior } = sequencer;
    prior.look(buffer, start, length);
    const group = prior.dependsOn;
    if (group === undefined) return undefined;
    // It may be another's write: what is read from here on must not be older.
    const { lastGroup } = origin;
    if (lastGroup === undefined || lastGroup.startsBefore(group)) origin.lastGroup = group;
    return group;
  }

  /** The key's entry in the keydir if it exists now; 0 otherwise. */
  find(buffer: Uint8Array, start: number, length: number): number {
    const { keydir, now } = this.#parts;
    const ref = keydir.find(buffer, start, length);
    if (ref === 0) return 0;
    const expiresAt = keydir.expiresAt(ref);
    return expiresAt !== 0 && expiresAt <= now() ? 0 : ref;
  }

  /** True when a reader of everything (a page, a count) has to wait. */
  mustWaitForAny(origin: WriteOrigin): boolean {
    if (this.#parts.applier.isMidBatch || origin.line !== undefined) return true;
    return hasPendingWrites(origin);
  }

  /** Runs `again` when what `mustWaitForAny` saw has passed, or `failed`. */
  waitFor(origin: WriteOrigin, again: () => void, failed: (error: CaskError) => void): void {
    const { applier } = this.#parts;
    const waiter = { committed: again, failed };
    if (origin.line !== undefined) origin.line.push(true, again);
    else if (applier.isMidBatch) applier.afterBatch(waiter);
    else if (origin.lastGroup !== undefined) origin.lastGroup.waiters.push(waiter);
    else again();
  }

  #get(
    origin: WriteOrigin,
    buffer: Uint8Array,
    start: number,
    length: number,
    token: number,
  ): void {
    const ref = this.find(buffer, start, length);
    if (ref === 0) {
      origin.sink.onAbsent(token);
      return;
    }
    const { keydir, catalog, cache, reader } = this.#parts;
    const entry = this.#entry;
    const revision = keydir.sequence(ref);
    const isTouched = keydir.isTouched(ref);
    const sequence = isTouched ? keydir.valueSequence(ref) : revision;
    const touchedAt = isTouched ? keydir.touchedAt(ref) : 0;
    entry.revision = revision;
    entry.version = keydir.version(ref);
    entry.createdAt = keydir.createdAt(ref);
    entry.expiresAt = keydir.expiresAt(ref);
    const cachedAt = cache.find(sequence);
    if (cachedAt >= 0) {
      entry.buffer = cache.buffer;
      entry.valueStart = cachedAt;
      entry.valueBytes = cache.foundBytes;
      entry.updatedAt = touchedAt === 0 ? cache.foundUpdatedAt : touchedAt;
      origin.sink.onValue(token, entry);
      return;
    }
    const segment = catalog.atSlot(keydir.segmentSlot(ref));
    const offset = keydir.offset(ref);
    const recordBytes = keydir.recordBytes(ref);
    try {
      if (!reader.readNow(segment, offset, recordBytes, sequence)) {
        const key = Buffer.from(buffer.subarray(start, start + length));
        const touch = touchedAt === 0 ? undefined : { ...entry, updatedAt: touchedAt };
        const location = { segment, offset, recordBytes, sequence };
        reader.readThen(location, new WaitingGet(origin, key, touch, token, this.#answerGet));
        return;
      }
    } catch (error) {
      origin.sink.onError(token, toCaskError(error));
      return;
    }
    const touch = touchedAt === 0 ? undefined : { ...entry, updatedAt: touchedAt };
    this.#answer(origin, reader.buffer, reader.view, buffer, start, length, touch, token);
  }

  readonly #answerGet = (get: WaitingGet, buffer: Uint8Array, view: RecordView): void => {
    const { origin, key, touch, token } = get;
    this.#answer(origin, buffer, view, key, 0, key.length, touch, token);
  };

  /**
   * Hands over a record that was read from disk; what it says is what the keydir said.
   * @param touch what the key is, when it was touched since the record was written
   */
  #answer(
    origin: WriteOrigin,
    buffer: Uint8Array,
    view: RecordView,
    key: Uint8Array,
    keyStart: number,
    keyBytes: number,
    touch: EntryView | undefined,
    token: number,
  ): void {
    if (!isOfKey(buffer, view, key, keyStart, keyBytes)) {
      const message = `the record of revision ${view.sequence} is of another key`;
      origin.sink.onError(token, new CaskError('CORRUPT', message));
      return;
    }
    this.#parts.cache.put(view.sequence, view.updatedAt, buffer, view.valueStart, view.valueBytes);
    const entry = this.#entry;
    entry.buffer = buffer;
    entry.valueStart = view.valueStart;
    entry.valueBytes = view.valueBytes;
    const meta = touch ?? view;
    entry.revision = touch?.revision ?? view.sequence;
    entry.version = meta.version;
    entry.createdAt = meta.createdAt;
    entry.updatedAt = meta.updatedAt;
    entry.expiresAt = meta.expiresAt;
    origin.sink.onValue(token, entry);
  }
}

/** A `get` whose record is on its way. */
class WaitingGet implements RecordWaiter {
  readonly origin: WriteOrigin;
  readonly key: Uint8Array;
  /** What the key is, when it was touched since the record was written. */
  readonly touch: EntryView | undefined;
  readonly token: number;
  readonly #answer: (get: WaitingGet, buffer: Uint8Array, view: RecordView) => void;

  constructor(
    origin: WriteOrigin,
    key: Uint8Array,
    touch: EntryView | undefined,
    token: number,
    answer: (get: WaitingGet, buffer: Uint8Array, view: RecordView) => void,
  ) {
    this.origin = origin;
    this.key = key;
    this.touch = touch;
    this.token = token;
    this.#answer = answer;
  }

  get heldBytes(): number {
    return this.key.length;
  }

  onRecord(buffer: Uint8Array, view: RecordView): void {
    try {
      this.#answer(this, buffer, view);
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  onFailure(thrown: unknown): void {
    this.origin.sink.onError(this.token, toCaskError(thrown));
  }
}

/** Writes of the same origin are sequenced and not committed. */
function hasPendingWrites(origin: WriteOrigin): boolean {
  const { lastGroup } = origin;
  if (lastGroup === undefined) return false;
  if (lastGroup.state === 'gathering' || lastGroup.state === 'queued') return true;
  origin.lastGroup = undefined;
  return false;
}
