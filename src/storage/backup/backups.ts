/**
 * Backups from the engine's side: finds a moment at which sealed segments are a state that
 * existed, holds on to their files, and lets a job do the rest.
 *
 * All that is committed by then goes into a segment that is sealed first. A merge may have
 * dropped records on the strength of newer ones in the active segment, which a backup does not
 * have: what it holds must reach up to `historyFloor` at least.
 */

import { assert, CaskError, toCaskError } from '../../errors/cask-error.ts';
import type { ErrorCode } from '../../errors/error-codes.ts';
import type { BackupRequest, BackupResult } from '../../vocabulary/backup.ts';
import type { EngineClock } from '../disk/engine-clock.ts';
import type { Environment, JobHandle } from '../disk/environment.ts';
import type { LockHandle } from '../disk/file-system.ts';
import { backupName, isBackupName, isUnfinishedBackupName } from '../format/backup-name.ts';
import { LOCK } from '../format/file-names.ts';
import type { DamageFacts, Manifest } from '../format/manifest.ts';
import type { JobControl } from '../jobs/job.ts';
import type { JobRegistry } from '../jobs/job-registry.ts';
import type { ManifestStore } from '../log/manifest-store.ts';
import type { Segment } from '../log/segment.ts';
import type { SegmentCatalog } from '../log/segment-catalog.ts';
import type { SegmentFiles } from '../log/segment-files.ts';
import { ensureDirectory } from '../recovery/directory-scan.ts';
import type { StoreLogger, StoreOptions } from '../store-options.ts';
import { removeUnfinished } from './backup-directory.ts';
import type { BackupJobInput, BackupJobMessage, BackupJobResult } from './backup-input.ts';

/** A merge that publishes while the log is rolled makes another roll necessary: not for ever. */
const ROLLS_MAX = 20;

/** Codes that say by themselves what is the matter. */
const PLAIN_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BUSY',
  'CANCELLED',
  'CLOSED',
  'DIRECTORY_MISSING',
  'INVALID_OPTION',
  'LOCKED',
  'NO_SPACE',
  'NOT_WRITABLE',
  'SHUTTING_DOWN',
  'STORE_FAILED',
  'TOO_MANY_OPEN_FILES',
]);

export interface BackupOptions extends BackupRequest {
  /** Absolute; created if its parent exists. Backups are directories in it, one for each. */
  readonly directory: string;
  /** 0: no limit. @default `backupBytesPerSecond` of the store */
  readonly bytesPerSecond?: number | undefined;
  /** Noted in the backup. @default '' */
  readonly caskdVersion?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface BackupStatus {
  readonly running: boolean;
  /** Since the start. */
  readonly runs: number;
  readonly failures: number;
  readonly lastError: string | null;
  /** The last complete one since the start. */
  readonly last: (BackupResult & { readonly takenAt: number }) | null;
}

export interface BackupParts {
  readonly environment: Environment;
  readonly options: StoreOptions;
  readonly catalog: SegmentCatalog;
  readonly files: SegmentFiles;
  readonly manifests: ManifestStore;
  readonly clock: EngineClock;
  readonly logger: StoreLogger;
  readonly jobs: JobRegistry;
  /** Seals what is committed. */
  readonly roll: () => Promise<void>;
  readonly committedSequence: () => number;
  /** Resolves when no merge is about to change which segments there are. */
  readonly whenSettled: () => Promise<void>;
  /** Damage was found in these places. */
  readonly onDamage: (damage: readonly DamageFacts[]) => void;
}

/** A state of the store in sealed segments. */
interface Captured {
  readonly manifest: Manifest;
  readonly segments: readonly Segment[];
  /** Those whose files are not in the backup yet: they are pinned. */
  readonly held: Set<Segment>;
  readonly revision: number;
  readonly time: number;
}

export class Backups {
  readonly #parts: BackupParts;
  #running = false;
  #runs = 0;
  #failures = 0;
  #lastError: string | null = null;
  #last: BackupStatus['last'] = null;

  constructor(parts: BackupParts) {
    this.#parts = parts;
  }

  get status(): BackupStatus {
    return {
      running: this.#running,
      runs: this.#runs,
      failures: this.#failures,
      lastError: this.#lastError,
      last: this.#last,
    };
  }

