/**
 * An open store's parts, wired together. `Store` is its public face; sessions work on it.
 */

import { CaskError, toCaskError } from '../errors/cask-error.ts';
import { nextTurn } from './disk/environment.ts';
import { LatencyGate, READ_MEAN_MS_MAX } from './disk/latency-gate.ts';
import { readU32 } from './format/integers.ts';
import { Appender } from './log/appender.ts';
import { HintBuilder } from './merge/hint-builder.ts';
import { Merger } from './merge/merger.ts';
import { PageReader } from './read/page-reader.ts';
import { PointReader } from './read/point-reader.ts';
import { RangeReader } from './read/range-reader.ts';
import { RecordReader } from './read/record-reader.ts';
import { ValueCache } from './read/value-cache.ts';
import type { OpenedDirectory } from './recovery/open-directory.ts';
import type { StoreOptions } from './store-options.ts';
import type { StoreStats } from './store-stats.ts';
import { BatchWriter } from './write/batch-writer.ts';
import { CommitApplier } from './write/commit-applier.ts';
import { Expirer } from './write/expirer.ts';
import { GroupCommit } from './write/group-commit.ts';
import { PendingWrites } from './write/pending-writes.ts';
import { Sequencer } from './write/sequencer.ts';
import { SpaceGuard } from './write/space-guard.ts';
import { WriteTurnstile } from './write/write-turnstile.ts';

/** References merged, and entries moved, in one slice: about 1 ms. */
const INDEX_REFS_PER_SLICE = 1500;
const MOVES_PER_SLICE = 500;
const HOUSEKEEPING_MS = 1000;
/** How far a persisted engine time may lag behind one that was used to expire something. */
const ENGINE_TIME_LAG_MS = 60_000;

export type EngineStatus = 'open' | 'closing' | 'closed' | 'failed';

