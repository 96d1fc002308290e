/**
 * Opens a store's directory: lock, manifest, leftovers, unsealed segments, keydir. When this is
 * done every segment is sealed, the manifest says so, and point operations can be served.
 */

import { CaskError } from '../../errors/cask-error.ts';
import { EngineClock } from '../disk/engine-clock.ts';
import { nextTurn } from '../disk/environment.ts';
import type { LockHandle } from '../disk/file-system.ts';
import { isNoSpace } from '../disk/file-system.ts';
import { asideName, BACKUP, BALLAST, LOCK, segmentName, TMP_SUFFIX } from '../format/file-names.ts';
import {
  type DamageFacts,
  type Manifest,
  type ManifestSegment,
  readManifest,
} from '../format/manifest.ts';
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES, UUID_BYTES } from '../format/segment-header.ts';
import { Keydir } from '../keydir/keydir.ts';
import { SEED_BYTES } from '../keydir/keydir-tables.ts';
import { ManifestStore } from '../log/manifest-store.ts';
import type { Segment } from '../log/segment.ts';
import { SegmentCatalog } from '../log/segment-catalog.ts';
import { SegmentFiles } from '../log/segment-files.ts';
import type { StoreOptions } from '../store-options.ts';
import {
  checkNewDirectory,
  type DirectoryScan,
  directoryProblem,
  ensureDirectory,
  scanDirectory,
} from './directory-scan.ts';
import { SegmentLoader } from './segment-loader.ts';
import { finishRenames, lastSequenceOf, recoverUnsealed } from './unsealed-recovery.ts';

/** Entries looked at in one turn after the load, where a clear voids some of them: about 1 ms. */
const SWEEP_ENTRIES = 5000;

/** Figures of a start, for the log and for people. */
export interface OpenReport {
  readonly created: boolean;
  readonly clean: boolean;
  readonly segments: number;
  readonly byHint: number;
  readonly scanned: number;
  readonly keys: number;
  readonly ms: number;
}

export interface OpenedDirectory {
  readonly lock: LockHandle;
  readonly clock: EngineClock;
  readonly manifests: ManifestStore;
  readonly catalog: SegmentCatalog;
  readonly files: SegmentFiles;
  readonly keydir: Keydir;
  readonly lastSequence: number;
  /** Sealed segments that want a hint. */
  readonly withoutHint: readonly Segment[];
  /** Damage whose keys are unknown: merges drop nothing until repair. */
  readonly unknownDamage: readonly DamageFacts[];
  readonly report: OpenReport;
}

export async function openDirectory(options: StoreOptions): Promise<OpenedDirectory> {
  const { environment, directory } = options;
  const { fs } = environment;
  const created = await ensureDirectory(fs, directory, options.createIfMissing);
  let lock: LockHandle;
  try {
    lock = await fs.lock(`${directory}/${LOCK}`);
  } catch (error) {
    throw directoryProblem(error, directory);
  }
  try {
    return await openLocked(options, lock, created);
  } catch (error) {
    // A failed open releases the lock.
    await lock.release();
    throw directoryProblem(error, directory);
  }
}

