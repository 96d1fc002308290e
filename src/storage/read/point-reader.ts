/**
 * `get` and `exists`: keydir, value cache, disk, and in between whatever has to be waited for:
 * the session's own uncommitted write of the key, or a batch that is half applied.
 */

import { CaskError, toCaskError } from '../../errors/cask-error.ts';
import { RecordView } from '../format/record.ts';
import type { Keydir } from '../keydir/keydir.ts';
import type { SegmentCatalog } from '../log/segment-catalog.ts';
import type { EntryView } from '../reply-sink.ts';
import type { CommitApplier } from '../write/commit-applier.ts';
import type { PendingWrites } from '../write/pending-writes.ts';
import { keyProblem } from '../write/write-limits.ts';
import type { WriteOrigin } from '../write/write-origin.ts';
import type { WriteTurnstile } from '../write/write-turnstile.ts';
import { isOfKey, type RecordLocation, type RecordReader } from './record-reader.ts';
import type { ValueCache } from './value-cache.ts';

export interface PointReaderParts {
  readonly keydir: Keydir;
  readonly catalog: SegmentCatalog;
  readonly pending: PendingWrites;
  readonly applier: CommitApplier;
  readonly turnstile: WriteTurnstile;
  readonly cache: ValueCache;
  readonly reader: RecordReader;
  readonly maxKeyBytes: number;
  readonly now: () => number;
  /** Why nothing can be read; undefined: it can. */
  readonly closedBy: () => CaskError | undefined;
}

export class PointReader {
  readonly #parts: PointReaderParts;
  readonly #entry: EntryView = {
    buffer: new Uint8Array(0),
    valueStart: 0,
    valueBytes: 0,
    revision: 0,
    version: 0,
    createdAt: 0,
    updatedAt: 0,
    expiresAt: 0,
  };

  constructor(parts: PointReaderParts) {
    this.#parts = parts;
  }

  get(origin: WriteOrigin, buffer: Uint8Array, start: number, length: number, token: number): void {
    const problem = keyProblem(length, this.#parts.maxKeyBytes) ?? this.#parts.closedBy();
    if (problem !== undefined) {
      origin.sink.onError(token, problem);
    } else if (this.#mustWait(origin, buffer, start, length)) {
      const key = Buffer.from(buffer.subarray(start, start + length));
      this.wait(origin, token, () => this.get(origin, key, 0, length, token));
    } else {
      this.#get(origin, buffer, start, length, token);
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
    } else if (this.#mustWait(origin, buffer, start, length)) {
      const key = Buffer.from(buffer.subarray(start, start + length));
      this.wait(origin, token, () => this.exists(origin, key, 0, length, token));
    } else {
      origin.sink.onExists(token, this.find(buffer, start, length) !== 0);
    }
  }

  /** The key's entry in the keydir if it exists now; 0 otherwise. */
  find(buffer: Uint8Array, start: number, length: number): number {
    const { keydir, now } = this.#parts;
    const ref = keydir.find(buffer, start, length);
    if (ref === 0) return 0;
    const expiresAt = keydir.expiresAt(ref);
    return expiresAt !== 0 && expiresAt <= now() ? 0 : ref;
  }

  #mustWait(origin: WriteOrigin, buffer: Uint8Array, start: number, length: number): boolean {
    const { applier, pending } = this.#parts;
    if (applier.isMidBatch || isBehindWrites(origin)) return true;
    const { lastGroup } = origin;
    if (lastGroup === undefined) return false;
    if (lastGroup.state === 'committed' || lastGroup.state === 'failed') {
      origin.lastGroup = undefined;
      return false;
    }
    return pending.clearSequence > 0 || pending.find(buffer, start, length);
  }

  /** True when a reader of everything (a page, a count) has to wait. */
  mustWaitForAny(origin: WriteOrigin): boolean {
    if (this.#parts.applier.isMidBatch || isBehindWrites(origin)) return true;
    const state = origin.lastGroup?.state;
    return state === 'gathering' || state === 'queued';
  }

  /** Runs `again` when what `mustWait` saw has passed; or answers with the failure. */
  wait(origin: WriteOrigin, token: number, again: () => void): void {
    this.waitFor(origin, again, (error) => origin.sink.onError(token, error));
  }

  waitFor(origin: WriteOrigin, again: () => void, failed: (error: CaskError) => void): void {
    const { applier, turnstile } = this.#parts;
    const waiter = { committed: again, failed };
    const { stalled } = origin;
    if (stalled !== undefined && !stalled.isRunning) stalled.push(again);
    else if (origin.deferredWrites > 0) turnstile.wait(0, again);
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
        const location = { segment, offset, recordBytes, sequence };
        const touch = touchedAt === 0 ? undefined : { ...entry, updatedAt: touchedAt };
        this.#getLater(origin, key, location, touch, token).catch((error: unknown) => {
          origin.sink.onError(token, toCaskError(error));
        });
        return;
      }
    } catch (error) {
      origin.sink.onError(token, toCaskError(error));
      return;
    }
    const touch = touchedAt === 0 ? undefined : { ...entry, updatedAt: touchedAt };
    this.#answer(origin, reader.buffer, reader.view, buffer, start, length, touch, token);
  }

  async #getLater(
    origin: WriteOrigin,
    key: Uint8Array,
    location: RecordLocation,
    touch: EntryView | undefined,
    token: number,
  ): Promise<void> {
    const view = new RecordView();
    const buffer = await this.#parts.reader.readLater(location, view, key.length);
    this.#answer(origin, buffer, view, key, 0, key.length, touch, token);
  }

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

/** Writes of the same origin, which a read comes after, are not sequenced yet. */
function isBehindWrites({ deferredWrites, stalled }: WriteOrigin): boolean {
  return deferredWrites > 0 || (stalled !== undefined && !stalled.isRunning);
}