  /**
   * @throws CaskError BUSY (one is running), LOCKED (another store's is), INVALID_OPTION,
   * DIRECTORY_MISSING, NOT_WRITABLE, NO_SPACE, CANCELLED, CLOSED, BACKUP_FAILED
   */
  async run(options: BackupOptions): Promise<BackupResult> {
    checkOptions(options, this.#parts.options.directory);
    if (this.#running) {
      throw new CaskError('BUSY', 'a backup is being taken already; wait until it is done');
    }
    const { jobs, logger, environment } = this.#parts;
    const { directory: target, signal } = options;
    this.#running = true;
    const takenAt = Math.floor(environment.clock.wallMs());
    try {
      const request = { kind: 'backup', unit: 'bytes', signal };
      const result = await jobs.run(request, (job) => this.#take(job, options, takenAt));
      this.#runs += 1;
      this.#last = { ...result, takenAt };
      const { path, revision, bytes, damaged, ms } = result;
      logger('info', 'backup-taken', { path, revision, bytes, damaged: damaged.length, ms });
      return result;
    } catch (thrown) {
      const error = toBackupError(thrown, target);
      if (STOPPED_CODES.has(error.code)) {
        logger('info', 'backup-cancelled', { target, reason: error.message });
        throw error;
      }
      this.#failures += 1;
      this.#lastError = error.message;
      logger('error', 'backup-failed', { target, reason: error.message });
      throw error;
    } finally {
      this.#running = false;
    }
  }

  async #take(job: JobControl, options: BackupOptions, takenAt: number): Promise<BackupResult> {
    const { environment } = this.#parts;
    const { fs, clock } = environment;
    const started = clock.monotonicMs();
    const target = withoutSlash(options.directory);
    await ensureDirectory(fs, target, true);
    let lock: LockHandle | undefined;
    let captured: Captured | undefined;
    try {
      // Not two at a time: one tidies up what it takes for the leftovers of another.
      lock = await fs.lock(`${target}/${LOCK}`);
      captured = await this.#capture(job.signal);
      const name = await this.#freeName(target, takenAt, captured.revision);
      const input = this.#inputOf(captured, options, target, name, takenAt);
      const { damage, type: _, ...figures } = await this.#converse(job, input, captured);
      if (damage.length > 0) this.#parts.onDamage(damage);
      const { revision, time, historyFloor } = input.facts;
      const ms = Math.round(clock.monotonicMs() - started);
      return { path: `${target}/${name}`, revision, time, historyFloor, ...figures, ms };
    } catch (error) {
      if (lock !== undefined) await removeUnfinished(fs, target).catch(() => {});
      throw error;
    } finally {
      for (const segment of captured?.held ?? []) this.#letGo(segment, captured);
      await lock?.release();
    }
  }

  /** All sealed segments, pinned, at a moment when they are all that there was. */
  async #capture(signal: AbortSignal): Promise<Captured> {
    const { catalog, manifests, files, clock, roll, whenSettled } = this.#parts;
    for (let rolls = 0; rolls < ROLLS_MAX; rolls += 1) {
      signal.throwIfAborted();
      // What is written from now on has this time or a later one, and may not be in the backup.
      const time = clock.now() - 1;
      await roll();
      await whenSettled();
      signal.throwIfAborted();
      const manifest = manifests.sealedState();
      const revision = this.#sealedUpTo();
      if (manifest.historyFloor > revision) continue;
      const segments = catalog.sealed();
      for (const segment of segments) files.pin(segment);
      return { manifest, segments, held: new Set(segments), revision, time };
    }
    const message = 'merges and writes are too fast for it; try again, or pause merging meanwhile';
    throw new CaskError('BACKUP_FAILED', message);
  }

  /** Another millisecond, should the clock have been set back to that of an earlier backup. */
  async #freeName(target: string, takenAt: number, revision: number): Promise<string> {
    for (let startedAt = takenAt; ; startedAt += 1) {
      const name = backupName(startedAt, revision);
      const kind = await this.#parts.environment.fs.kindOf(`${target}/${name}`);
      if (kind === 'missing') return name;
    }
  }