async function openLocked(
  options: StoreOptions,
  lock: LockHandle,
  created: boolean,
): Promise<OpenedDirectory> {
  const { environment, directory, logger } = options;
  const { fs, clock: worldClock, random, scheduler } = environment;
  const started = worldClock.monotonicMs();
  const read = await readManifest(fs, directory);
  const scan = await scanDirectory(fs, directory, read);
  if (scan.names.has(BACKUP)) {
    const message = `${directory} is a backup; make a store of it with caskctl restore`;
    throw new CaskError('NOT_A_STORE', message);
  }
  if (read === undefined) checkNewDirectory(directory, scan);
  for (const name of scan.foreign) logger('warn', 'foreign-file', { name, action: 'left alone' });
  const known = read ?? freshManifest(random.bytes(UUID_BYTES));
  // A file whose creation was cut short has an id that the manifest may not know of: not reused.
  const nextSegmentId = Math.max(known.nextSegmentId, scan.highestId + 1);
  const manifest = { ...known, nextSegmentId };
  const clock = new EngineClock(worldClock, manifest.engineTime);
  const isClean = manifest.segments.every((segment) => segment.state === 'sealed');
  const { manifests, catalog } = await settle(options, manifest, scan, clock, read === undefined);
  const files = new SegmentFiles(fs, directory, options.maxOpenSegments);
  const keydir = new Keydir({ maxBytes: options.maxKeydirBytes, seed: random.bytes(SEED_BYTES) });
  const loader = new SegmentLoader({
    fs,
    scheduler,
    uuid: manifests.uuid,
    keydir,
    catalog,
    files,
    clock,
    logger,
  });
  const loaded = await loadAll(options, loader, catalog, files, keydir, manifests);
  const report = {
    created: created || read === undefined,
    clean: isClean,
    segments: catalog.all().length,
    byHint: loaded.byHint,
    scanned: loaded.scanned,
    keys: keydir.count,
    ms: Math.round(worldClock.monotonicMs() - started),
  };
  const lastSequence = lastSequenceOf(manifests.current);
  const { withoutHint, unknownDamage } = loaded;
  return {
    lock,
    clock,
    manifests,
    catalog,
    files,
    keydir,
    lastSequence,
    withoutHint,
    unknownDamage,
    report,
  };
}

function freshManifest(uuid: Uint8Array): Manifest {
  return {
    uuid,
    generation: 0,
    segments: [],
    nextSegmentId: 1,
    keys: 0,
    lastSequence: 0,
    jumps: [],
    epochs: [[1, 1]],
    engineTime: 0,
    historyFloor: 0,
    obsolete: [],
    damage: [],
    promisedEpoch: 0,
    commitFloor: 0,
  };
}

/** Recovers what was open, makes the manifest durable, and only then removes what is left over. */
async function settle(
  options: StoreOptions,
  manifest: Manifest,
  scan: DirectoryScan,
  clock: EngineClock,
  isNew: boolean,
): Promise<{ manifests: ManifestStore; catalog: SegmentCatalog }> {
  const { environment, directory, logger } = options;
  await checkListed(options, manifest, scan);
  const isClean = manifest.segments.every((segment) => segment.state === 'sealed');
  const input = { environment, directory, manifest, clock, logger };
  const recovered = isClean ? undefined : await withBallast(options, () => recoverUnsealed(input));
  const settled =
    recovered === undefined ? manifest : { ...manifest, ...takeOver(manifest, recovered) };
  const catalog = new SegmentCatalog();
  catalog.nextId = settled.nextSegmentId;
  for (const listed of settled.segments) {
    const segment = catalog.add(listed);
    segment.base = listed.base;
    segment.last = listed.last;
    segment.min = listed.min;
    segment.records = listed.records;
    segment.damaged = settled.damage.some((range) => range.segment === listed.id);
    const kept = settled.history?.find((facts) => facts.segment === listed.id);
    segment.historyBytes = kept?.bytes ?? 0;
    segment.historyUntil = kept?.until ?? 0;
  }
  const manifests = new ManifestStore(environment.fs, directory, catalog, clock, settled);
  const unfinished = manifest.segments
    .filter((segment) => !scan.names.has(segmentName(segment.kind, segment.id)))
    .map((segment) => segmentName(segment.kind, segment.id));
  const isTidy =
    isClean &&
    scan.unfinished.length + scan.leftovers.length + scan.unlistedLogs.length === 0 &&
    unfinished.length + manifest.obsolete.length === 0;
  if (isTidy && !isNew) return { manifests, catalog };
  await withBallast(options, () => manifests.publish());
  await finishRenames(input, [...unfinished, ...(recovered?.renames ?? [])]);
  await tidy(options, manifests, scan);
  return { manifests, catalog };
}

