/**
 * The end of the log: appends to the active segment, syncs it, and rolls to the next one, which
 * is prepared ahead. Knows bytes and offsets, not what is in them.
 *
 * Rules kept here (docs/durability.md): 1 (a segment is durable and listed before its first
 * acknowledgement), 3 (a sync covers what was written before it was issued), 5 (totals are
 * verified by the file system seam), and: a segment is synced before the next one's first record.
 */

import { assert, CaskError } from '../../errors/cask-error.ts';
import { DurationHistogram } from '../../vocabulary/duration-histogram.ts';
import type { EngineClock } from '../disk/engine-clock.ts';
import type { Environment } from '../disk/environment.ts';
import { type FileHandle, isShortage } from '../disk/file-system.ts';
import type { LatencyGate } from '../disk/latency-gate.ts';
import { readU32 } from '../format/integers.ts';
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES } from '../format/segment-header.ts';
import { LogExtent } from './log-extent.ts';
import type { ManifestStore } from './manifest-store.ts';
import type { Segment } from './segment.ts';
import type { SegmentCatalog } from './segment-catalog.ts';
import type { SegmentFiles } from './segment-files.ts';

/** Dirty bytes that start a sync in the background, in the modes that do not sync per group. */
export const DIRTY_BYTES_MAX = 8 << 20;
/** Larger groups are written by the thread pool: writing them would hold the loop. */
const SYNC_WRITE_BYTES_MAX = 256 * 1024;

export interface AppenderParts {
  readonly environment: Environment;
  readonly catalog: SegmentCatalog;
  readonly files: SegmentFiles;
  readonly manifests: ManifestStore;
  readonly clock: EngineClock;
  readonly writeGate: LatencyGate;
  readonly syncGate: LatencyGate;
  readonly directory: string;
  readonly segmentBytes: number;
  readonly preallocateBytes: number;
  readonly zeroAhead: boolean;
  /** A segment has been sealed durably. */
  readonly onSealed: (segment: Segment) => void;
  /** Work in the background failed; the store must stop if it is not about space. */
  readonly onBackgroundError: (error: unknown) => void;
}

/** A segment that may be written. */
interface OpenLog {
  readonly segment: Segment;
  readonly file: FileHandle;
  readonly extent: LogExtent;
}

interface NextSegment {
  readonly segment: Segment;
  /** Undefined: it is not there yet. */
  log: OpenLog | undefined;
  /** Settles when the segment is durable and listed. */
  ready: Promise<void>;
  /** `ready` was rejected; the segment is gone, and so will be the groups planned into it. */
  failed: boolean;
}

export class Appender {
  readonly #parts: AppenderParts;
  #log: OpenLog | undefined;
  /** Segments that come after the active one, in order; usually one, prepared ahead. */
  readonly #nexts: NextSegment[] = [];
  /** Where the next group is to be placed: ahead of what is written. */
  #planSegment: Segment | undefined;
  #planOffset = 0;
  /** The active segment is durable up to here. */
  #proven = 0;
  /** The sealing of the last segment, which goes on behind the appends. */
  #sealing: Promise<void> = Promise.resolve();
  /** A sync in flight in the background. */
  #syncing: Promise<void> | undefined;
  #syncFailure: CaskError | undefined;
  syncs = 0;
  bytesWritten = 0;
  /** Of each fdatasync, and of each write of a group. */
  readonly syncDurations = new DurationHistogram();
  readonly writeDurations = new DurationHistogram();

  constructor(parts: AppenderParts) {
    this.#parts = parts;
  }

  get active(): Segment | undefined {
    return this.#log?.segment;
  }

  /** Bytes of the active segment not known to be durable. */
  get dirtyBytes(): number {
    return this.#log === undefined ? 0 : this.#log.segment.bytes - this.#proven;
  }