  /** Every record up to this sequence lies in a sealed segment, or was dropped by a merge. */
  #sealedUpTo(): number {
    const { catalog, committedSequence } = this.#parts;
    let sequence = committedSequence();
    for (const { state, records, base } of catalog.all()) {
      if (state === 'open' && records > 0) sequence = Math.min(sequence, base - 1);
    }
    return sequence;
  }

  #inputOf(
    { manifest, segments, revision, time }: Captured,
    options: BackupOptions,
    target: string,
    name: string,
    takenAt: number,
  ): BackupJobInput {
    const { copies = false, full = false, keep = 0 } = options;
    const { backupBytesPerSecond } = this.#parts.options;
    const { bytesPerSecond = backupBytesPerSecond } = options;
    const { uuid, historyFloor } = manifest;
    return {
      directory: this.#parts.options.directory,
      target,
      name,
      segments: segments.map(({ id, kind, salt, bytes, min, last }) => {
        return { id, kind, salt, bytes, min, last };
      }),
      manifest,
      facts: {
        uuid: Buffer.from(uuid).toString('hex'),
        caskd: options.caskdVersion ?? '',
        revision,
        time,
        historyFloor,
        historyFloorTime: this.#parts.manifests.historyFloorTime,
        takenAt,
      },
      damaged: segments.filter(({ damaged }) => damaged).map(({ id }) => id),
      copies,
      full,
      keep,
      bytesPerSecond,
    };
  }

  #letGo(segment: Segment | undefined, captured: Captured | undefined): void {
    if (segment === undefined || captured?.held.delete(segment) !== true) return;
    this.#parts.files.unpin(segment);
  }

  /** Runs the job; lets go of each segment once its files are in the backup. */
  async #converse(
    job: JobControl,
    input: BackupJobInput,
    captured: Captured,
  ): Promise<BackupJobResult> {
    const { catalog, environment } = this.#parts;
    const total = input.segments.reduce((sum, { bytes }) => sum + bytes, 0);
    let result: BackupJobResult | undefined;
    job.signal.throwIfAborted();
    const handle: JobHandle = environment.jobs.start('backup', { ...input });
    const stop = (): void => void handle.terminate();
    job.signal.addEventListener('abort', stop);
    handle.port.onMessage((message) => {
      const told = message as unknown as BackupJobMessage;
      if (told.type === 'progress') job.progress(told.bytesDone, Math.max(total, told.bytesDone));
      else if (told.type === 'backed-up') result = told;
      else this.#letGo(catalog.byId(told.segment), captured);
    });
    try {
      await handle.done;
    } catch (error) {
      job.signal.throwIfAborted();
      throw error;
    } finally {
      job.signal.removeEventListener('abort', stop);
    }
    assert(result !== undefined, 'a backup job that ends has told its result');
    return result;
  }
}

function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}

/** @throws CaskError INVALID_OPTION */
function checkOptions({ directory, keep = 1 }: BackupOptions, ofStore: string): void {
  const problem = problemOf(withoutSlash(directory), withoutSlash(ofStore), keep);
  if (problem !== undefined) throw new CaskError('INVALID_OPTION', problem);
}

function problemOf(directory: string, ofStore: string, keep: number): string | undefined {
  if (!directory.startsWith('/') || /\/(\.\.?)?(\/|$)/.test(directory)) {
    return `the directory for backups is ${directory}; give an absolute path without . and ..`;
  }
  if (directory === ofStore || directory.startsWith(`${ofStore}/`)) {
    return `${directory} lies in the store's own directory; keep backups elsewhere`;
  }
  const within = directory
    .split('/')
    .find((name) => isBackupName(name) || isUnfinishedBackupName(name));
  if (within !== undefined) return `${within} is a backup; give the directory that holds backups`;
  if (Number.isSafeInteger(keep) && keep >= 1) return undefined;
  return `keep is ${keep}; keep one backup at least`;
}

/** It was told to stop, or the store is closing: nothing is wrong. */
const STOPPED_CODES: ReadonlySet<ErrorCode> = new Set(['CANCELLED', 'CLOSED', 'SHUTTING_DOWN']);

function toBackupError(thrown: unknown, target: string): CaskError {
  const error = toCaskError(thrown);
  if (PLAIN_CODES.has(error.code)) return error;
  const message = `no backup was made in ${target}: ${error.message}`;
  return new CaskError('BACKUP_FAILED', message, { cause: error });
}
