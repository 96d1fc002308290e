/**
 * Group commit: what is sequenced in one turn of the event loop goes out in one write, and in
 * mode `always`, where it may gather for some turns, under one fdatasync; then the keydir changes,
 * then the answers leave.
 *
 * A group is written and committed alone, in order. While one is on its way to the disk the next
 * one gathers. On an error of a write for want of space the log is cut back and the store is
 * read-only until space returns; on any other error of a write or sync it stops (rule 6).
 */

import { CaskError } from '../../errors/cask-error.ts';
import { type Environment, nextTurn } from '../disk/environment.ts';
import { isNoSpace, isShortage } from '../disk/file-system.ts';
import type { Appender } from '../log/appender.ts';
import { DIRTY_BYTES_MAX } from '../log/appender.ts';
import type { Durability, StoreOptions } from '../store-options.ts';
import type { CommitApplier } from './commit-applier.ts';
import { GatheringTurns } from './gathering-turns.ts';
import { Group, type Waiter } from './group.ts';
import type { GroupMemory } from './group-memory.ts';

/** A gathering group is closed at this size, so that no write takes long. */
const GROUP_BYTES_MAX = 1 << 20;
/** Above this many bytes the kernel is behind with the background sync: appends wait for it. */
const DIRTY_BYTES_HARD_MAX = 4 * DIRTY_BYTES_MAX;
/** For so long after a group that went through the thread pool, the next one is expected to. */
const THREADS_WANTED_MS = 100;

export interface GroupCommitParts {
  readonly environment: Environment;
  readonly appender: Appender;
  readonly applier: CommitApplier;
  readonly durability: Durability;
  /** Looked at each time: it may change. */
  readonly options: Pick<StoreOptions, 'syncIntervalMs'>;
  readonly now: () => number;
  /**
   * Writing failed for want of space or descriptors, and nothing of it remains: sequences from
   * `firstSequence` on are free again; undefined: none was given out.
   */
  readonly onNoSpace: (error: CaskError, firstSequence: number | undefined) => void;
  /** The store has to stop. */
  readonly onFatal: (error: CaskError) => void;
  /** The write queue became shorter. */
  readonly onProgress: () => void;
}

export class GroupCommit {
  readonly #parts: GroupCommitParts;
  #gathering: Group | undefined;
  #held: Group | undefined;
  readonly #queue: Group[] = [];
  /** A group is being written or applied across turns. */
  #busy = false;
  #flushDue = false;
  readonly #gatheringTurns: GatheringTurns;
  /** Until then groups are expected to go through the thread pool. */
  #threadsUntilMs = Number.NEGATIVE_INFINITY;
  #spareMemory: GroupMemory | undefined;
  #intervalDue = false;
  #syncingInBackground = false;
  /** Why nothing goes on; undefined: it does. */
  #fatal: CaskError | undefined;
  /** How often groups have failed: what was checked against pending writes may be void. */
  failures = 0;
  /** Bytes of all groups that are not committed. */
  queuedBytes = 0;
  groups = 0;
  #idle: (() => void)[] = [];

  constructor(parts: GroupCommitParts) {
    this.#parts = parts;
    this.#gatheringTurns = new GatheringTurns(parts.environment.clock);
  }