  /** True when a group of that many bytes would have to go into another segment. */
  needsRoll(bytes: number): boolean {
    if (this.#planSegment === undefined) return true;
    return this.#planOffset + bytes > this.#parts.segmentBytes;
  }

  /** Where the next group goes; it is to be extended with `extendPlan` as it grows. */
  get planSegment(): Segment {
    assert(this.#planSegment !== undefined, 'a segment is planned');
    return this.#planSegment;
  }

  /** Records have been, or are to be, written to the planned segment. */
  get hasPlannedRecords(): boolean {
    return this.#planSegment !== undefined && this.#planOffset > SEGMENT_HEADER_BYTES;
  }

  get planOffset(): number {
    return this.#planOffset;
  }

  /** How far the planned segment is durable now: what its records may say. */
  get planProven(): number {
    return this.#planSegment === this.active ? this.#proven : 0;
  }

  extendPlan(bytes: number): void {
    this.#planOffset += bytes;
  }

  /** Plans the groups to come into the next segment. */
  planRoll(): void {
    const planned = this.#nexts.findIndex((next) => next.segment === this.#planSegment);
    // One that failed before anyone planned for it is replaced.
    while (this.#nexts[planned + 1]?.failed === true) this.#nexts.splice(planned + 1, 1);
    const next = this.#nexts[planned + 1] ?? this.#prepareNext();
    this.#planSegment = next.segment;
    this.#planOffset = SEGMENT_HEADER_BYTES;
  }

  /** Forgets plans beyond what is written: the groups that were to go there have failed. */
  resetPlan(): void {
    const usable = this.#nexts.filter((next) => !next.failed);
    this.#nexts.splice(0, this.#nexts.length, ...usable);
    this.#planSegment = this.active;
    this.#planOffset = this.active?.bytes ?? 0;
  }

  /** True when the group can be written on the loop, in this turn. */
  canWriteNow(segment: Segment, bytes: number, alsoSync: boolean): boolean {
    const log = this.#log;
    if (segment !== log?.segment || bytes > SYNC_WRITE_BYTES_MAX) return false;
    const { writeGate, syncGate } = this.#parts;
    if (!log.extent.hasRoomFor(bytes)) return false;
    if (alsoSync && (this.#syncing !== undefined || !syncGate.allowsSync())) return false;
    return writeGate.allowsSync();
  }

  writeNow(buffer: Uint8Array, bytes: number, offset: number): void {
    const { environment, writeGate } = this.#parts;
    const started = environment.clock.monotonicMs();
    const { file, extent } = this.#open();
    file.writeSync(buffer, 0, bytes, offset);
    const ms = environment.clock.monotonicMs() - started;
    writeGate.record(ms, true);
    this.writeDurations.record(ms);
    this.bytesWritten += bytes;
    extent.written(offset + bytes);
  }

  syncNow(): void {
    const { environment, syncGate } = this.#parts;
    const { segment, file } = this.#open();
    const end = segment.bytes;
    const started = environment.clock.monotonicMs();
    this.#checkSyncFailure();
    try {
      file.datasyncSync();
    } catch (error) {
      throw this.#noteSyncFailure(error);
    }
    const ms = environment.clock.monotonicMs() - started;
    syncGate.record(ms, true);
    this.syncDurations.record(ms);
    this.syncs += 1;
    this.#proven = end;
  }

  /** Appends in the thread pool, rolling first where the group is placed in the next segment. */
  async write(segment: Segment, buffer: Uint8Array, bytes: number, offset: number): Promise<void> {
    if (segment !== this.active) await this.#roll(segment);
    const { file, extent } = this.#open();
    await extent.makeRoom(bytes);
    const { environment, writeGate } = this.#parts;
    const started = environment.clock.monotonicMs();
    if (bytes > 0) {
      await file.write(buffer, 0, bytes, offset);
      const ms = environment.clock.monotonicMs() - started;
      if (bytes <= SYNC_WRITE_BYTES_MAX) writeGate.record(ms, false);
      this.writeDurations.record(ms);
    }
    this.bytesWritten += bytes;
    extent.written(offset + bytes);
  }

  /** Makes durable all that is written so far. */
  async sync(): Promise<void> {
    while (this.#syncing !== undefined) await this.#syncing;
    this.#checkSyncFailure();
    const log = this.#log;
    if (log === undefined || this.#proven === log.segment.bytes) return;
    const syncing = this.#sync(log);
    this.#syncing = syncing;
    try {
      await syncing;
    } finally {
      this.#syncing = undefined;
    }
  }

  async #sync({ segment, file }: OpenLog): Promise<void> {
    const { environment, syncGate } = this.#parts;
    // Rule 3: what is durable afterwards is what was written before the sync is issued.
    const end = segment.bytes;
    const started = environment.clock.monotonicMs();
    await this.#datasync(file);
    const ms = environment.clock.monotonicMs() - started;
    syncGate.record(ms, false);
    this.syncDurations.record(ms);
    this.syncs += 1;
    if (segment === this.active) this.#proven = end;
  }

  async #datasync(file: FileHandle): Promise<void> {
    try {
      await file.datasync();
    } catch (error) {
      throw this.#noteSyncFailure(error);
    }
  }

  /** Rule 6: after a failed sync the kernel may call the pages clean; none is tried again. */
  #checkSyncFailure(): void {
    if (this.#syncFailure !== undefined) throw this.#syncFailure;
  }

  #noteSyncFailure(error: unknown): CaskError {
    const cause = error instanceof Error ? error.message : String(error);
    this.#syncFailure = new CaskError('IO_ERROR', `fdatasync failed: ${cause}`, { cause: error });
    return this.#syncFailure;
  }

  /**
   * Takes back what a failed write may have left behind the last good group, durably.
   * A failure of this is fatal.
   */
  async cutBack(): Promise<void> {
    const log = this.#log;
    if (log === undefined) return;
    while (this.#syncing !== undefined) await this.#syncing;
    await log.extent.cutBack();
    await this.#sync(log);
  }

  /** Settles when what the last roll left to do is done: the segment before is sealed. */
  async sealed(): Promise<void> {
    await this.#sealing;
  }

  /** Settles when nothing goes on in the background, however that ended. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#sealing, ...this.#nexts.map((next) => next.ready)]);
    await Promise.allSettled([this.#syncing, this.#log?.extent.end()]);
  }

  /** Seals the active segment and gives up what holds no record. Nothing may be in flight. */
  async close(): Promise<void> {
    await this.#sealing;
    await Promise.allSettled(this.#nexts.map((next) => next.ready));
    // The last roll may have failed just now: then nothing more is written.
    if (this.#parts.manifests.failure !== undefined) throw this.#parts.manifests.failure;
    await this.sync();
    const log = this.#log;
    const active = log?.segment;
    const usable = this.#nexts.splice(0).filter((next) => !next.failed);
    const empty = usable.map((next) => next.segment);
    if (active !== undefined && active.records === 0) empty.push(active);
    else if (log !== undefined) await this.#sealFile(log);
    this.#log = undefined;
    this.#planSegment = undefined;
    const { files, manifests, catalog, environment } = this.#parts;
    if (active === undefined && empty.length === 0) return;
    for (const segment of empty) {
      await files.close(segment);
      catalog.remove(segment);
    }
    await manifests.publish();
    for (const segment of empty) await environment.fs.unlink(files.pathOf(segment)).catch(() => {});
    if (active !== undefined && active.records > 0) this.#parts.onSealed(active);
  }

  #open(): OpenLog {
    assert(this.#log !== undefined, 'there is an active segment');
    return this.#log;
  }

  async #roll(to: Segment): Promise<void> {
    const next = this.#nexts[0];
    assert(next !== undefined && next.segment === to, 'the log rolls into the next segment');
    await this.sync();
    await next.ready;
    await this.#sealing;
    assert(next.log !== undefined, 'a prepared segment has its file');
    const old = this.#log;
    this.#nexts.shift();
    this.#log = next.log;
    this.#proven = to.bytes;
    to.state = 'open';
    this.#sealing = this.#finishRoll(old).catch(this.#parts.onBackgroundError);
  }

  /** What a roll leaves to do while appends go on: seal the old one, prepare the one after. */
  async #finishRoll(old: OpenLog | undefined): Promise<void> {
    if (old !== undefined) await this.#sealFile(old);
    const ahead = this.#nexts[0] === undefined ? this.#prepareNext() : undefined;
    // Its failure is met by the group that needs it.
    await ahead?.ready.catch(() => {});
    try {
      // What a new segment publishes says that the old one is sealed, too.
      if (ahead === undefined || ahead.failed) await this.#parts.manifests.publish();
    } catch (error) {
      // The next manifest says it; the segment is complete and durable either way.
      if (!isShortage(error)) throw error;
    }
    if (old !== undefined) this.#parts.onSealed(old.segment);
  }

  /** Gives the file its exact length; the caller publishes. */
  async #sealFile({ segment, file, extent }: OpenLog): Promise<void> {
    await extent.end();
    if (await extent.cut()) await file.datasync();
    segment.state = 'sealed';
  }

  #prepareNext(): NextSegment {
    const { catalog, environment } = this.#parts;
    const segment = catalog.add({
      id: catalog.takeId(),
      kind: 'log',
      salt: readU32(environment.random.bytes(4), 0),
      state: 'planned',
      bytes: SEGMENT_HEADER_BYTES,
    });
    const next: NextSegment = { segment, log: undefined, ready: Promise.resolve(), failed: false };
    this.#nexts.push(next);
    next.ready = this.#create(next);
    // A failure is met by whoever awaits `ready`; nobody may.
    next.ready.catch(() => {});
    return next;
  }

  /** Rule 1: create, header, fsync, directory fsync, manifest. */
  async #create(next: NextSegment): Promise<void> {
    try {
      await this.#createFile(next);
    } catch (error) {
      await this.#discard(next);
      await this.#parts.environment.fs
        .unlink(this.#parts.files.pathOf(next.segment))
        .catch(() => {});
      throw error;
    }
    next.segment.state = 'prepared';
    try {
      await this.#parts.manifests.publish();
    } catch (error) {
      // The file stays: a manifest that lists it may have come to be. Open removes it otherwise.
      await this.#discard(next);
      throw error;
    }
  }

  async #createFile(next: NextSegment): Promise<void> {
    const { environment, manifests, files, clock, directory } = this.#parts;
    const { segment } = next;
    const file = await environment.fs.open(files.pathOf(segment), 'create');
    const extent = new LogExtent(
      {
        ...this.#parts,
        sync: () => this.#datasync(file),
        onFailure: this.#parts.onBackgroundError,
      },
      segment,
      file,
    );
    next.log = { segment, file, extent };
    files.adopt(segment, file);
    const header = encodeSegmentHeader({
      kind: 'log',
      uuid: manifests.uuid,
      id: segment.id,
      baseSequence: 0,
      epoch: manifests.epoch,
      createdAt: clock.now(),
      salt: segment.salt,
    });
    await file.write(header, 0, header.length, 0);
    await extent.begin();
    await file.sync();
    await environment.fs.syncDirectory(directory);
  }

  /** Gives up a segment whose creation failed; the next attempt takes another id. */
  async #discard(next: NextSegment): Promise<void> {
    const { files, catalog } = this.#parts;
    next.failed = true;
    next.segment.state = 'planned';
    await files.close(next.segment).catch(() => {});
    catalog.remove(next.segment);
  }
}
