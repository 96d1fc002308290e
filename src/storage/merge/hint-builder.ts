/**
 * Gives sealed segments their hints, one after the other, in background jobs. One that is being
 * merged waits until that is over: mostly it is gone then.
 */

import { toCaskError } from '../../errors/cask-error.ts';
import type { Environment, JobHandle } from '../disk/environment.ts';
import type { ManifestStore } from '../log/manifest-store.ts';
import type { Segment } from '../log/segment.ts';
import type { SegmentFiles } from '../log/segment-files.ts';
import type { StoreLogger } from '../store-options.ts';
import type { HintJobResult } from './job-input.ts';

export class HintBuilder {
  readonly #environment: Environment;
  readonly #directory: string;
  readonly #files: SegmentFiles;
  readonly #manifests: ManifestStore;
  readonly #logger: StoreLogger;
  readonly #queue: Segment[] = [];
  #running: Promise<void> | undefined;
  #job: JobHandle | undefined;
  #isHeld = false;
  #stopped = false;
  built = 0;

  constructor(
    environment: Environment,
    directory: string,
    files: SegmentFiles,
    manifests: ManifestStore,
    logger: StoreLogger,
  ) {
    this.#environment = environment;
    this.#directory = directory;
    this.#files = files;
    this.#manifests = manifests;
    this.#logger = logger;
  }

  add(segment: Segment): void {
    if (this.#stopped || segment.damaged) return;
    this.#queue.push(segment);
    this.#start();
  }

  /** Begins no further hint until `resume`: what is sealed now is about to be merged. */
  hold(): void {
    this.#isHeld = true;
  }

  /** To be called when no longer held, and when segments are no longer being merged. */
  resume(): void {
    this.#isHeld = false;
    if (this.#queue.length > 0) this.#start();
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /**
   * Resolves when all that was added, and is not being merged, has its hint, or has failed to get
   * one.
   */
  async whenIdle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Gives up; what has no hint is scanned at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#queue.length = 0;
    await this.#job?.terminate();
    await this.whenIdle();
  }

  async #run(): Promise<void> {
    for (;;) {
      const segment = this.#next();
      if (segment === undefined) return;
      if (segment.state !== 'sealed') continue;
      this.#files.pin(segment);
      try {
        await this.#build(segment);
        this.built += 1;
      } catch (error) {
        // A hint is a cache: without one the segment is scanned.
        const reason = toCaskError(error).message;
        if (!this.#stopped) this.#logger('warn', 'hint-not-built', { segment: segment.id, reason });
      } finally {
        this.#files.unpin(segment);
      }
    }
  }

  #next(): Segment | undefined {
    if (this.#isHeld) return undefined;
    const at = this.#queue.findIndex((segment) => !segment.merging);
    return at < 0 ? undefined : this.#queue.splice(at, 1)[0];
  }

  async #build(segment: Segment): Promise<void> {
    const { id, kind, salt, bytes } = segment;
    const job = this.#environment.jobs.start('build-hint', {
      directory: this.#directory,
      uuid: this.#manifests.uuid,
      segment: { id, kind, salt, bytes },
    });
    this.#job = job;
    job.port.onMessage((message) => {
      segment.hintBytes = (message as unknown as HintJobResult).hintBytes;
    });
    try {
      await job.done;
    } finally {
      this.#job = undefined;
    }
  }
}