  /** The group that takes the next `bytes` of records, all of them. */
  place(bytes: number): Group {
    if (this.#fatal !== undefined) throw this.#fatal;
    let group = this.#gathering;
    const { appender } = this.#parts;
    const rolls = appender.needsRoll(bytes);
    if (group !== undefined && (rolls || group.length >= GROUP_BYTES_MAX)) {
      this.#closeGathering();
      group = undefined;
    }
    if (rolls) appender.planRoll();
    group ??= this.#open();
    group.reserve(bytes);
    return group;
  }

  /** Takes note of `bytes` that were added to the group that `place` gave. */
  added(group: Group, bytes: number): void {
    this.#parts.appender.extendPlan(bytes);
    this.queuedBytes += bytes;
    if (group === this.#gathering) this.#flushAtEndOfTurn();
  }

  /**
   * A group of its own for `bytes` of records, which may be added to it over several turns;
   * nothing else may be placed until it is given back by `release`.
   */
  placeAlone(bytes: number): Group {
    this.#closeGathering();
    const group = this.place(bytes);
    this.#gathering = undefined;
    this.#held = group;
    return group;
  }

  release(group: Group): void {
    if (group.state === 'failed') return;
    this.#held = undefined;
    this.#enqueue(group);
    this.#flushAtEndOfTurn();
  }

  /**
   * Starts a new segment; resolves when the one before is sealed. No group may be held.
   * @throws CaskError what the writes before failed of
   */
  async roll(): Promise<void> {
    if (this.#fatal !== undefined) throw this.#fatal;
    const { appender } = this.#parts;
    if (appender.hasPlannedRecords) {
      this.#closeGathering();
      appender.planRoll();
      await this.#commitOf(this.#open());
    } else {
      // Another roll may be underway, and has not been committed yet.
      await this.flush();
    }
    await appender.sealed();
  }

  /** Resolves when all that is sequenced by now is committed (or has failed). */
  async flush(): Promise<void> {
    if (this.#fatal !== undefined) throw this.#fatal;
    const last = this.#last;
    if (last !== undefined) await this.#commitOf(last);
  }

  /** The group, not committed yet, that has the record with that sequence; undefined: none has. */
  groupOf(sequence: number): Group | undefined {
    if (this.#gathering !== undefined && holds(this.#gathering, sequence)) return this.#gathering;
    if (this.#held !== undefined && holds(this.#held, sequence)) return this.#held;
    return this.#queue.find((group) => holds(group, sequence));
  }

  /** Tells the waiter what becomes of all that is sequenced by now. False: it is committed. */
  afterSequenced(waiter: Waiter): boolean {
    const last = this.#last;
    if (last === undefined) return false;
    last.waiters.push(waiter);
    this.#flushAtEndOfTurn();
    return true;
  }

  /** The group that the others come before. */
  get #last(): Group | undefined {
    return this.#held ?? this.#gathering ?? this.#queue.at(-1);
  }

  /** Resolves when nothing is queued, written or applied. */
  async whenIdle(): Promise<void> {
    while (!this.#isIdle && this.#fatal === undefined)
      await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Groups go through the thread pool, or did so a moment ago. */
  get wantsThreads(): boolean {
    return this.#parts.environment.clock.monotonicMs() < this.#threadsUntilMs;
  }

  get #isIdle(): boolean {
    const { length } = this.#queue;
    return !this.#busy && length === 0 && this.#gathering === undefined && this.#held === undefined;
  }

  #commitOf(group: Group): Promise<void> {
    return new Promise((resolve, reject) => {
      group.waiters.push({ committed: resolve, failed: reject });
      this.#flushAtEndOfTurn();
    });
  }

  #open(): Group {
    const { appender, now } = this.#parts;
    const memory = this.#spareMemory;
    this.#spareMemory = undefined;
    const { planSegment, planOffset, planProven } = appender;
    const group = new Group(planSegment, planOffset, now(), planProven, memory);
    this.#gathering = group;
    return group;
  }

  #closeGathering(): void {
    const group = this.#gathering;
    if (group === undefined) return;
    this.#gathering = undefined;
    this.#enqueue(group);
    this.#flushAtEndOfTurn();
  }

  #enqueue(group: Group): void {
    group.state = 'queued';
    this.#queue.push(group);
  }

  #flushAtEndOfTurn(): void {
    if (this.#flushDue || this.#busy) return;
    this.#flushDue = true;
    this.#parts.environment.scheduler.endOfTurn(this.#atEndOfTurn);
  }

  readonly #atEndOfTurn = (): void => {
    const { durability, environment } = this.#parts;
    if (durability === 'always' && this.#queue.length === 0) {
      const clients = this.#gathering?.rows.sinks.length ?? 0;
      if (this.#gatheringTurns.goesOn(clients)) {
        environment.scheduler.endOfTurn(this.#atEndOfTurn);
        return;
      }
    }
    this.#flushDue = false;
    this.#pump();
  };

  #pump(): void {
    while (!this.#busy && this.#fatal === undefined) {
      if (this.#queue.length === 0) this.#closeGatheringQuietly();
      const group = this.#queue[0];
      if (group === undefined) break;
      if (this.#tryNow(group)) continue;
      this.#busy = true;
      this.#commitSlowly(group).then(
        () => this.#resume(),
        (error: unknown) => this.#fail(group, error),
      );
    }
    if (this.#isIdle) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #closeGatheringQuietly(): void {
    if (this.#gathering === undefined) return;
    this.#enqueue(this.#gathering);
    this.#gathering = undefined;
  }

  #resume(): void {
    this.#busy = false;
    this.#pump();
  }

  /** Writes and commits the group within this turn, where the event-loop rule allows. */
  #tryNow(group: Group): boolean {
    const { appender, durability, applier } = this.#parts;
    const always = durability === 'always';
    if (group.hasUnsummed || !appender.canWriteNow(group.segment, group.length, always)) {
      return false;
    }
    if (appender.dirtyBytes > DIRTY_BYTES_HARD_MAX) return false;
    try {
      if (group.length > 0) {
        appender.writeNow(group.buffer, group.length, group.startOffset);
        this.#noteAppended(group);
        if (always) appender.syncNow();
      }
    } catch (error) {
      this.#busy = true;
      this.#fail(group, error);
      return true;
    }
    if (!always) this.#syncInBackground();
    if (applier.apply(group)) {
      this.#finish(group);
      return true;
    }
    this.#busy = true;
    this.#applyOverTurns(group).then(
      () => this.#resume(),
      (error: unknown) => this.#fail(group, error),
    );
    return true;
  }

  async #commitSlowly(group: Group): Promise<void> {
    this.#threadsUntilMs = Number.POSITIVE_INFINITY;
    try {
      await this.#writeSlowly(group);
    } finally {
      this.#threadsUntilMs = this.#parts.environment.clock.monotonicMs() + THREADS_WANTED_MS;
    }
    if (this.#fatal !== undefined) return;
    if (this.#parts.applier.apply(group)) this.#finish(group);
    else await this.#applyOverTurns(group);
  }

  async #writeSlowly(group: Group): Promise<void> {
    const { appender, durability, environment } = this.#parts;
    if (group.hasUnsummed) await group.sumValues(() => nextTurn(environment.scheduler));
    while (appender.dirtyBytes > DIRTY_BYTES_HARD_MAX && durability !== 'always') {
      await appender.sync();
    }
    await appender.write(group.segment, group.buffer, group.length, group.startOffset);
    this.#noteAppended(group);
    if (durability === 'always') await appender.sync();
    else this.#syncInBackground();
  }

  async #applyOverTurns(group: Group): Promise<void> {
    do {
      await nextTurn(this.#parts.environment.scheduler);
      if (this.#fatal !== undefined) return;
    } while (!this.#parts.applier.apply(group));
    this.#finish(group);
  }

  /** The segment has the group's records now, durable or not. */
  #noteAppended(group: Group): void {
    const { segment } = group;
    group.written = true;
    if (!group.hasRecords) return;
    if (segment.records === 0) {
      segment.base = group.firstSequence;
      segment.min = group.firstSequence;
    }
    segment.records += group.rows.count;
    segment.last = group.lastSequence;
    segment.bytes = group.endOffset;
    segment.latestUpdatedAt = group.now;
  }

  #finish(group: Group): void {
    this.#queue.shift();
    this.groups += 1;
    this.queuedBytes -= group.length;
    group.state = 'committed';
    group.tellCommitted();
    if (group.memory.reset()) this.#spareMemory = group.memory;
    this.#parts.onProgress();
  }

  /** Modes `interval` and `os`: at most 8 MiB dirty, and `interval` syncs by time too. */
  #syncInBackground(): void {
    const { appender, durability, environment, options } = this.#parts;
    if (appender.dirtyBytes >= DIRTY_BYTES_MAX) this.#syncNowInBackground();
    if (durability !== 'interval' || this.#intervalDue || appender.dirtyBytes === 0) return;
    this.#intervalDue = true;
    environment.scheduler.after(options.syncIntervalMs, () => {
      this.#intervalDue = false;
      if (this.#fatal === undefined) this.#syncNowInBackground();
    });
  }

  #syncNowInBackground(): void {
    if (this.#syncingInBackground) return;
    this.#syncingInBackground = true;
    this.#parts.appender.sync().then(
      () => {
        this.#syncingInBackground = false;
        // What was written meanwhile is dirty still: its time runs from here.
        this.#syncInBackground();
      },
      (error: unknown) => this.#stop(error),
    );
  }

  /** Ends the flow: whatever went to the kernel is unknown, the rest was not applied. */
  #stop(error: unknown): void {
    if (this.#fatal !== undefined) return;
    const cause = error instanceof Error ? error.message : String(error);
    const fatal = new CaskError('STORE_FAILED', `the log cannot be written: ${cause}`, {
      cause: error,
    });
    this.#fatal = fatal;
    const handed = this.#busy ? this.#queue.shift() : undefined;
    if (handed !== undefined) this.#failGroup(handed, outcomeUnknown(fatal));
    this.#failQueued(fatal);
    this.#parts.onFatal(fatal);
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Stops for a reason found elsewhere; the answers say what became of each write. */
  stop(error: CaskError): void {
    this.#stop(error);
  }

  #fail(group: Group, error: unknown): void {
    if (this.#fatal !== undefined) return;
    if (!isShortage(error) || group.written) {
      // Written but not synced, or a failure that says nothing of what is on disk: rule 6.
      this.#stop(error);
      return;
    }
    this.#recoverFromShortage(group, error).then(
      () => this.#resume(),
      (fatal: unknown) => this.#stop(fatal),
    );
  }

  /** Rule 8: cut back to the last good group, durably, and fail what depended on this one. */
  async #recoverFromShortage(group: Group, error: unknown): Promise<void> {
    const { appender, onNoSpace } = this.#parts;
    await appender.cutBack();
    const cause = error instanceof Error ? error.message : String(error);
    const code = isNoSpace(error) ? 'NO_SPACE' : 'TOO_MANY_OPEN_FILES';
    const refused = new CaskError(code, `the write was not applied: ${cause}`, { cause: error });
    const first = this.#firstSequence();
    this.#queue.shift();
    this.#failGroup(group, refused);
    this.#failQueued(refused);
    appender.resetPlan();
    onNoSpace(refused, first);
  }

  /** The first sequence that is in any group; undefined when none has a record. */
  #firstSequence(): number | undefined {
    const groups = [...this.#queue, this.#gathering, this.#held];
    return groups.find((group) => group?.hasRecords)?.firstSequence;
  }

  #failQueued(cause: CaskError): void {
    this.#closeGatheringQuietly();
    if (this.#held !== undefined) this.#queue.push(this.#held);
    this.#held = undefined;
    for (const group of this.#queue.splice(0)) {
      const message = `the write was not applied, an earlier one failed: ${cause.message}`;
      this.#failGroup(group, new CaskError('NOT_APPLIED', message, { cause }));
    }
  }

  #failGroup(group: Group, error: CaskError): void {
    group.state = 'failed';
    group.failure = error;
    this.failures += 1;
    this.queuedBytes -= group.length;
    this.#parts.applier.fail(group, error);
    group.tellFailed(error);
  }
}

function holds({ firstSequence, lastSequence }: Group, sequence: number): boolean {
  return firstSequence <= sequence && sequence <= lastSequence;
}

function outcomeUnknown(cause: CaskError): CaskError {
  const message = `it is not known whether the write will survive: ${cause.message}`;
  return new CaskError('OUTCOME_UNKNOWN', message, { cause });
}
