/**
 * Reads the sealed segments now and then, one after the other and slowly, so that damage to what
 * nobody asks for is known while there are backups that are older than it.
 *
 * By itself it begins `scrubIntervalHours` after the last one ended, which the manifest remembers;
 * in a store that never was scrubbed, an hour after the start.
 */

import { assert, CaskError, toCaskError } from '../../errors/cask-error.ts';
import type { ScrubResult, ScrubStatus } from '../../vocabulary/scrub.ts';
import type { Environment } from '../disk/environment.ts';
import type { DamageFacts } from '../format/manifest.ts';
import type { JobControl } from '../jobs/job.ts';
import type { JobRegistry } from '../jobs/job-registry.ts';
import type { ManifestStore } from '../log/manifest-store.ts';
import type { Segment } from '../log/segment.ts';
import type { SegmentCatalog } from '../log/segment-catalog.ts';
import type { SegmentFiles } from '../log/segment-files.ts';
import type { StoreLogger, StoreOptions } from '../store-options.ts';
import type { ScrubJobInput, ScrubJobMessage, ScrubJobResult } from './scrub-job.ts';

const HOUR_MS = 3_600_000;
/** The first one of a store, and another try after one that did not come to its end. */
const FIRST_MS = HOUR_MS;

export interface ScrubberParts {
  readonly environment: Environment;
  readonly options: StoreOptions;
  readonly catalog: SegmentCatalog;
  readonly files: SegmentFiles;
  readonly manifests: ManifestStore;
  readonly logger: StoreLogger;
  readonly jobs: JobRegistry;
  readonly onDamage: (damage: readonly DamageFacts[]) => void;
  /** The hint of this segment is wrong. */
  readonly onHintRejected: (segment: Segment) => void;
}

