/**
 * Atomic batches: validated whole before anything is written, then sequenced as one run of
 * records in one group. A large one is done in slices, behind the turnstile.
 */

import { CaskError } from '../../errors/cask-error.ts';
import { limitError } from '../../errors/limit-error.ts';
import type { BatchItemResult } from '../../vocabulary/entry.ts';
import { CONDITION_NONE, conditionOf, TTL_NONE, ttlOf } from '../../vocabulary/write-arguments.ts';
import { type Environment, nextTurn } from '../disk/environment.ts';
import type { StoreBatchItem } from '../entry.ts';
import { clearBatchFlag, recordBytes } from '../format/record.ts';
import { keyBytesOf, valueBytesOf } from '../key-and-value.ts';
import { checkPatience, type Patience } from '../patience.ts';
import type { Group } from './group.ts';
import { REPLY_NONE } from './group-rows.ts';
import { IN_BATCH, type Sequencer } from './sequencer.ts';
import { conflict, keydirFull, keyProblem, putProblem } from './write-limits.ts';
import type { WriteOrigin } from './write-origin.ts';

/** Up to these sizes a batch is sequenced at once; above, in slices. */
const AT_ONCE_ITEMS = 256;
const AT_ONCE_BYTES = 256 * 1024;
/** The clock is looked at after so many items or bytes. */
const LOOK_ITEMS = 32;
const LOOK_BYTES = 256 * 1024;
const SLICE_MS = 2;
const NOTHING: BatchItemResult = Object.freeze({ revision: undefined, version: undefined });

interface PreparedItem {
  readonly key: Uint8Array;
  /** Its condition is all there is to it. */
  readonly isCheck: boolean;
  /** Undefined: a delete, or a check. */
  readonly value: Uint8Array | undefined;
  readonly condition: number;
  readonly ttlMs: number;
}

interface PreparedBatch {
  readonly items: readonly PreparedItem[];
  /** An upper bound of the records' bytes. */
  readonly bytes: number;
}

/** Lets other work in between when a slice has lasted; undefined: no need to wait. */
type Breather = (bytes: number) => Promise<void> | undefined;

export class BatchWriter {
  readonly #sequencer: Sequencer;
  readonly #environment: Environment;

  constructor(sequencer: Sequencer, environment: Environment) {
    this.#sequencer = sequencer;
    this.#environment = environment;
  }

  /**
   * @throws CaskError whatever is wrong with the batch; nothing of it has been applied then,
   * but for OUTCOME_UNKNOWN
   */
  async write(
    origin: WriteOrigin,
    items: readonly StoreBatchItem[],
    patience?: Patience,
  ): Promise<BatchItemResult[]> {
    if (items.length === 0) return [];
    const batch = this.#prepare(items);
    const { turnstile } = this.#sequencer.parts;
    await this.#enter(origin, batch.bytes);
    let committed: Promise<void>;
    const results: BatchItemResult[] = [];
    try {
      ({ committed } = await this.#sequence(origin, batch, results, patience));
    } finally {
      turnstile.unlock();
      origin.line?.release();
    }
    await committed;
    return results;
  }

  /** Behind everything that the origin sent before: keeps other writes, and its own reads, out. */
  #enter(origin: WriteOrigin, bytes: number): Promise<void> {
    const sequencer = this.#sequencer;
    return new Promise((resolve) => {
      sequencer.inTurn(origin, bytes, () => {
        sequencer.parts.turnstile.lock();
        sequencer.lineOf(origin).hold();
        resolve();
      });
    });
  }

