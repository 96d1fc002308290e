/**
 * Puts and deletes on their way into the log: limits, conditions against committed state plus
 * all that is sequenced, the sequence, the encoded record. Answers come at commit.
 */

import type { CaskError } from '../../errors/cask-error.ts';
import { expiryOf, TTL_KEEP } from '../../vocabulary/write-arguments.ts';
import type { Clock } from '../disk/environment.ts';
import { copyBytes } from '../format/byte-ranges.ts';
import { encodePut } from '../format/put-encoder.ts';
import {
  encodeRecord,
  encodeRecordHead,
  FLAG_BATCH_CONTINUES,
  RECORD_CLEAR,
  RECORD_DELETE,
  RECORD_HEADER_BYTES,
  RECORD_PUT,
  RECORD_TOUCH,
  recordBytes,
  touchBytes,
} from '../format/record.ts';
import type { Keydir } from '../keydir/keydir.ts';
import type { Modifier } from '../modifier.ts';
import type { CommitApplier } from './commit-applier.ts';
import { type Group, SLICE_BYTES } from './group.ts';
import type { GroupCommit } from './group-commit.ts';
import {
  REPLY_DELETE,
  REPLY_MODIFY,
  REPLY_NONE,
  REPLY_PUT,
  ROW_IN_BATCH,
  ROW_PUT,
  replyOf,
} from './group-rows.ts';
import type { PendingWrites } from './pending-writes.ts';
import { PriorState } from './prior-state.ts';
import { SessionLine } from './session-line.ts';
import {
  busy,
  conflict,
  keydirFull,
  keyProblem,
  putProblem,
  type WriteLimits,
} from './write-limits.ts';
import type { WriteOrigin } from './write-origin.ts';
import type { WriteTurnstile } from './write-turnstile.ts';

const VERSION_MAX = 0xffff_ffff;
const NO_BYTES = new Uint8Array(0);

export interface SequencerParts {
  readonly keydir: Keydir;
  readonly pending: PendingWrites;
  readonly commit: GroupCommit;
  readonly applier: CommitApplier;
  readonly turnstile: WriteTurnstile;
  readonly clock: Clock;
  readonly limits: WriteLimits;
  readonly now: () => number;
}

export class Sequencer {
  readonly parts: SequencerParts;
  readonly prior: PriorState;
  /** The last sequence given out. */
  lastSequence: number;
  /** Why no write at all is accepted; undefined: they are. */
  closedBy: CaskError | undefined;
  /** Why only deletes are accepted; undefined: puts are, too. */
  readOnlyBy: CaskError | undefined;
  /** Bytes of writes that wait in the lines of their sessions, and of modifies that wait for a value. */
  waitingBytes = 0;
  /** The most that was ever queued. */
  queuedBytesHigh = 0;
  /** Writes that were refused, by reason. */
  readonly refusals = { queueFull: 0, keydirFull: 0 };

  constructor(parts: SequencerParts, lastSequence: number) {
    this.parts = parts;
    this.prior = new PriorState(parts.keydir, parts.pending, parts.now);
    this.lastSequence = lastSequence;
  }

  /** Bytes of writes that are accepted and not committed. */
  get queuedBytes(): number {
    return this.parts.commit.queuedBytes + this.waitingBytes;
  }

  /** More than half of `maxWriteQueueBytes`: who can wait, should. */
  get isQueueLong(): boolean {
    return this.queuedBytes * 2 > this.parts.limits.maxWriteQueueBytes;
  }

  /** Why `bytes` more cannot be queued now; something may always be queued when nothing is. */
  queueProblem(bytes: number): CaskError | undefined {
    if (this.closedBy !== undefined) return this.closedBy;
    const queued = this.queuedBytes;
    const { maxWriteQueueBytes } = this.parts.limits;
    if (queued > 0 && queued + bytes > maxWriteQueueBytes) {
      this.refusals.queueFull += 1;
      return busy(queued, maxWriteQueueBytes);
    }
    if (queued + bytes > this.queuedBytesHigh) this.queuedBytesHigh = queued + bytes;
    return undefined;
  }