function takeOver(
  manifest: Manifest,
  recovered: Awaited<ReturnType<typeof recoverUnsealed>>,
): Partial<Manifest> {
  const { segments, nextSegmentId, lastSequence, jumps } = recovered;
  return {
    segments,
    nextSegmentId,
    lastSequence,
    jumps,
    damage: [...manifest.damage, ...recovered.damage],
    obsolete: [...manifest.obsolete, ...recovered.obsolete],
  };
}

/** Recovery needs space, too: on a full disk the ballast is given up for it. */
async function withBallast<T>(options: StoreOptions, work: () => Promise<T>): Promise<T> {
  const { environment, directory, logger } = options;
  try {
    return await work();
  } catch (error) {
    const path = `${directory}/${BALLAST}`;
    if (!isNoSpace(error) || (await environment.fs.sizeOf(path)) === undefined) throw error;
    logger('warn', 'ballast-released', { reason: 'the disk is full during recovery' });
    await environment.fs.unlink(path);
    return await work();
  }
}

/** @throws CaskError MISSING_SEGMENT, UNSUPPORTED_FORMAT, BAD_MANIFEST */
async function checkListed(
  options: StoreOptions,
  manifest: Manifest,
  scan: DirectoryScan,
): Promise<void> {
  const { environment, directory, logger } = options;
  for (const segment of manifest.segments) {
    const { id, salt } = segment;
    const path = `${directory}/${presentName(segment, scan)}`;
    const file = await environment.fs.open(path, 'read');
    try {
      const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
      const count = await file.read(bytes, 0, bytes.length, 0);
      const header = decodeSegmentHeader(bytes.subarray(0, count));
      const isOurs = header !== undefined && Buffer.compare(header.uuid, manifest.uuid) === 0;
      if (isOurs && header.id === id && header.salt === salt) continue;
      logger('error', 'segment-header-damaged', {
        segment: id,
        reason: 'it is not the listed one',
      });
    } catch (error) {
      if (!(error instanceof CaskError) || error.code === 'UNSUPPORTED_FORMAT') throw error;
      // The manifest knows the salt, so the records can be read all the same.
      logger('error', 'segment-header-damaged', { segment: id, reason: error.message });
    } finally {
      await file.close();
    }
  }
}

/** The name that a listed segment's file has now. @throws CaskError MISSING_SEGMENT */
function presentName(segment: ManifestSegment, scan: DirectoryScan): string {
  const { id, kind, state } = segment;
  const name = segmentName(kind, id);
  if (scan.names.has(name)) return name;
  const isWaiting = state === 'sealed' && kind === 'log' && scan.names.has(name + TMP_SUFFIX);
  if (isWaiting) return name + TMP_SUFFIX;
  const message = `segment ${id} is listed in the MANIFEST and ${name} is missing`;
  throw new CaskError('MISSING_SEGMENT', `${message}; restore it from a backup, or run repair`);
}

/** Removes what the durable manifest says is not part of the store; sets unlisted logs aside. */
async function tidy(
  options: StoreOptions,
  manifests: ManifestStore,
  scan: DirectoryScan,
): Promise<void> {
  const { environment, directory, logger } = options;
  const { fs } = environment;
  const live = new Set(manifests.current.segments.map(({ kind, id }) => segmentName(kind, id)));
  for (const name of manifests.obsolete) {
    // Never what is listed as live, whatever else is said of it.
    const isGone = live.has(name) || !scan.names.has(name);
    if (!isGone) await fs.unlink(`${directory}/${name}`);
    manifests.dropObsolete(name);
  }
  for (const name of [...scan.unfinished, ...scan.leftovers]) {
    const isGone = (await fs.sizeOf(`${directory}/${name}`)) === undefined;
    if (isGone) continue;
    logger('info', 'leftover-removed', { name });
    await fs.unlink(`${directory}/${name}`);
  }
  for (const { name, id } of scan.unlistedLogs) {
    const isGone = (await fs.sizeOf(`${directory}/${name}`)) === undefined;
    if (!isGone) await setAside(options, name, id);
  }
  await fs.syncDirectory(directory);
}

