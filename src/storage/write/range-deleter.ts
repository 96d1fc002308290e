/**
 * Deletes the keys of a range in chunks, through the same way as any delete: sequenced, grouped
 * with what others write, committed. Between chunks everyone else has a turn.
 *
 * What it deletes is fixed when it begins: entries whose revision is not above the last sequence
 * given out then. Whatever is written later survives. A key under a write that is not committed
 * is passed over, since that write is newer; should it fail, the chunk is gone through again.
 */

import { throwIfCancelled } from '../../errors/cancelled.ts';
import { CaskError, toCaskError } from '../../errors/cask-error.ts';
import type { DeleteRangeResult } from '../../vocabulary/entry.ts';
import { type Environment, nextTurn } from '../disk/environment.ts';
import type { JobControl } from '../jobs/job.ts';
import type { IndexCursor } from '../keydir/index-cursor.ts';
import type { KeyBounds } from '../keydir/key-bounds.ts';
import type { Keydir } from '../keydir/keydir.ts';
import { ChunkSink } from './chunk-sink.ts';
import type { CommitApplier } from './commit-applier.ts';
import type { Group } from './group.ts';
import type { GroupCommit } from './group-commit.ts';
import type { PendingWrites } from './pending-writes.ts';
import type { Sequencer } from './sequencer.ts';
import type { SpaceGuard } from './space-guard.ts';
import type { WriteOrigin } from './write-origin.ts';
import type { WriteTurnstile } from './write-turnstile.ts';

/** A chunk ends at the first of these; the clock is looked at every `KEYS_PER_LOOK` keys. */
const CHUNK_KEYS = 1024;
const CHUNK_KEY_BYTES = 256 * 1024;
const CHUNK_MS = 1;
const KEYS_PER_LOOK = 32;
const KEY_BYTES_MAX = 65_535;
/** A chunk that was not applied, e.g. since another's write found the disk full, is tried again. */
const ATTEMPTS = 4;
const PASSING: ReadonlySet<string> = new Set(['NO_SPACE', 'NOT_APPLIED', 'TOO_MANY_OPEN_FILES']);

export interface RangeDeleterParts {
  readonly environment: Environment;
  readonly keydir: Keydir;
  readonly pending: PendingWrites;
  readonly commit: GroupCommit;
  readonly applier: CommitApplier;
  readonly turnstile: WriteTurnstile;
  readonly sequencer: Sequencer;
  readonly space: SpaceGuard;
  readonly now: () => number;
}

export class RangeDeleter {
  readonly #parts: RangeDeleterParts;

  constructor(parts: RangeDeleterParts) {
    this.#parts = parts;
  }

  /**
   * Takes its place among the writes of its origin before it returns.
   * @throws CaskError CANCELLED, and what its deletes failed of; `details.deleted` says how many
   * keys were deleted
   */
  async delete(
    origin: WriteOrigin,
    bounds: KeyBounds,
    job: JobControl,
  ): Promise<DeleteRangeResult> {
    const run = new Run(bounds);
    try {
      await this.#begin(run, origin);
      job.progress(0, await this.#countAll(bounds, job.signal));
      while (!run.isAtEnd) {
        throwIfCancelled(job.signal);
        await this.#deleteChunk(run);
        job.progress(run.sink.deleted);
      }
    } catch (thrown) {
      throw withProgress(toCaskError(thrown), run.sink.deleted);
    }
    const { deleted, revision } = run.sink;
    return { deleted, revision: revision === 0 ? undefined : revision };
  }

  /** Fixes what is to be deleted, and waits until all of it is committed. */
  #begin(run: Run, origin: WriteOrigin): Promise<void> {
    const { sequencer, applier, commit } = this.#parts;
    return new Promise<void>((resolve) => {
      const failed = (): void => {
        // The sequences that failed are given out anew, to writes that came later.
        run.cutoff = Math.min(run.cutoff, applier.committedSequence);
        resolve();
      };
      sequencer.inTurn(origin, 0, () => {
        run.cutoff = sequencer.lastSequence;
        if (!commit.afterSequenced({ committed: resolve, failed })) resolve();
      });
    });
  }