  put(
    origin: WriteOrigin,
    keyBuffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    valueBuffer: Uint8Array,
    valueStart: number,
    valueBytes: number,
    condition: number,
    ttlMs: number,
    token: number,
  ): void {
    const problem =
      putProblem(keyBytes, valueBytes, ttlMs, this.parts.limits) ??
      this.readOnlyBy ??
      this.queueProblem(keyBytes + valueBytes);
    if (problem !== undefined) {
      origin.sink.onError(token, problem);
    } else if (this.mustWait(origin)) {
      const key = Buffer.from(keyBuffer.subarray(keyStart, keyStart + keyBytes));
      const value = Buffer.from(valueBuffer.subarray(valueStart, valueStart + valueBytes));
      this.wait(
        origin,
        token,
        keyBytes + valueBytes,
        () => this.readOnlyBy,
        () => this.#put(origin, key, 0, keyBytes, value, 0, valueBytes, condition, ttlMs, token),
      );
    } else {
      this.#put(
        origin,
        keyBuffer,
        keyStart,
        keyBytes,
        valueBuffer,
        valueStart,
        valueBytes,
        condition,
        ttlMs,
        token,
      );
    }
  }

  delete(
    origin: WriteOrigin,
    buffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    condition: number,
    token: number,
  ): void {
    const problem =
      keyProblem(keyBytes, this.parts.limits.maxKeyBytes) ?? this.queueProblem(keyBytes);
    if (problem !== undefined) {
      origin.sink.onError(token, problem);
    } else if (this.mustWait(origin)) {
      const key = Buffer.from(buffer.subarray(keyStart, keyStart + keyBytes));
      this.wait(
        origin,
        token,
        keyBytes,
        () => undefined,
        () => this.deleteInTurn(origin, key, 0, keyBytes, condition, token),
      );
    } else {
      this.deleteInTurn(origin, buffer, keyStart, keyBytes, condition, token);
    }
  }

  /** True: go through `wait`. */
  mustWait(origin: WriteOrigin): boolean {
    return origin.line !== undefined || this.parts.turnstile.isClosed;
  }

  /** Runs a write when it is its turn; `problemOf` says why it cannot be taken any more. */
  wait(
    origin: WriteOrigin,
    token: number,
    bytes: number,
    problemOf: () => CaskError | undefined,
    run: () => void,
  ): void {
    origin.sink.onDeferred?.(token);
    this.inTurn(origin, bytes, () => {
      if (origin.sink.mayBegin?.(token) === false) return;
      const problem = this.closedBy ?? problemOf();
      if (problem === undefined) run();
      else origin.sink.onError(token, problem);
    });
  }

  /** Runs a write of so many bytes behind all that its origin sent before; at once where it can. */
  inTurn(origin: WriteOrigin, bytes: number, task: () => void): void {
    if (!this.mustWait(origin)) {
      task();
      return;
    }
    this.waitingBytes += bytes;
    this.lineOf(origin).push(false, () => {
      this.waitingBytes -= bytes;
      task();
    });
  }

  /** The line in which whatever the origin sends from now on waits. */
  lineOf(origin: WriteOrigin): SessionLine {
    const { turnstile, clock } = this.parts;
    origin.line ??= new SessionLine(turnstile, clock, () => {
      origin.line = undefined;
    });
    return origin.line;
  }

  #put(
    origin: WriteOrigin,
    keyBuffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    valueBuffer: Uint8Array,
    valueStart: number,
    valueBytes: number,
    condition: number,
    ttlMs: number,
    token: number,
  ): void {
    const { prior } = this;
    prior.look(keyBuffer, keyStart, keyBytes);
    if (!prior.meets(condition)) {
      this.refuse(origin, token, conflict(prior.revision));
      return;
    }
    const group = this.#placePut(origin, keyBytes, valueBytes, ttlMs, token);
    if (group === undefined) return;
    this.appendPut(
      group,
      keyBuffer,
      keyStart,
      keyBytes,
      valueBuffer,
      valueStart,
      valueBytes,
      ttlMs,
      0,
      REPLY_PUT,
      origin,
      token,
    );
    // A store of what is there is not free: the collector is told of it.
    if (origin.lastGroup !== group) origin.lastGroup = group;
  }

  /** A delete by one who has the turn, of a key that may be one: no limits, no waiting. */
  deleteInTurn(
    origin: WriteOrigin,
    buffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    condition: number,
    token: number,
  ): void {
    const { prior } = this;
    prior.look(buffer, keyStart, keyBytes);
    if (!prior.meets(condition)) {
      this.refuse(origin, token, conflict(prior.revision));
      return;
    }
    if (!prior.exists) {
      this.#answerNothingDeleted(origin, token);
      return;
    }
    const group = this.#place(origin, recordBytes(keyBytes, 0, false), token);
    if (group === undefined) return;
    this.appendDelete(group, buffer, keyStart, keyBytes, 0, REPLY_DELETE, origin, token);
    origin.lastGroup = group;
  }

  /** Puts what a modifier decided for the key that `prior` describes. */
  putAsDecided(
    origin: WriteOrigin,
    keyBuffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    valueBuffer: Uint8Array,
    valueStart: number,
    valueBytes: number,
    ttlMs: number,
    modifier: Modifier,
    token: number,
  ): void {
    const group = this.#placePut(origin, keyBytes, valueBytes, ttlMs, token);
    if (group === undefined) return;
    group.modifiers.push(modifier);
    this.appendPut(
      group,
      keyBuffer,
      keyStart,
      keyBytes,
      valueBuffer,
      valueStart,
      valueBytes,
      ttlMs,
      0,
      REPLY_MODIFY,
      origin,
      token,
    );
    origin.lastGroup = group;
  }

  /** Deletes the key that `prior` describes, which exists, as a modifier decided. */
  deleteAsDecided(
    origin: WriteOrigin,
    keyBuffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    modifier: Modifier,
    token: number,
  ): void {
    const group = this.#place(origin, recordBytes(keyBytes, 0, false), token);
    if (group === undefined) return;
    group.modifiers.push(modifier);
    this.appendDelete(group, keyBuffer, keyStart, keyBytes, 0, REPLY_MODIFY, origin, token);
    origin.lastGroup = group;
  }

  /** Touches the key that `prior` describes, which exists, as a modifier decided. */
  touchAsDecided(
    origin: WriteOrigin,
    keyBuffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    ttlMs: number,
    modifier: Modifier,
    token: number,
  ): void {
    const { prior } = this;
    if (this.parts.keydir.isFullForTouch) {
      this.refusals.keydirFull += 1;
      origin.sink.onError(token, keydirFull(this.parts.limits.maxKeydirBytes));
      return;
    }
    const group = this.#place(origin, touchBytes(keyBytes, true), token);
    if (group === undefined) return;
    group.modifiers.push(modifier);
    const recordAt = group.length;
    const end = encodeRecord(
      group.buffer,
      recordAt,
      group.segment.salt,
      group.startOffset + recordAt,
      RECORD_TOUCH,
      0,
      keyBuffer,
      keyStart,
      keyBytes,
      NO_BYTES,
      0,
      0,
      this.lastSequence + 1,
      group.provenOffset,
      prior.version,
      prior.createdAt,
      group.now,
      expiryOf(ttlMs, group.now, prior.expiresAt),
      prior.valueSequence,
    );
    this.#added(group, recordAt, end, REPLY_MODIFY, origin, token, keyBuffer, keyStart, keyBytes);
    origin.lastGroup = group;
  }

  /** Removes all keys by one record. The answer is that of a delete. */
  clear(origin: WriteOrigin, token: number): void {
    const problem = this.queueProblem(RECORD_HEADER_BYTES);
    if (problem !== undefined) {
      origin.sink.onError(token, problem);
    } else if (this.mustWait(origin)) {
      this.wait(
        origin,
        token,
        RECORD_HEADER_BYTES,
        () => undefined,
        () => this.#clear(origin, token),
      );
    } else {
      this.#clear(origin, token);
    }
  }

  #clear(origin: WriteOrigin, token: number): void {
    const group = this.#place(origin, RECORD_HEADER_BYTES, token);
    if (group === undefined) return;
    const recordAt = group.length;
    const end = encodeRecord(
      group.buffer,
      recordAt,
      group.segment.salt,
      group.startOffset + recordAt,
      RECORD_CLEAR,
      0,
      NO_BYTES,
      0,
      0,
      NO_BYTES,
      0,
      0,
      this.lastSequence + 1,
      group.provenOffset,
      0,
      group.now,
      group.now,
      0,
    );
    this.#added(group, recordAt, end, REPLY_DELETE, origin, token, NO_BYTES, 0, 0);
    origin.lastGroup = group;
  }

  /** The group for a put of the key that `prior` describes; undefined: that has been answered. */
  #placePut(
    origin: WriteOrigin,
    keyBytes: number,
    valueBytes: number,
    ttlMs: number,
    token: number,
  ): Group | undefined {
    const { prior } = this;
    if (prior.isNewToKeydir && this.isKeydirFullFor(1, keyBytes)) {
      origin.sink.onError(token, keydirFull(this.parts.limits.maxKeydirBytes));
      return undefined;
    }
    const expires = ttlMs > 0 || ttlMs < TTL_KEEP || (ttlMs === TTL_KEEP && prior.expiresAt !== 0);
    return this.#place(origin, recordBytes(keyBytes, valueBytes, expires), token);
  }

  /** The group for a record; undefined when there is none to be had, which has been answered. */
  #place(origin: WriteOrigin, bytes: number, token: number): Group | undefined {
    try {
      return this.parts.commit.place(bytes);
    } catch (error) {
      origin.sink.onError(token, error as CaskError);
      return undefined;
    }
  }

  /** Asked before a write that is refused if so. */
  isKeydirFullFor(keys: number, keyBytes: number): boolean {
    const { keydir, applier } = this.parts;
    const isFull = keydir.isFullFor(
      applier.reservedKeys + keys,
      applier.reservedKeyBytes + keyBytes,
    );
    if (isFull) this.refusals.keydirFull += 1;
    return isFull;
  }

  /** An answer that depends on uncommitted writes is held until they commit, or fail. */
  refuse(origin: WriteOrigin, token: number, error: CaskError): void {
    const { dependsOn } = this.prior;
    if (dependsOn === undefined) {
      origin.sink.onError(token, error);
      return;
    }
    dependsOn.waiters.push({
      committed: () => origin.sink.onError(token, error),
      failed: (failure) => origin.sink.onError(token, failure),
    });
  }

  #answerNothingDeleted(origin: WriteOrigin, token: number): void {
    const { dependsOn } = this.prior;
    if (dependsOn === undefined) {
      origin.sink.onDelete(token, 0);
      return;
    }
    dependsOn.waiters.push({
      committed: () => origin.sink.onDelete(token, 0),
      failed: (failure) => origin.sink.onError(token, failure),
    });
  }

  /**
   * Encodes a put of the key that `prior` describes into a group that has room for it.
   * Returns the entry's new version.
   */
  appendPut(
    group: Group,
    keyBuffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    valueBuffer: Uint8Array,
    valueStart: number,
    valueBytes: number,
    ttlMs: number,
    flags: number,
    reply: number,
    origin: WriteOrigin,
    token: number,
  ): number {
    const { prior } = this;
    const version = Math.min(prior.version + 1, VERSION_MAX);
    const createdAt = prior.exists ? prior.createdAt : group.now;
    const expiresAt = expiryOf(ttlMs, group.now, prior.expiresAt);
    const sequence = this.lastSequence + 1;
    const recordAt = group.length;
    const { buffer } = group;
    const { salt } = group.segment;
    const offset = group.startOffset + recordAt;
    let end: number;
    if (valueBytes <= SLICE_BYTES) {
      end = encodePut(
        buffer,
        group.memory.view,
        recordAt,
        salt,
        offset,
        flags,
        keyBuffer,
        keyStart,
        keyBytes,
        valueBuffer,
        valueStart,
        valueBytes,
        sequence,
        group.provenOffset,
        version,
        createdAt,
        group.now,
        expiresAt,
      );
    } else {
      const valueAt = encodeRecordHead(
        buffer,
        recordAt,
        salt,
        offset,
        RECORD_PUT,
        flags,
        keyBuffer,
        keyStart,
        keyBytes,
        valueBytes,
        0,
        sequence,
        group.provenOffset,
        version,
        createdAt,
        group.now,
        expiresAt,
      );
      copyBytes(buffer, valueAt, valueBuffer, valueStart, valueBytes);
      group.sumLater(recordAt, valueAt, valueBytes, sequence);
      end = valueAt + valueBytes;
    }
    if (prior.isNewToKeydir) this.#reserveKey(group, keyBytes);
    const kind = reply | (flags === 0 ? ROW_PUT : ROW_PUT | ROW_IN_BATCH);
    this.#added(group, recordAt, end, kind, origin, token, keyBuffer, keyStart, keyBytes);
    const { hash, ref, moves } = prior;
    group.rows.describePut(hash, ref, moves, version, createdAt, expiresAt);
    return version;
  }

  appendDelete(
    group: Group,
    keyBuffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    flags: number,
    reply: number,
    origin: WriteOrigin,
    token: number,
  ): void {
    const recordAt = group.length;
    const end = encodeRecord(
      group.buffer,
      recordAt,
      group.segment.salt,
      group.startOffset + recordAt,
      RECORD_DELETE,
      flags,
      keyBuffer,
      keyStart,
      keyBytes,
      NO_BYTES,
      0,
      0,
      this.lastSequence + 1,
      group.provenOffset,
      0,
      group.now,
      group.now,
      0,
    );
    this.#added(group, recordAt, end, reply, origin, token, keyBuffer, keyStart, keyBytes);
  }

  /** A record is encoded of the key that `prior` describes; without key bytes it is a clear. */
  #added(
    group: Group,
    recordAt: number,
    end: number,
    kind: number,
    origin: WriteOrigin,
    token: number,
    keyBuffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
  ): void {
    const { pending, commit } = this.parts;
    this.lastSequence += 1;
    const sink = replyOf(kind) === REPLY_NONE ? undefined : origin.sink;
    group.addRecord(recordAt, end, this.lastSequence, kind, sink, token);
    if (keyBytes === 0) pending.setClear(group, this.lastSequence);
    else pending.set(group, recordAt, this.prior.hash, keyBuffer, keyStart, keyBytes);
    commit.added(group, end - recordAt);
  }

  #reserveKey(group: Group, keyBytes: number): void {
    const { applier } = this.parts;
    group.newKeys += 1;
    group.newKeyBytes += keyBytes;
    applier.reservedKeys += 1;
    applier.reservedKeyBytes += keyBytes;
  }
}

/** The flag that all records of a batch but the last one written carry. */
export const IN_BATCH: number = FLAG_BATCH_CONTINUES;