async function setAside(options: StoreOptions, name: string, id: number): Promise<void> {
  const { environment, directory, logger } = options;
  const { fs } = environment;
  if (await hasNoRecord(options, name)) {
    logger('info', 'leftover-removed', { name, reason: 'its creation was cut short' });
    await fs.unlink(`${directory}/${name}`);
    return;
  }
  let piece = 0;
  while ((await fs.sizeOf(`${directory}/${asideName(id, piece)}`)) !== undefined) piece += 1;
  const aside = asideName(id, piece);
  await fs.rename(`${directory}/${name}`, `${directory}/${aside}`);
  logger('error', 'unlisted-segment-set-aside', { name, aside });
}

/** True for a segment that ends with its header, zeros aside. */
async function hasNoRecord(options: StoreOptions, name: string): Promise<boolean> {
  const { environment, directory } = options;
  const file = await environment.fs.open(`${directory}/${name}`, 'read');
  try {
    const buffer = Buffer.alloc(64 * 1024);
    for (let at = SEGMENT_HEADER_BYTES; ; ) {
      const count = await file.read(buffer, 0, buffer.length, at);
      if (count === 0) return true;
      if (buffer.subarray(0, count).some((byte) => byte !== 0)) return false;
      at += count;
    }
  } finally {
    await file.close();
  }
}

interface LoadResult {
  readonly byHint: number;
  readonly scanned: number;
  readonly withoutHint: readonly Segment[];
  readonly unknownDamage: readonly DamageFacts[];
}

async function loadAll(
  options: StoreOptions,
  loader: SegmentLoader,
  catalog: SegmentCatalog,
  files: SegmentFiles,
  keydir: Keydir,
  manifests: ManifestStore,
): Promise<LoadResult> {
  const withoutHint: Segment[] = [];
  const unknownDamage: DamageFacts[] = [];
  let byHint = 0;
  const records = catalog.all().reduce((sum, segment) => sum + segment.records, 0);
  keydir.loadBegin(Math.min(manifests.current.keys, records));
  // Newest first: most older records are then known to be dead at once.
  for (const segment of catalog.all().toReversed()) {
    await checkLength(options, segment, files);
    const loaded = await loader.load(segment);
    if (loaded.byHint) {
      byHint += 1;
    } else if (loaded.damage.length === 0) {
      withoutHint.push(segment);
    }
    if (loaded.damage.length === 0) continue;
    segment.damaged = true;
    unknownDamage.push(...loaded.damage);
    for (const range of loaded.damage) {
      options.logger('error', 'segment-damaged', { ...range, keys: 'unknown' });
    }
    manifests.addDamage(loaded.damage);
  }
  // A clear may have come after what it voids.
  const { scheduler } = options.environment;
  while (!keydir.loadSweepStep(SWEEP_ENTRIES, () => catalog.subtractDisplaced(keydir))) {
    await nextTurn(scheduler);
  }
  keydir.loadEnd();
  manifests.keyCount = () => keydir.count;
  return { byHint, scanned: catalog.all().length - byHint, withoutHint, unknownDamage };
}

/** A sealed segment is as long as listed: shorter is damage, longer is trimmed. */
async function checkLength(
  options: StoreOptions,
  segment: Segment,
  files: SegmentFiles,
): Promise<void> {
  const { environment, logger } = options;
  const path = files.pathOf(segment);
  const bytes = (await environment.fs.sizeOf(path)) ?? 0;
  if (bytes < segment.bytes) {
    segment.damaged = true;
    const missing = segment.bytes - bytes;
    logger('error', 'segment-too-short', { segment: segment.id, offset: bytes, bytes: missing });
  }
  if (bytes <= segment.bytes) return;
  const file = await environment.fs.open(path, 'write');
  try {
    await file.truncate(segment.bytes);
  } finally {
    await file.close();
  }
}
