/**
 * An open store's parts, wired together. `Store` is its public face; sessions work on it.
 */

import { CaskError, toCaskError } from '../errors/cask-error.ts';
import type { DeleteRangeOptions, DeleteRangeResult, WorkOptions } from '../vocabulary/entry.ts';
import { Backups } from './backup/backups.ts';
import { nextTurn } from './disk/environment.ts';
import type { DamageFacts } from './format/manifest.ts';
import { JobRegistry } from './jobs/job-registry.ts';
import { boundsToDelete } from './keydir/key-bounds.ts';
import { HintBuilder } from './merge/hint-builder.ts';
import { MergeTimer } from './merge/merge-timer.ts';
import { Merger } from './merge/merger.ts';
import { loading } from './read/range-reader.ts';
import { ReadPath } from './read/read-path.ts';
import type { OpenedDirectory } from './recovery/open-directory.ts';
import { noteDamage } from './scrub/note-damage.ts';
import { Scrubber } from './scrub/scrubber.ts';
import { changeStoreOptions, type StoreChanges, type StoreOptions } from './store-options.ts';
import type { StoreHealth } from './store-stats.ts';
import { ModifyWriter } from './write/modify-writer.ts';
import type { WriteOrigin } from './write/write-origin.ts';
import { WritePath } from './write/write-path.ts';

/** References merged, and entries moved, in one slice: about 1 ms. */
const INDEX_REFS_PER_SLICE = 1500;
const MOVES_PER_SLICE = 500;
const HOUSEKEEPING_MS = 1000;
/** How far a persisted engine time may lag behind one that was used to expire something. */
const ENGINE_TIME_LAG_MS = 60_000;

/** At close the manifest is written anew if its count of keys is off by more than one in so many. */
const KEY_COUNT_SHARE = 16;

export type EngineStatus = 'open' | 'closing' | 'closed' | 'failed';

export class Engine {
  readonly options: StoreOptions;
  readonly opened: OpenedDirectory;
  readonly writes: WritePath;
  readonly reads: ReadPath;
  readonly modifies: ModifyWriter;
  readonly merger: Merger;
  readonly hints: HintBuilder;
  readonly backups: Backups;
  readonly scrubber: Scrubber;
  /** Long work that someone asked for. */
  readonly jobs: JobRegistry;
  status: EngineStatus = 'open';
  failure: CaskError | undefined;
  /** The most memory that the keydir took, looked at once a second. */
  keydirBytesHigh = 0;
  onFailed: (error: CaskError) => void = () => {};
  onQueueShort: () => void = () => {};
  #closing: Promise<void> | undefined;
  #persistingTime = false;
  readonly #mergeTimer: MergeTimer;