export interface ScrubOptions {
  /** 0: no limit. @default `scrubBytesPerSecond` of the store */
  readonly bytesPerSecond?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class Scrubber {
  readonly #parts: ScrubberParts;
  /** The job that runs. */
  #job: number | undefined;
  #running = false;
  #bytesDone = 0;
  #bytesTotal = 0;
  #runs = 0;
  #failures = 0;
  #bytesRead = 0;
  #damagedSegments = 0;
  #lastError: string | null = null;
  /** By the wall clock: none begins by itself before. */
  #notBefore: number;

  constructor(parts: ScrubberParts) {
    this.#parts = parts;
    const { manifests, environment } = parts;
    this.#notBefore = manifests.scrubbedAt === 0 ? environment.clock.wallMs() + FIRST_MS : 0;
  }

  get status(): ScrubStatus {
    const { scrubbedAt } = this.#parts.manifests;
    return {
      running: this.#running,
      bytesDone: this.#bytesDone,
      bytesTotal: this.#bytesTotal,
      runs: this.#runs,
      failures: this.#failures,
      bytesRead: this.#bytesRead,
      damagedSegments: this.#damagedSegments,
      lastError: this.#lastError,
      lastEndedAt: scrubbedAt === 0 ? null : scrubbedAt,
      nextAt: this.#nextAt(),
    };
  }

  #nextAt(): number | null {
    const { options, manifests } = this.#parts;
    const intervalMs = options.scrubIntervalHours * HOUR_MS;
    if (intervalMs === 0 || this.#running) return null;
    const { scrubbedAt } = manifests;
    const dueAt = scrubbedAt === 0 ? 0 : scrubbedAt + intervalMs;
    return Math.ceil(Math.max(dueAt, this.#notBefore));
  }

  /** Begins one if it is due; to be called now and then. */
  tick(): void {
    const { environment } = this.#parts;
    const nextAt = this.#nextAt();
    if (nextAt === null || environment.clock.wallMs() < nextAt) return;
    // What it failed of is told; it is tried again later.
    this.run().catch(() => {});
  }

  /** Stops the one that runs. @returns false: none does */
  stop(): boolean {
    return this.#job !== undefined && this.#parts.jobs.cancel(this.#job);
  }

  /**
   * Reads all sealed segments that are not known to be damaged.
   * @throws CaskError BUSY (one runs, or too many jobs do), CANCELLED, CLOSED
   */
  async run(options: ScrubOptions = {}): Promise<ScrubResult> {
    if (this.#running) {
      throw new CaskError('BUSY', 'a scrub is running already; wait until it is done, or stop it');
    }
    const { jobs, logger, environment } = this.#parts;
    const { clock } = environment;
    this.#running = true;
    const started = clock.monotonicMs();
    try {
      const request = { kind: 'scrub', unit: 'bytes', signal: options.signal };
      const found = await jobs.run(request, (job) => this.#readAll(job, options));
      const ms = Math.round(clock.monotonicMs() - started);
      this.#runs += 1;
      const { segments, bytes, damaged } = found;
      logger('info', 'scrubbed', { segments, bytes, damaged: damaged.length, ms });
      return { ...found, ms };
    } catch (thrown) {
      const error = toCaskError(thrown);
      // That others use the places for jobs is no failure, and nor is it to be stopped.
      if (error.code !== 'BUSY' && error.code !== 'CANCELLED' && error.code !== 'CLOSED') {
        this.#failures += 1;
        this.#lastError = error.message;
        logger('warn', 'scrub-failed', { reason: error.message });
      }
      this.#notBefore = clock.wallMs() + FIRST_MS;
      throw error;
    } finally {
      this.#running = false;
      this.#job = undefined;
    }
  }

  async #readAll(job: JobControl, options: ScrubOptions): Promise<Omit<ScrubResult, 'ms'>> {
    const { catalog, files, manifests, environment } = this.#parts;
    this.#job = job.id;
    const chosen = catalog.sealed().filter((segment) => !segment.damaged);
    const damaged: number[] = [];
    let hintsRejected = 0;
    let segments = 0;
    this.#bytesDone = 0;
    this.#bytesTotal = chosen.reduce((sum, segment) => sum + segment.bytes, 0);
    for (const segment of chosen) {
      job.signal.throwIfAborted();
      const before = this.#bytesDone;
      // A merge may have taken it away meanwhile.
      if (segment.state === 'sealed') {
        files.pin(segment);
        try {
          const found = await this.#readOne(job, segment, options);
          if (found.damage.length > 0) damaged.push(segment.id);
          if (found.hintProblem !== undefined) hintsRejected += 1;
          segments += 1;
        } finally {
          files.unpin(segment);
        }
        this.#bytesRead += segment.bytes;
      }
      this.#bytesDone = before + segment.bytes;
    }
    await manifests.noteScrubbed(Math.floor(environment.clock.wallMs()));
    return { segments, bytes: this.#bytesDone, damaged, hintsRejected };
  }

  async #readOne(
    job: JobControl,
    segment: Segment,
    options: ScrubOptions,
  ): Promise<ScrubJobResult> {
    const { logger, onDamage, onHintRejected } = this.#parts;
    const found = await this.#converse(job, segment, options);
    if (found.damage.length > 0) {
      this.#damagedSegments += 1;
      onDamage(found.damage);
    } else if (found.hintProblem !== undefined) {
      const reason = found.hintProblem;
      logger('warn', 'hint-damaged', { segment: segment.id, reason });
      onHintRejected(segment);
    }
    return found;
  }

  async #converse(
    job: JobControl,
    segment: Segment,
    { bytesPerSecond = this.#parts.options.scrubBytesPerSecond }: ScrubOptions,
  ): Promise<ScrubJobResult> {
    const { environment, options, manifests } = this.#parts;
    const { id, kind, salt, bytes, min, last } = segment;
    const input: ScrubJobInput = {
      directory: options.directory,
      uuid: manifests.uuid,
      segment: { id, kind, salt, bytes, min, last },
      bytesPerSecond,
    };
    const before = this.#bytesDone;
    let result: ScrubJobResult | undefined;
    const handle = environment.jobs.start('scrub', { ...input });
    const stop = (): void => void handle.terminate();
    job.signal.addEventListener('abort', stop);
    handle.port.onMessage((message) => {
      const told = message as unknown as ScrubJobMessage;
      if (told.type === 'scrubbed') {
        result = told;
        return;
      }
      this.#bytesDone = before + told.bytesDone;
      job.progress(this.#bytesDone, this.#bytesTotal);
    });
    try {
      await handle.done;
    } catch (error) {
      job.signal.throwIfAborted();
      throw error;
    } finally {
      job.signal.removeEventListener('abort', stop);
      this.#bytesDone = before;
    }
    assert(result !== undefined, 'a scrub job that ends has told its result');
    return result;
  }
}