  #prepare(items: readonly StoreBatchItem[]): PreparedBatch {
    const { limits } = this.#sequencer.parts;
    if (items.length > limits.maxBatchItems) {
      const allowed = `at most ${limits.maxBatchItems} are allowed (maxBatchItems)`;
      const message = `the batch has ${items.length} items; ${allowed}`;
      throw limitError('BATCH_TOO_LARGE', message, 'maxBatchItems', limits.maxBatchItems);
    }
    let bytes = 0;
    const prepared = items.map((item, index) => {
      const one = this.#prepareItem(item, index);
      bytes += recordBytes(one.key.length, one.value?.length ?? 0, true);
      return one;
    });
    if (bytes > limits.maxBatchBytes) {
      const allowed = `at most ${limits.maxBatchBytes} are allowed (maxBatchBytes)`;
      const message = `the batch needs ${bytes} bytes; ${allowed}`;
      throw limitError('BATCH_TOO_LARGE', message, 'maxBatchBytes', limits.maxBatchBytes);
    }
    const problem = this.#sequencer.queueProblem(bytes);
    if (problem !== undefined) throw problem;
    return { items: prepared, bytes };
  }

  #prepareItem(item: StoreBatchItem, index: number): PreparedItem {
    const { limits } = this.#sequencer.parts;
    const key = keyBytesOf(item.key);
    const isPut = item.type === 'put';
    const value = isPut ? valueBytesOf(item.value) : undefined;
    const ttlMs = isPut ? ttlOf(item) : TTL_NONE;
    const problem = isPut
      ? (putProblem(key.length, value?.length ?? 0, ttlMs, limits) ?? this.#sequencer.readOnlyBy)
      : keyProblem(key.length, limits.maxKeyBytes);
    if (problem !== undefined) {
      const { cause, message } = problem;
      const options = { cause, details: { ...problem.details, index } };
      throw new CaskError(problem.code, `item ${index}: ${message}`, options);
    }
    return { key, value, isCheck: item.type === 'check', condition: conditionOf(item), ttlMs };
  }

  /** Resolves when the batch is sequenced; `committed` then says what became of it. */
  async #sequence(
    origin: WriteOrigin,
    batch: PreparedBatch,
    results: BatchItemResult[],
    patience: Patience | undefined,
  ): Promise<{ readonly committed: Promise<void> }> {
    checkPatience(patience);
    const breather = this.#breather(batch);
    const { commit } = this.#sequencer.parts;
    const failures = commit.failures;
    const problem = await this.#checkConditions(batch, breather);
    if (problem !== undefined) throw problem;
    if (commit.failures !== failures) {
      // Conditions may have been met by writes that have failed since.
      throw new CaskError('NOT_APPLIED', 'the batch was not applied: an earlier write failed');
    }
    if (this.#sequencer.closedBy !== undefined) throw this.#sequencer.closedBy;
    checkPatience(patience);
    if (patience !== undefined) patience.sequenced = true;
    const group = commit.placeAlone(batch.bytes);
    const committed = new Promise<void>((resolve, reject) => {
      group.waiters.push({ committed: resolve, failed: reject });
    });
    // It may fail before anyone waits for it.
    committed.catch(() => {});
    let lastRecordAt = -1;
    for (const item of batch.items) {
      const recordAt = this.#append(group, item, origin, results);
      if (recordAt >= 0) lastRecordAt = recordAt;
      const pause = breather(item.value?.length ?? 0);
      if (pause !== undefined) await pause;
      if (group.state === 'failed') return { committed };
    }
    if (lastRecordAt >= 0) {
      const seedOffset = group.startOffset + lastRecordAt;
      clearBatchFlag(group.buffer, lastRecordAt, group.segment.salt, seedOffset);
      group.rows.endBatch();
    }
    commit.release(group);
    origin.lastGroup = group;
    return { committed };
  }

  /**
   * Checks conditions and keydir space against the state before the batch. Resolves to the error
   * where that is final at once; where it rests on uncommitted writes, it waits for them.
   */
  async #checkConditions(batch: PreparedBatch, breather: Breather): Promise<CaskError | undefined> {
    const { prior } = this.#sequencer;
    let newKeys = 0;
    let newKeyBytes = 0;
    for (const [index, item] of batch.items.entries()) {
      const { key, condition } = item;
      if (condition !== CONDITION_NONE || item.value !== undefined) {
        prior.look(key, 0, key.length);
        if (!prior.meets(condition)) return this.#conflict(index);
        if (prior.isNewToKeydir && item.value !== undefined) {
          newKeys += 1;
          newKeyBytes += key.length;
        }
      }
      const pause = breather(0);
      if (pause !== undefined) await pause;
    }
    const full = newKeys > 0 && this.#sequencer.isKeydirFullFor(newKeys, newKeyBytes);
    return full ? keydirFull(this.#sequencer.parts.limits.maxKeydirBytes) : undefined;
  }

  /** The conflict that `prior` shows; one with an uncommitted write stands once that commits. */
  async #conflict(index: number): Promise<CaskError> {
    const { dependsOn, revision } = this.#sequencer.prior;
    if (dependsOn !== undefined) await committing(dependsOn);
    return conflict(revision, index);
  }

  /** Appends one item; returns where its record is, or -1 when there was nothing to write. */
  #append(
    group: Group,
    item: PreparedItem,
    origin: WriteOrigin,
    results: BatchItemResult[],
  ): number {
    const { key, value, ttlMs } = item;
    const sequencer = this.#sequencer;
    if (item.isCheck) {
      results.push(NOTHING);
      return -1;
    }
    const recordAt = group.length;
    sequencer.prior.look(key, 0, key.length, group.now);
    if (value === undefined) {
      if (!sequencer.prior.exists) {
        results.push(NOTHING);
        return -1;
      }
      sequencer.appendDelete(group, key, 0, key.length, IN_BATCH, REPLY_NONE, origin, 0);
      results.push({ revision: sequencer.lastSequence, version: undefined });
      return recordAt;
    }
    const version = sequencer.appendPut(
      group,
      key,
      0,
      key.length,
      value,
      0,
      value.length,
      ttlMs,
      IN_BATCH,
      REPLY_NONE,
      origin,
      0,
    );
    results.push({ revision: sequencer.lastSequence, version });
    return recordAt;
  }

  #breather(batch: PreparedBatch): Breather {
    const { scheduler, clock } = this.#environment;
    if (batch.items.length <= AT_ONCE_ITEMS && batch.bytes <= AT_ONCE_BYTES) return () => undefined;
    let deadline = clock.monotonicMs() + SLICE_MS;
    let items = 0;
    let bytes = 0;
    return (itemBytes) => {
      items += 1;
      bytes += itemBytes;
      if (items < LOOK_ITEMS && bytes < LOOK_BYTES) return undefined;
      items = 0;
      bytes = 0;
      if (clock.monotonicMs() < deadline) return undefined;
      return nextTurn(scheduler).then(() => {
        deadline = clock.monotonicMs() + SLICE_MS;
      });
    };
  }
}

/** Resolves when the group is committed; rejects with what it failed of. */
function committing(group: Group): Promise<void> {
  if (group.state === 'committed') return Promise.resolve();
  return new Promise((resolve, reject) => {
    group.waiters.push({ committed: resolve, failed: reject });
  });
}