  constructor(options: StoreOptions, opened: OpenedDirectory) {
    this.options = options;
    this.opened = opened;
    const { environment, directory, logger } = options;
    const { files, manifests } = opened;
    this.jobs = new JobRegistry(environment.clock, options.maxJobs);
    this.hints = new HintBuilder(environment, directory, files, manifests, logger);
    this.writes = new WritePath(options, opened, {
      onSealed: (segment) => this.hints.add(segment),
      onFatal: (error) => this.fail(error),
      onProgress: () => this.#onProgress(),
    });
    const { commit, appender, applier, expirer } = this.writes;
    this.reads = new ReadPath(options, opened, this.writes, () => this.#closedBy());
    const { sequencer } = this.writes;
    this.modifies = new ModifyWriter(sequencer, this.reads.entries, environment);
    this.merger = new Merger({
      ...opened,
      hints: this.hints,
      environment,
      options,
      logger,
      roll: () => this.writes.roll(),
      syncLog: () => appender.sync(),
      retireExpired: () => expirer.retireDue(),
      committedSequence: () => applier.committedSequence,
      clearedBelow: () => applier.clearedBelow,
      afterSequenced: () =>
        new Promise((over) => {
          if (!commit.afterSequenced({ committed: over, failed: () => over() })) over();
        }),
      isDegraded: () => opened.unknownDamage.length > 0,
      failure: () => this.failure,
      onFatal: (error) => commit.stop(error),
    });
    this.#mergeTimer = new MergeTimer({
      scheduler: environment.scheduler,
      options: () => this.options.merge,
      look: () => this.merger.mergeIfDue(),
      isOpen: () => this.status === 'open',
      onError: (error) => commit.stop(toCaskError(error)),
    });
    const onDamage = (ranges: readonly DamageFacts[]): void =>
      noteDamage({ ...opened, logger }, ranges);
    const parts = { ...opened, environment, options, logger, jobs: this.jobs, onDamage };
    this.scrubber = new Scrubber({
      ...parts,
      onHintRejected: (segment) => this.hints.add(segment),
    });
    this.backups = new Backups({
      ...parts,
      roll: () => this.writes.roll(),
      committedSequence: () => applier.committedSequence,
      whenSettled: () => this.merger.whenSettled(),
    });
  }

  /**
   * Changes options while the store is open; most parts look at theirs each time they need them.
   * @throws CaskError INVALID_OPTION naming every change that is wrong; then nothing is changed
   */
  reconfigure(changes: StoreChanges): void {
    const { options } = this;
    const { cacheBytes } = options;
    changeStoreOptions(options, changes);
    if (options.cacheBytes !== cacheBytes) this.reads.cache.resize(options.cacheBytes);
    this.opened.files.openMax = options.maxOpenSegments;
    this.jobs.maxRunning = options.maxJobs;
    if (changes.merge !== undefined) this.#mergeTimer.restart();
  }

  /** Starts what goes on in the background. */
  start(): void {
    for (const segment of this.opened.withoutHint) this.hints.add(segment);
    this.writes.space.start();
    this.writes.expirer.start();
    this.#background(this.#buildIndex());
    this.#keepHouse();
    this.#mergeTimer.restart();
  }

  /** Why nothing can be read. */
  #closedBy(): CaskError | undefined {
    if (this.status !== 'closed') return this.failure;
    return new CaskError('CLOSED', 'the store is closed');
  }

  /** Work whose failure is a bug or a broken disk: the store stops. */
  #background(work: Promise<void>): void {
    work.catch((error: unknown) => this.writes.commit.stop(toCaskError(error)));
  }

  async #buildIndex(): Promise<void> {
    const { keydir } = this.opened;
    const { scheduler, clock } = this.options.environment;
    const started = clock.monotonicMs();
    while (this.status === 'open' && !keydir.indexBuildStep(INDEX_REFS_PER_SLICE)) {
      await nextTurn(scheduler);
    }
    if (!keydir.indexReady) return;
    const ms = Math.round(clock.monotonicMs() - started);
    this.options.logger('info', 'index-ready', { keys: keydir.count, ms });
  }

  /** Once a second: moves entries out of sparse memory, persists engine time, notes history. */
  #keepHouse(): void {
    const { scheduler } = this.options.environment;
    scheduler.after(HOUSEKEEPING_MS, () => {
      if (this.status !== 'open') return;
      this.scrubber.tick();
      this.merger.history.note(this.opened.clock.now(), this.writes.applier.committedSequence);
      this.#background(
        this.#compactKeydir().then(() => {
          this.#persistTime();
          this.#keepHouse();
        }),
      );
    });
  }

  async #compactKeydir(): Promise<void> {
    const { keydir } = this.opened;
    this.keydirBytesHigh = Math.max(this.keydirBytesHigh, keydir.bytesUsed);
    if (!keydir.compactionNeeded) return;
    while (this.status === 'open' && keydir.compactStep(MOVES_PER_SLICE)) {
      await nextTurn(this.options.environment.scheduler);
    }
  }

  /** What has expired must not come back because the clock was set back over a restart. */
  #persistTime(): void {
    const { manifests, clock } = this.opened;
    const lag = clock.latest - manifests.persistedEngineTime;
    if (this.writes.expirer.retired === 0 || lag < ENGINE_TIME_LAG_MS || this.#persistingTime)
      return;
    this.#persistingTime = true;
    manifests
      .publish()
      .catch((error: unknown) => {
        this.options.logger('warn', 'manifest-not-written', { reason: String(error) });
      })
      .finally(() => {
        this.#persistingTime = false;
      });
  }

  #onProgress(): void {
    if (!this.writes.isQueueLong) this.onQueueShort();
  }

  /** The store can go on no more: what waits is answered, what comes is refused. */
  fail(error: CaskError): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    this.status = 'failed';
    this.opened.manifests.stop(error);
    this.writes.sequencer.closedBy = error;
    this.options.logger('error', 'store-failed', { reason: error.message });
    // A merge must not publish on the strength of writes that may be lost.
    this.merger.close().catch(() => {});
    this.jobs.stopAll(error);
    this.onFailed(error);
  }

  /**
   * Deletes a range as a job; takes its place among the writes of its origin at once.
   * @throws CaskError as `Store.deleteRange` says
   */
  async deleteRange(
    origin: WriteOrigin,
    options: DeleteRangeOptions & WorkOptions,
  ): Promise<DeleteRangeResult> {
    const bounds = boundsToDelete(options);
    const { closedBy } = this.writes.sequencer;
    if (closedBy !== undefined) throw closedBy;
    if (!this.opened.keydir.indexReady) throw loading();
    const { signal, onProgress } = options;
    return this.jobs.run({ kind: 'delete-range', unit: 'keys', signal, onProgress }, (job) =>
      this.writes.ranges.delete(origin, bounds, job),
    );
  }

  /** Makes durable all that is committed; resolves to the last such sequence. */
  async sync(): Promise<number> {
    if (this.writes.sequencer.closedBy !== undefined) throw this.writes.sequencer.closedBy;
    await this.writes.commit.flush();
    if (this.failure !== undefined) throw this.failure;
    const sequence = this.writes.applier.committedSequence;
    try {
      await this.writes.appender.sync();
    } catch (error) {
      this.writes.commit.stop(toCaskError(error));
      throw error;
    }
    return sequence;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const wasFailed = this.status === 'failed';
    if (!wasFailed) this.status = 'closing';
    const closed = new CaskError('CLOSED', 'the store is closed');
    this.writes.sequencer.closedBy ??= closed;
    await this.jobs.close(closed);
    this.writes.expirer.close();
    await this.merger.close();
    await this.writes.space.close();
    try {
      if (!wasFailed) await this.#seal();
    } finally {
      await this.writes.appender.settled();
      await this.hints.stop();
      // A hint may have been the last to pin a merged-away segment.
      await this.merger.whenRemoved();
      await this.opened.files.closeAll();
      await this.opened.lock.release();
    }
    if (this.failure === undefined) this.status = 'closed';
  }

  /** Commits what is sequenced, then seals the log and writes its hint. */
  async #seal(): Promise<void> {
    await this.modifies.whenIdle();
    await this.writes.turnstile.whenOpen();
    await this.writes.commit.whenIdle();
    if (this.failure !== undefined) return;
    try {
      await this.writes.appender.close();
    } catch (error) {
      // A store that failed meanwhile is left as it is; its failure has been told.
      if (this.failure !== undefined) return;
      throw error;
    }
    await this.hints.whenIdle();
    const { keydir, manifests } = this.opened;
    const isKeyCountOff =
      Math.abs(keydir.count - manifests.current.keys) * KEY_COUNT_SHARE > keydir.count;
    if (isKeyCountOff) await manifests.publish();
  }

  health(): StoreHealth {
    const { sequencer, space } = this.writes;
    const isReadOnly = this.status === 'open' && space.isFull;
    const refusal =
      this.failure ?? sequencer.closedBy ?? (isReadOnly ? sequencer.readOnlyBy : undefined);
    return {
      status: isReadOnly ? 'read-only' : this.status,
      indexReady: this.opened.keydir.indexReady,
      degraded: this.opened.unknownDamage.length > 0,
      reason: refusal?.message,
    };
  }
}
