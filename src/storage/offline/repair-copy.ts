/**
 * `caskctl repair DIR --to NEWDIR`: writes what can be read of a store into a new one. The store
 * itself is only read. Sequences are kept, so revisions are, too; the copy has a UUID of its own
 * and goes on above every sequence of its source.
 */

import { CaskError } from '../../errors/cask-error.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { LOCK, segmentName } from '../format/file-names.ts';
import { type Manifest, type ManifestSegment, writeManifest } from '../format/manifest.ts';
import { UUID_BYTES } from '../format/segment-header.ts';
import { ensureDirectory } from '../recovery/directory-scan.ts';
import { lastSequenceOf, SEQUENCE_JUMP } from '../recovery/unsealed-recovery.ts';
import { examineStore, type StoreExamination } from './examine-store.ts';
import { REBUILD_JUMP } from './manifest-rebuild.ts';
import { type Examination, withLock } from './offline-directory.ts';
import { replacedBy } from './repair-in-place.ts';
import { type Salvage, salvageName, salvageSegment } from './segment-salvage.ts';
import { examinationOf, type OfflineOptions } from './verify.ts';

export interface CopyOptions extends OfflineOptions {
  /** Created; or an empty directory. */
  readonly target: string;
}

export interface CopySummary {
  /** Of the new store, in hex. */
  readonly uuid: string;
  readonly segments: number;
  readonly bytes: number;
  /** Records copied, tombstones for lost ones aside. */
  readonly recordsKept: number;
  readonly tombstonesRestored: number;
  readonly valuesLost: number;
  readonly lostRanges: number;
}

/** @throws CaskError as `verifyStore` does, NOT_A_STORE for a target in use, NO_SPACE */
export async function copyStore(options: CopyOptions): Promise<CopySummary> {
  const examination = examinationOf(options, options.report);
  const { fs } = examination.environment;
  return withLock(examination, async () => {
    await prepareTarget(fs, options.target);
    const lock = await fs.lock(`${options.target}/${LOCK}`);
    try {
      const found = await examineStore(examination);
      return await copyTo(examination, found, options.target);
    } finally {
      await lock.release();
    }
  });
}

/**
 * Makes sure that there is an empty directory; true: it was created.
 * @throws CaskError NOT_A_STORE, DIRECTORY_MISSING, NOT_WRITABLE
 */
export async function prepareTarget(fs: FileSystem, target: string): Promise<boolean> {
  if (await ensureDirectory(fs, target, true)) return true;
  const [other] = (await fs.list(target)).filter(({ name }) => name !== LOCK);
  if (other === undefined) return false;
  const message = `${target} is not empty: it has ${other.name}`;
  throw new CaskError('NOT_A_STORE', `${message}; give a directory that is empty or not there yet`);
}

async function copyTo(
  examination: Examination,
  found: StoreExamination,
  target: string,
): Promise<CopySummary> {
  const { environment, report } = examination;
  const { fs, random } = environment;
  await checkSpace(fs, found, target);
  const uuid = random.bytes(UUID_BYTES);
  const epoch = found.manifest.epochs.at(-1)?.[0] ?? 1;
  const segments: ManifestSegment[] = [];
  const salvages: Salvage[] = [];
  for (const check of found.checks) {
    const id = segments.length + 1;
    const { segment: source } = check.task;
    const salvage = await salvageSegment(examination, check, {
      directory: target,
      uuid,
      id,
      epoch,
    });
    salvages.push(salvage);
    if (salvage.segment === undefined) continue;
    segments.push(salvage.segment);
    const file = segmentName(source.kind, source.id);
    const message = replacedBy(salvageName(id), salvage);
    await report({ level: 'done', kind: 'segment-copied', file, segment: source.id, message });
  }
  // The manifest comes last: before it there is no store that could be opened by half.
  await writeManifest(fs, target, manifestOfCopy(found, uuid, segments));
  const sum = (figure: (salvage: Salvage) => number): number =>
    salvages.reduce((total, salvage) => total + figure(salvage), 0);
  return {
    uuid: Buffer.from(uuid).toString('hex'),
    segments: segments.length,
    bytes: segments.reduce((total, segment) => total + segment.bytes, 0),
    recordsKept: sum((salvage) => salvage.records),
    tombstonesRestored: sum((salvage) => salvage.tombstonesRestored),
    valuesLost: sum((salvage) => salvage.putsBuried),
    lostRanges: found.checks.reduce((total, { lost }) => total + lost.unreadableCount, 0),
  };
}

async function checkSpace(
  fs: FileSystem,
  { checks }: StoreExamination,
  target: string,
): Promise<void> {
  const needed = checks.reduce((sum, check) => sum + check.bytes, 0);
  const free = await fs.freeBytes(target);
  if (free >= needed) return;
  throw new CaskError('NO_SPACE', `the copy needs ${needed} bytes and there are ${free} free`);
}

function manifestOfCopy(
  found: StoreExamination,
  uuid: Uint8Array,
  segments: readonly ManifestSegment[],
): Manifest {
  const { manifest, surveyed, isRebuilt } = found;
  const last = segments.reduce((top, segment) => Math.max(top, segment.last), 0);
  let highest = Math.max(last, lastSequenceOf(manifest));
  for (const { survey } of surveyed.values()) highest = Math.max(highest, survey.highestSeen);
  const jumpTo = highest + (isRebuilt ? REBUILD_JUMP : SEQUENCE_JUMP);
  return {
    uuid,
    generation: 1,
    segments,
    nextSegmentId: segments.length + 1,
    keys: manifest.keys,
    lastSequence: last,
    jumps: [[last, jumpTo]],
    epochs: manifest.epochs,
    engineTime: manifest.engineTime,
    // Merged segments do not say where batches end.
    historyFloor: Math.max(manifest.historyFloor, last),
    obsolete: [],
    damage: [],
    promisedEpoch: 0,
    commitFloor: 0,
  };
}
