/**
 * `caskctl restore BACKUP TARGET`: makes a new store of a backup, as it was when it was taken or
 * at an earlier point. The new store has a UUID of its own and goes on above every sequence that
 * its source can have given out since.
 *
 * Every file is compared with its checksum as it is copied, and the copy is then verified as
 * `verify` does it. The manifest comes last: before it there is no store that could be opened.
 */

import { CaskError } from '../../errors/cask-error.ts';
import { LOCK, segmentName } from '../format/file-names.ts';
import {
  historyFloorTimeOf,
  type Manifest,
  type ManifestSegment,
  writeManifest,
} from '../format/manifest.ts';
import { UUID_BYTES } from '../format/segment-header.ts';
import { lastSequenceOf } from '../recovery/unsealed-recovery.ts';
import type { Examination } from './offline-directory.ts';
import { prepareTarget } from './repair-copy.ts';
import { RestoreCopy } from './restore-copy.ts';
import { revisionOf } from './restore-point.ts';
import { type BackupSource, findSource, type RestorePoint } from './restore-source.ts';
import { checkSegment } from './segment-check.ts';
import { examinationOf, type OfflineOptions } from './verify.ts';

/** A store gives out fewer sequences in a second ... */
const SEQUENCES_PER_SECOND = 2 ** 21;
/** ... and this is for clocks that differ, and for starts that were not clean. */
const SEQUENCES_SPARE = 2 ** 28;

export interface RestoreOptions extends RestorePoint, Omit<OfflineOptions, 'directory'> {
  /** A backup, or the directory that backups are kept in. */
  readonly backup: string;
  /** Created; or an empty directory. */
  readonly target: string;
}

export interface RestoreSummary {
  /** The backup that was taken. */
  readonly backup: string;
  /** Of the new store, in hex, and of its source. */
  readonly uuid: string;
  readonly sourceUuid: string;
  /** The state that was restored. */
  readonly revision: number;
  /** What was asked for lay within a batch, which is left out as a whole. */
  readonly cutsBatch: boolean;
  /** Above every revision that was given out before; the first of the new store. */
  readonly nextRevision: number;
  readonly segments: number;
  readonly records: number;
  readonly bytes: number;
}

/**
 * @throws CaskError NOT_A_BACKUP, CORRUPT, BELOW_HISTORY_FLOOR, INVALID_OPTION (a point that the
 * backup does not reach), NOT_A_STORE (a target in use), NO_SPACE, UNSUPPORTED_FORMAT, LOCKED,
 * DIRECTORY_MISSING, NOT_WRITABLE, CANCELLED
 */
export async function restoreStore(options: RestoreOptions): Promise<RestoreSummary> {
  const { target } = options;
  const examination = examinationOf({ ...options, directory: target }, options.report);
  const { fs } = examination.environment;
  const source = await findSource(fs, options.backup, options);
  const isMade = await prepareTarget(fs, target);
  const lock = await fs.lock(`${target}/${LOCK}`);
  let isDone = false;
  try {
    const summary = await new Restore(examination, source, options).run();
    isDone = true;
    return summary;
  } finally {
    await lock.release();
    if (!isDone) await clear(examination, isMade);
  }
}

/** Leaves the target as it was found, so that the next attempt finds it empty. */
async function clear({ environment, directory }: Examination, isMade: boolean): Promise<void> {
  const { fs } = environment;
  try {
    for (const { name } of await fs.list(directory)) await fs.unlink(`${directory}/${name}`);
    if (isMade) await fs.removeDirectory(directory);
  } catch {
    // What the restore failed of is told; there is no manifest, so this is no store.
  }
}

class Restore {
  readonly #examination: Examination;
  readonly #source: BackupSource;
  readonly #point: RestorePoint;

  constructor(examination: Examination, source: BackupSource, point: RestorePoint) {
    this.#examination = examination;
    this.#source = source;
    this.#point = point;
  }