  /** Runs `task` when no batch is being sequenced; at once if so, else in the order of writes. */
  #inTurn(task: () => void): void {
    const { turnstile } = this.#parts;
    if (turnstile.isClosed) turnstile.wait(task);
    else task();
  }

  /** How many keys there are, about: what comes and goes meanwhile may be missed. */
  async #countAll(bounds: KeyBounds, signal: AbortSignal): Promise<number> {
    const { keydir, environment } = this.#parts;
    const tally = keydir.newTally(bounds);
    while (!tally.slice(environment.clock)) {
      throwIfCancelled(signal);
      await nextTurn(environment.scheduler);
    }
    return tally.count;
  }

  async #deleteChunk(run: Run): Promise<void> {
    const { commit, space } = this.#parts;
    const from = run.passed;
    for (let attempt = 1; ; attempt += 1) {
      await this.#whenQueueShort();
      const failures = commit.failures;
      const hasPassedOver = await this.#sequenceChunk(run, from);
      const problem = await run.sink.settled();
      if (hasPassedOver) await this.#whenCommitted();
      const isDone = !hasPassedOver || commit.failures === failures;
      if (problem === undefined && isDone) return;
      if (problem === undefined) continue;
      if (attempt >= ATTEMPTS || !PASSING.has(problem.code)) throw problem;
      await space.whenSettled();
    }
  }

  /** In a new turn, with no long queue of writes. */
  async #whenQueueShort(): Promise<void> {
    const { environment, sequencer } = this.#parts;
    await nextTurn(environment.scheduler);
    while (sequencer.isQueueLong) {
      await this.#whenCommitted();
      await nextTurn(environment.scheduler);
    }
  }

  /** When all that is sequenced by now is committed, or has failed. */
  #whenCommitted(): Promise<void> {
    const { commit } = this.#parts;
    return new Promise((resolve) => {
      if (!commit.afterSequenced({ committed: resolve, failed: () => resolve() })) resolve();
    });
  }

  /**
   * Sequences the deletes of the chunk behind a key, within one turn.
   * @returns whether a key was passed over for a write of it that is not committed
   */
  #sequenceChunk(run: Run, from: Uint8Array | undefined): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#inTurn(() => {
        const { closedBy } = this.#parts.sequencer;
        if (closedBy === undefined) resolve(this.#walk(run, from));
        else reject(closedBy);
      });
    });
  }

  #walk(run: Run, from: Uint8Array | undefined): boolean {
    const { keydir, environment, pending, sequencer, now } = this.#parts;
    const { clock } = environment;
    const { key, sink } = run;
    const deadline = clock.monotonicMs() + CHUNK_MS;
    const time = now();
    const cursor = keydir.newCursor();
    let hasPassedOver = false;
    let keyBytes = 0;
    let length = 0;
    let ref = run.seek(cursor, from);
    for (let keys = 0; !run.isBeyond(keydir, ref); keys += 1) {
      const isLook = keys > 0 && keys % KEYS_PER_LOOK === 0;
      if (isLook && (keys >= CHUNK_KEYS || clock.monotonicMs() > deadline)) break;
      if (keyBytes > CHUNK_KEY_BYTES) break;
      length = keydir.copyKey(ref, key, 0);
      keyBytes += length;
      if (run.isMeant(keydir, ref, time)) {
        if (pending.find(key, 0, length)) hasPassedOver = true;
        else sequencer.deleteInTurn(run, key, 0, length, keydir.sequence(ref), sink.expect());
      }
      ref = cursor.next();
    }
    run.isAtEnd = run.isBeyond(keydir, ref);
    run.passed = length > 0 ? Buffer.from(key.subarray(0, length)) : from;
    return hasPassedOver;
  }
}

/** One range that is being deleted, and how far that is. */
class Run implements WriteOrigin {
  readonly sink = new ChunkSink();
  lastGroup: Group | undefined;
  readonly line = undefined;
  /** Entries of later revisions stay. */
  cutoff = 0;
  /** The last key that was looked at. */
  passed: Uint8Array | undefined;
  isAtEnd = false;
  readonly key: Buffer = Buffer.allocUnsafeSlow(KEY_BYTES_MAX);
  readonly #bounds: KeyBounds;

  constructor(bounds: KeyBounds) {
    this.#bounds = bounds;
  }

  /** Goes to the first entry behind `from`; 0: there is none. */
  seek(cursor: IndexCursor, from: Uint8Array | undefined): number {
    const { low } = this.#bounds;
    if (from !== undefined) return cursor.seek(from, 0, from.length, 'after');
    return low === undefined ? cursor.first() : cursor.seek(low, 0, low.length, 'atOrAfter');
  }

  /** No entry, or one behind the range. */
  isBeyond(keydir: Keydir, ref: number): boolean {
    if (ref === 0) return true;
    const { high } = this.#bounds;
    return high !== undefined && keydir.compareKey(ref, high, 0, high.length) >= 0;
  }

  /** Was there when the deleting began, and has not expired. */
  isMeant(keydir: Keydir, ref: number, time: number): boolean {
    if (keydir.sequence(ref) > this.cutoff) return false;
    const expiresAt = keydir.expiresAt(ref);
    return expiresAt === 0 || expiresAt > time;
  }
}

/** The error, with how much was done all the same. */
function withProgress(error: CaskError, deleted: number): CaskError {
  const message = `${error.message} (deleted ${deleted} keys before)`;
  const details = { ...error.details, deleted };
  return new CaskError(error.code, message, { cause: error, details });
}
