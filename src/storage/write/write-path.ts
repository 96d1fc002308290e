/** The parts that a write goes through, wired together. */

import type { CaskError } from '../../errors/cask-error.ts';
import { toCaskError } from '../../errors/cask-error.ts';
import { LatencyGate } from '../disk/latency-gate.ts';
import { Appender } from '../log/appender.ts';
import type { Segment } from '../log/segment.ts';
import type { OpenedDirectory } from '../recovery/open-directory.ts';
import type { StoreOptions } from '../store-options.ts';
import { BatchWriter } from './batch-writer.ts';
import { CommitApplier } from './commit-applier.ts';
import { Expirer } from './expirer.ts';
import { GroupCommit } from './group-commit.ts';
import { PendingWrites } from './pending-writes.ts';
import { RangeDeleter } from './range-deleter.ts';
import { Sequencer } from './sequencer.ts';
import { SpaceGuard } from './space-guard.ts';
import { WriteTurnstile } from './write-turnstile.ts';

export interface WritePathHooks {
  readonly onSealed: (segment: Segment) => void;
  readonly onFatal: (error: CaskError) => void;
  readonly onProgress: () => void;
}

export class WritePath {
  readonly pending: PendingWrites;
  readonly applier: CommitApplier;
  readonly turnstile: WriteTurnstile;
  readonly appender: Appender;
  readonly commit: GroupCommit;
  readonly sequencer: Sequencer;
  readonly batches: BatchWriter;
  readonly ranges: RangeDeleter;
  readonly expirer: Expirer;
  readonly space: SpaceGuard;
  readonly writeGate: LatencyGate;
  readonly syncGate: LatencyGate;

  constructor(options: StoreOptions, opened: OpenedDirectory, hooks: WritePathHooks) {
    const { environment, directory, durability, logger } = options;
    const { clock: monotonic, scheduler } = environment;
    const { catalog, keydir, clock, lastSequence } = opened;
    const now = (): number => clock.now();
    this.writeGate = new LatencyGate(monotonic);
    this.syncGate = new LatencyGate(monotonic);
    this.pending = new PendingWrites(keydir);
    const { pending } = this;
    this.applier = new CommitApplier({ keydir, catalog, pending, clock: monotonic });
    this.applier.committedSequence = lastSequence;
    this.applier.clearedBelow = keydir.clearedBelow;
    this.turnstile = new WriteTurnstile(scheduler, monotonic);
    this.appender = this.#createAppender(options, opened, hooks);
    const { appender, applier, turnstile } = this;
    this.commit = new GroupCommit({
      environment,
      appender,
      applier,
      durability,
      options,
      now,
      onNoSpace: (error, firstSequence) => {
        if (firstSequence !== undefined) this.sequencer.lastSequence = firstSequence - 1;
        if (error.code === 'NO_SPACE') this.space.noteFull(error);
      },
      onFatal: hooks.onFatal,
      onProgress: hooks.onProgress,
    });
    const { commit } = this;
    this.sequencer = new Sequencer(
      { keydir, pending, commit, applier, turnstile, clock: monotonic, limits: options, now },
      lastSequence,
    );
    this.batches = new BatchWriter(this.sequencer, environment);
    this.expirer = new Expirer(environment, keydir, catalog, clock, pending, commit);
    this.space = new SpaceGuard(environment, directory, options.ballastBytes, logger, (error) => {
      this.sequencer.readOnlyBy = error;
    });
    const { sequencer, space } = this;
    const parts = { environment, keydir, pending, commit, applier, turnstile, sequencer, space };
    this.ranges = new RangeDeleter({ ...parts, now });
  }

  #createAppender(options: StoreOptions, opened: OpenedDirectory, hooks: WritePathHooks): Appender {
    const { environment, directory, durability, segmentBytes, preallocateBytes } = options;
    const { catalog, files, manifests, clock } = opened;
    return new Appender({
      environment,
      catalog,
      files,
      manifests,
      clock,
      writeGate: this.writeGate,
      syncGate: this.syncGate,
      directory,
      segmentBytes,
      preallocateBytes,
      zeroAhead: options.zeroAhead && durability === 'always',
      onSealed: hooks.onSealed,
      onBackgroundError: (error) => this.commit.stop(toCaskError(error)),
    });
  }

  /** Starts a new segment; resolves when the one before is sealed. */
  async roll(): Promise<void> {
    await this.turnstile.enter();
    let rolled: Promise<void>;
    try {
      rolled = this.commit.roll();
    } finally {
      this.turnstile.unlock();
    }
    await rolled;
  }

  get isQueueLong(): boolean {
    return this.sequencer.isQueueLong;
  }
}