  async run(): Promise<RestoreSummary> {
    const { environment, directory } = this.#examination;
    const { list, manifest, path } = this.#source;
    await this.#checkSpace();
    const revision = await revisionOf(this.#examination, this.#source, this.#point);
    const uuid = environment.random.bytes(UUID_BYTES);
    const copy = new RestoreCopy(this.#examination, this.#source, uuid, revision);
    const segments: ManifestSegment[] = [];
    for (const segment of manifest.segments) {
      const restored = await copy.copySegment(segment);
      if (restored !== undefined) segments.push(restored);
    }
    await environment.fs.syncDirectory(directory);
    for (const segment of segments) await this.#verify(segment, uuid);
    const restored = this.#manifestOf(segments, uuid, revision);
    await writeManifest(environment.fs, directory, restored);
    const sum = (figure: (segment: ManifestSegment) => number): number =>
      segments.reduce((total, segment) => total + figure(segment), 0);
    const { toRevision = revision } = this.#point;
    return {
      backup: path,
      uuid: Buffer.from(uuid).toString('hex'),
      sourceUuid: list.uuid,
      revision,
      cutsBatch: toRevision > revision,
      nextRevision: lastSequenceOf(restored) + 1,
      segments: segments.length,
      records: sum(({ records }) => records),
      bytes: sum(({ bytes }) => bytes),
    };
  }

  async #checkSpace(): Promise<void> {
    const { environment, directory } = this.#examination;
    const needed = this.#source.list.files.reduce((sum, { bytes }) => sum + bytes, 0);
    const free = await environment.fs.freeBytes(directory);
    if (free >= needed) return;
    const message = `the backup needs ${needed} bytes and there are ${free} free at ${directory}`;
    throw new CaskError('NO_SPACE', message);
  }

  /** Reads the copy as `verify` does: what was damaged before it was backed up shows here. */
  async #verify(segment: ManifestSegment, uuid: Uint8Array): Promise<void> {
    const { path } = this.#source;
    let first: string | undefined;
    const fileName = segmentName(segment.kind, segment.id);
    const examination: Examination = {
      ...this.#examination,
      report: (finding) => {
        if (finding.level !== 'damage') return;
        const where = finding.offset === undefined ? '' : ` at ${finding.offset}`;
        first ??= `${finding.file}${where}: ${finding.message}`;
        return this.#examination.report(finding);
      },
    };
    const task = { segment, fileName, uuid, end: segment.bytes, listedDamage: [] };
    await checkSegment(examination, task);
    if (first === undefined) return;
    const way = `caskctl repair ${path} --to NEWDIR keeps what can be read`;
    throw new CaskError('CORRUPT', `the backup is damaged, nothing was restored: ${first}; ${way}`);
  }

  #manifestOf(segments: readonly ManifestSegment[], uuid: Uint8Array, revision: number): Manifest {
    const { list, manifest } = this.#source;
    const { history: kept = [], historyFloorTime: _, unknown, ...facts } = manifest;
    const isNewest = revision === list.revision;
    const last = segments.reduce((top, segment) => Math.max(top, segment.last), 0);
    const jumpTo = this.#firstSequence();
    const floorTime = isNewest ? historyFloorTimeOf(manifest) : (this.#point.toTime ?? 0);
    const historyFloor = isNewest ? manifest.historyFloor : revision;
    const whole = new Set(segments.map(({ id, bytes }) => `${id}:${bytes}`));
    const history = kept.filter(({ segment: id }) =>
      manifest.segments.some((segment) => segment.id === id && whole.has(`${id}:${segment.bytes}`)),
    );
    return {
      ...facts,
      uuid,
      generation: 1,
      segments,
      lastSequence: last,
      jumps: [...manifest.jumps.filter(([, to]) => to <= last), [last, jumpTo]],
      engineTime: Math.max(manifest.engineTime, list.time),
      historyFloor,
      ...(floorTime > 0 ? { historyFloorTime: [historyFloor, floorTime] as const } : {}),
      ...(history.length > 0 ? { history } : {}),
      obsolete: [],
      damage: [],
      promisedEpoch: 0,
      commitFloor: 0,
      ...(unknown === undefined ? {} : { unknown }),
    };
  }

  /** Above all that the source can have given out since the backup, crashes and all. */
  #firstSequence(): number {
    const { list, manifest } = this.#source;
    const { clock } = this.#examination.environment;
    const highest = Math.max(list.revision, lastSequenceOf(manifest));
    const seconds = Math.max(0, Math.ceil((clock.wallMs() - list.takenAt) / 1000));
    const first = highest + SEQUENCES_SPARE + seconds * SEQUENCES_PER_SECOND;
    if (Number.isSafeInteger(first)) return first;
    const message = `no revisions are left above those of the source (${highest}); is the clock right?`;
    throw new CaskError('LIMIT_EXCEEDED', message);
  }
}