export class Engine {
  readonly options: StoreOptions;
  readonly opened: OpenedDirectory;
  readonly cache: ValueCache;
  readonly pending: PendingWrites;
  readonly applier: CommitApplier;
  readonly turnstile: WriteTurnstile;
  readonly commit: GroupCommit;
  readonly sequencer: Sequencer;
  readonly batches: BatchWriter;
  readonly points: PointReader;
  readonly ranges: RangeReader;
  readonly expirer: Expirer;
  readonly merger: Merger;
  readonly hints: HintBuilder;
  readonly space: SpaceGuard;
  readonly reader: RecordReader;
  status: EngineStatus = 'open';
  failure: CaskError | undefined;
  onFailed: (error: CaskError) => void = () => {};
  onQueueShort: () => void = () => {};
  readonly #appender: Appender;
  readonly #gates: {
    readonly write: LatencyGate;
    readonly sync: LatencyGate;
    readonly read: LatencyGate;
  };
  #closing: Promise<void> | undefined;
  #persistingTime = false;

  constructor(options: StoreOptions, opened: OpenedDirectory) {
    this.options = options;
    this.opened = opened;
    const { environment, directory, logger } = options;
    const { clock: monotonic, scheduler, random } = environment;
    const { catalog, files, keydir, clock, manifests } = opened;
    this.#gates = {
      write: new LatencyGate(monotonic),
      sync: new LatencyGate(monotonic),
      read: new LatencyGate(monotonic, { meanMsMax: READ_MEAN_MS_MAX }),
    };
    this.cache = new ValueCache(options.cacheBytes);
    this.pending = new PendingWrites(readU32(random.bytes(4), 0));
    this.applier = new CommitApplier({ keydir, catalog, pending: this.pending, clock: monotonic });
    this.applier.committedSequence = opened.lastSequence;
    this.turnstile = new WriteTurnstile(scheduler, monotonic);
    this.hints = new HintBuilder(environment, directory, files, manifests, logger);
    this.#appender = new Appender({
      environment,
      catalog,
      files,
      manifests,
      clock,
      writeGate: this.#gates.write,
      syncGate: this.#gates.sync,
      directory,
      segmentBytes: options.segmentBytes,
      preallocateBytes: options.preallocateBytes,
      onSealed: (segment) => this.hints.add(segment),
      onBackgroundError: (error) => this.commit.stop(toCaskError(error)),
    });
    this.commit = new GroupCommit({
      environment,
      appender: this.#appender,
      applier: this.applier,
      durability: options.durability,
      syncIntervalMs: options.syncIntervalMs,
      now: () => clock.now(),
      onNoSpace: (error, firstSequence) => this.#onNoSpace(error, firstSequence),
      onFatal: (error) => this.fail(error),
      onProgress: () => this.#onProgress(),
    });
    this.sequencer = new Sequencer(
      {
        keydir,
        pending: this.pending,
        commit: this.commit,
        applier: this.applier,
        turnstile: this.turnstile,
        limits: options,
        now: () => clock.now(),
      },
      opened.lastSequence,
    );
    this.batches = new BatchWriter(this.sequencer, environment);
    this.reader = new RecordReader(files, monotonic, this.#gates.read, options.maxReadsInFlight);
    const closedBy = () => this.failure ?? this.#closedError();
    const now = () => clock.now();
    this.points = new PointReader({
      keydir,
      catalog,
      pending: this.pending,
      applier: this.applier,
      turnstile: this.turnstile,
      cache: this.cache,
      reader: this.reader,
      maxKeyBytes: options.maxKeyBytes,
      now,
      closedBy,
    });
    this.expirer = new Expirer(environment, keydir, catalog, clock);
    this.ranges = new RangeReader({
      keydir,
      catalog,
      files,
      points: this.points,
      pages: new PageReader({ environment, cache: this.cache, reader: this.reader }),
      expirer: this.expirer,
      maxRangeItems: options.maxRangeItems,
      maxRangeBytes: options.maxRangeBytes,
      maxBatchItems: options.maxBatchItems,
      maxKeyBytes: options.maxKeyBytes,
      now,
      closedBy,
    });
    this.merger = new Merger({
      ...opened,
      environment,
      options,
      logger,
      roll: () => this.commit.roll(),
      syncLog: () => this.#appender.sync(),
      retireExpired: () => this.expirer.retireDue(),
      committedSequence: () => this.applier.committedSequence,
      isDegraded: () => opened.unknownDamage.length > 0,
      onFatal: (error) => this.commit.stop(error),
    });
    this.space = new SpaceGuard(environment, directory, options.ballastBytes, logger, (error) => {
      this.sequencer.readOnlyBy = error;
    });
  }

  /** Starts what goes on in the background. */
  start(): void {
    for (const segment of this.opened.withoutHint) this.hints.add(segment);
    this.space.start();
    this.expirer.start();
    this.#background(this.#buildIndex());
    this.#keepHouse();
    if (this.options.merge.automatic) this.#mergeLater();
  }

  /** Gives an error up to the caller of a write or read; undefined: the store is open. */
  #closedError(): CaskError | undefined {
    return this.status === 'closed' ? new CaskError('CLOSED', 'the store is closed') : undefined;
  }

  /** Work whose failure is a bug or a broken disk: the store stops. */
  #background(work: Promise<void>): void {
    work.catch((error: unknown) => this.commit.stop(toCaskError(error)));
  }

  async #buildIndex(): Promise<void> {
    const { keydir } = this.opened;
    const { scheduler, clock } = this.options.environment;
    const started = clock.monotonicMs();
    while (this.status === 'open' && !keydir.indexBuildStep(INDEX_REFS_PER_SLICE)) {
      await nextTurn(scheduler);
    }
    const ms = Math.round(clock.monotonicMs() - started);
    this.options.logger('info', 'index-ready', { keys: keydir.count, ms });
  }

  /** Once a second: moves entries out of sparse memory, and persists engine time. */
  #keepHouse(): void {
    const { scheduler } = this.options.environment;
    scheduler.after(HOUSEKEEPING_MS, () => {
      if (this.status !== 'open') return;
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
    if (!keydir.compactionNeeded) return;
    while (this.status === 'open' && keydir.compactStep(MOVES_PER_SLICE)) {
      await nextTurn(this.options.environment.scheduler);
    }
  }

  /** What has expired must not come back because the clock was set back over a restart. */
  #persistTime(): void {
    const { manifests, clock } = this.opened;
    const lag = clock.latest - manifests.persistedEngineTime;
    if (this.expirer.retired === 0 || lag < ENGINE_TIME_LAG_MS || this.#persistingTime) return;
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

  #mergeLater(): void {
    const { environment, merge } = this.options;
    environment.scheduler.after(merge.checkIntervalMs, () => {
      if (this.status !== 'open') return;
      this.#background(this.merger.mergeIfDue().then(() => this.#mergeLater()));
    });
  }

  #onNoSpace(error: CaskError, firstSequence: number): void {
    this.sequencer.lastSequence = firstSequence - 1;
    if (error.code === 'NO_SPACE') this.space.noteFull(error);
  }

  get isQueueLong(): boolean {
    return this.sequencer.queuedBytes * 2 > this.options.maxWriteQueueBytes;
  }

  #onProgress(): void {
    if (!this.isQueueLong) this.onQueueShort();
  }

  /** The store can go on no more: what waits is answered, what comes is refused. */
  fail(error: CaskError): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    this.status = 'failed';
    this.sequencer.closedBy = error;
    this.options.logger('error', 'store-failed', { reason: error.message });
    this.onFailed(error);
  }

  /** Makes durable all that is committed; resolves to the last such sequence. */
  async sync(): Promise<number> {
    await this.commit.flush();
    if (this.failure !== undefined) throw this.failure;
    const sequence = this.applier.committedSequence;
    try {
      await this.#appender.sync();
    } catch (error) {
      this.commit.stop(toCaskError(error));
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
    this.sequencer.closedBy ??= closed;
    this.expirer.close();
    await this.merger.close();
    await this.space.close();
    if (!wasFailed) {
      await this.commit.whenIdle();
      if (this.failure === undefined) {
        await this.#appender.close();
        await this.hints.whenIdle();
      }
    }
    await this.hints.stop();
    await this.opened.files.closeAll();
    await this.opened.lock.release();
    if (this.failure === undefined) this.status = 'closed';
  }

  stats(): StoreStats {
    const { opened, options, reader, cache, merger, sequencer } = this;
    const { keydir, catalog, manifests, files } = opened;
    const totals = catalog.totals();
    const isReadOnly = this.status === 'open' && this.space.isFull;
    return {
      uuid: Buffer.from(manifests.uuid).toString('hex'),
      status: isReadOnly ? 'read-only' : this.status,
      durability: options.durability,
      keys: keydir.count,
      indexReady: keydir.indexReady,
      lastRevision: sequencer.lastSequence,
      committedRevision: this.applier.committedSequence,
      historyFloor: manifests.historyFloor,
      keydir: {
        bytes: keydir.bytesUsed,
        maxBytes: options.maxKeydirBytes,
        retired: this.expirer.retired,
      },
      cache: {
        bytesMax: cache.bytesMax,
        entries: cache.entries,
        hits: cache.hits,
        misses: cache.misses,
      },
      log: {
        ...totals,
        deadBytes: totals.bytes - totals.liveBytes,
        ballastBytes: this.space.ballastBytes,
        openFiles: files.openCount,
      },
      writes: {
        queuedBytes: sequencer.queuedBytes,
        groups: this.commit.groups,
        syncs: this.#appender.syncs,
        bytesWritten: this.#appender.bytesWritten,
        dirtyBytes: this.#appender.dirtyBytes,
      },
      reads: {
        fromDisk: reader.diskReads,
        bytesFromDisk: reader.diskReadBytes,
        inFlight: reader.slots.taken,
        waiting: reader.slots.waiting,
        corrupt: reader.corruptReads,
      },
      longStalls: {
        write: this.#gates.write.longStalls,
        sync: this.#gates.sync.longStalls,
        read: this.#gates.read.longStalls,
      },
      merge: merger.status,
      damage: manifests.damage,
      degraded: opened.unknownDamage.length > 0,
      opened: opened.report,
    };
  }
}
