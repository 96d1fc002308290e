/**
 * `caskctl repair DIR`: makes a damaged store whole again with what can be read, where it is.
 *
 * In this order, so that it may be cut short anywhere and run again:
 * 1. files that are to be replaced get a second name in `quarantine/`;
 * 2. a log that was not closed is recovered as a start would, and a manifest says so;
 * 3. what is readable of each damaged segment is written into a fresh one, durably;
 * 4. one manifest lists these in place of the damaged ones;
 * 5. the damaged files lose their first names, and wrong hints are removed.
 */

import { CaskError } from '../../errors/cask-error.ts';
import { EngineClock } from '../disk/engine-clock.ts';
import { BACKUP, hintName, MANIFEST, segmentName, TMP_SUFFIX } from '../format/file-names.ts';
import { type Manifest, type ManifestSegment, writeManifest } from '../format/manifest.ts';
import { finishRenames, lastSequenceOf, recoverUnsealed } from '../recovery/unsealed-recovery.ts';
import { examineStore, type StoreExamination } from './examine-store.ts';
import { nextFreeId, REBUILD_JUMP } from './manifest-rebuild.ts';
import { type Examination, withLock } from './offline-directory.ts';
import { Quarantine } from './quarantine.ts';
import { checkSegment, type SegmentCheck } from './segment-check.ts';
import { type Salvage, salvageName, salvageSegment } from './segment-salvage.ts';
import { withoutMissing } from './unsealed-survey.ts';
import { examinationOf, type OfflineOptions, summaryOf, type VerifySummary } from './verify.ts';

export interface RepairSummary {
  /** False: there was nothing to repair, or it was not wanted. */
  readonly repaired: boolean;
  readonly segmentsReplaced: number;
  readonly hintsRemoved: number;
  readonly manifestRebuilt: boolean;
  /** Records that the segments written hold, tombstones for lost ones aside. */
  readonly recordsKept: number;
  /** Deletes that were lost and written again from what the hint knows. */
  readonly tombstonesRestored: number;
  /** Known keys whose value is lost. */
  readonly valuesLost: number;
  /** Stretches without a readable record. */
  readonly lostRanges: number;
}

export interface RepairOptions extends OfflineOptions {
  /** Asked once, when the findings have been told and there is something to do. */
  readonly confirm: (found: VerifySummary) => Promise<boolean>;
}

const NOTHING: RepairSummary = {
  repaired: false,
  segmentsReplaced: 0,
  hintsRemoved: 0,
  manifestRebuilt: false,
  recordsKept: 0,
  tombstonesRestored: 0,
  valuesLost: 0,
  lostRanges: 0,
};

/** @throws CaskError as `verifyStore` does, and NO_SPACE */
export async function repairInPlace(options: RepairOptions): Promise<RepairSummary> {
  let damaged = 0;
  const examination = examinationOf(options, (finding) => {
    if (finding.level === 'damage') damaged += 1;
    return options.report(finding);
  });
  return withLock(examination, async () => {
    const found = await examineStore(examination);
    if (damaged === 0) return NOTHING;
    if (found.scan.names.has(BACKUP)) {
      const message = `${options.directory} is a backup and stays as it is`;
      throw new CaskError('NOT_A_STORE', `${message}; with --to, repair writes a new store`);
    }
    if (!(await options.confirm(summaryOf(found, damaged)))) return NOTHING;
    return new Repair(examination, found).run();
  });
}

class Repair {
  readonly #examination: Examination;
  readonly #found: StoreExamination;
  readonly #quarantine: Quarantine;
  #manifest: Manifest;
  #checks: readonly SegmentCheck[];
  #nextId: number;
  #mustPublish: boolean;
  readonly #salvages: Salvage[] = [];

  constructor(examination: Examination, found: StoreExamination) {
    this.#examination = examination;
    this.#found = found;
    this.#manifest = found.manifest;
    this.#checks = found.checks;
    const { environment, directory, report } = examination;
    this.#quarantine = new Quarantine(environment.fs, directory, report);
    this.#nextId = Math.max(found.manifest.nextSegmentId, nextFreeId(found.scan.names));
    this.#mustPublish = found.manifestFile !== 'sound';
  }

  async run(): Promise<RepairSummary> {
    await this.#checkSpace();
    await this.#keepOriginals();
    await this.#recoverLog();
    const unsound = this.#checks.filter((check) => !check.isSound);
    const replacements: ManifestSegment[] = [];
    for (const check of unsound) {
      const segment = await this.#replace(check);
      if (segment !== undefined) replacements.push(segment);
    }
    await this.#quarantine.sync();
    await this.#publish(unsound, replacements);
    await this.#quarantine.release(new Set([MANIFEST]));
    const hintsRemoved = await this.#removeHints();
    return this.#summary(unsound, hintsRemoved);
  }

  /** Salvaged segments are no longer than what they replace. */
  async #checkSpace(): Promise<void> {
    const { environment, directory } = this.#examination;
    const unsound = this.#checks.filter((check) => !check.isSound);
    const needed = unsound.reduce((sum, check) => sum + check.bytes, 0);
    const free = await environment.fs.freeBytes(directory);
    if (free >= needed) return;
    throw new CaskError(
      'NO_SPACE',
      `repair needs ${needed} bytes of free space, there are ${free}`,
    );
  }

  /** Before anything is written: second names for what is to be replaced as a whole. */
  async #keepOriginals(): Promise<void> {
    if (this.#found.manifestFile === 'damaged') await this.#quarantine.take(MANIFEST);
    for (const { name } of this.#found.unusable) await this.#quarantine.take(name);
    for (const { task, isSound } of this.#checks) {
      if (isSound) continue;
      await this.#quarantine.take(task.fileName ?? segmentName(task.segment.kind, task.segment.id));
      await this.#quarantine.take(hintName(task.segment.id));
    }
    await this.#quarantine.sync();
    await this.#quarantine.moveUnlinked(MANIFEST);
  }

  /** Seals what was open, as a start would, and finishes renames that wait. */
  async #recoverLog(): Promise<void> {
    const { environment, directory } = this.#examination;
    const unsealed = this.#manifest.segments.filter((segment) => segment.state !== 'sealed');
    const waiting = this.#checks
      .filter(({ task }) => task.fileName?.endsWith(TMP_SUFFIX))
      .map(({ task }) => segmentName(task.segment.kind, task.segment.id));
    const renames = unsealed.length === 0 ? [] : await this.#sealLog(unsealed);
    await finishRenames({ environment, directory }, [...waiting, ...renames]);
    const changed = new Set(unsealed.map(({ id }) => id));
    const checks: SegmentCheck[] = [];
    for (const segment of this.#manifest.segments) {
      const before = this.#checks.find(({ task }) => task.segment.id === segment.id);
      const isKept = before !== undefined && !changed.has(segment.id);
      checks.push(isKept ? withFinalName(before) : await this.#checkAgain(segment));
    }
    this.#checks = checks;
  }

  /** Publishes the recovered log; returns the names that rewritten segments are to get. */
  async #sealLog(unsealed: readonly ManifestSegment[]): Promise<readonly string[]> {
    const { environment, directory, report } = this.#examination;
    const present = await withoutMissing(this.#examination, this.#manifest);
    await this.#reportDropped(unsealed.filter((segment) => !present.segments.includes(segment)));
    const manifest = { ...present, nextSegmentId: this.#nextId };
    const clock = new EngineClock(environment.clock, manifest.engineTime);
    const input = { environment, directory, manifest, clock, logger: () => {} };
    const { renames, ...recovered } = await recoverUnsealed(input);
    const damage = [...manifest.damage, ...recovered.damage];
    const obsolete = [...manifest.obsolete, ...recovered.obsolete];
    this.#manifest = { ...manifest, ...recovered, damage, obsolete };
    this.#nextId = recovered.nextSegmentId;
    await this.#write();
    const message = 'the log that was not closed is recovered, as the next start would have done';
    await report({ level: 'done', kind: 'log-recovered', message });
    return renames;
  }

  async #reportDropped(missing: readonly ManifestSegment[]): Promise<void> {
    for (const { id, kind } of missing) {
      const where = { file: segmentName(kind, id), segment: id };
      const message = 'it is missing; the store goes on without it';
      await this.#examination.report({ level: 'done', kind: 'segment-dropped', ...where, message });
    }
  }

  /** A segment that has been sealed just now: its findings have been told already. */
  #checkAgain(segment: ManifestSegment): Promise<SegmentCheck> {
    const { environment, directory, signal } = this.#examination;
    const { uuid, damage } = this.#manifest;
    const quiet = { environment, directory, signal, report: () => {} };
    return checkSegment(quiet, {
      segment,
      fileName: segmentName(segment.kind, segment.id),
      uuid,
      end: segment.bytes,
      listedDamage: damage.filter((range) => range.segment === segment.id),
    });
  }

  async #replace(check: SegmentCheck): Promise<ManifestSegment | undefined> {
    const { report, directory } = this.#examination;
    const { segment } = check.task;
    const { uuid, epochs } = this.#manifest;
    const epoch = epochs.at(-1)?.[0] ?? 1;
    const id = this.#nextId;
    const salvage = await salvageSegment(this.#examination, check, { directory, uuid, id, epoch });
    this.#salvages.push(salvage);
    const where = { file: segmentName(segment.kind, segment.id), segment: segment.id };
    if (salvage.segment === undefined) {
      const message = 'nothing in it can be read; the store goes on without it';
      await report({ level: 'done', kind: 'segment-dropped', ...where, message });
      return undefined;
    }
    this.#nextId += 1;
    const message = replacedBy(salvageName(id), salvage);
    await report({ level: 'done', kind: 'segment-replaced', ...where, message });
    return salvage.segment;
  }

  async #publish(
    unsound: readonly SegmentCheck[],
    replacements: readonly ManifestSegment[],
  ): Promise<void> {
    const { report } = this.#examination;
    const gone = new Set(unsound.map(({ task }) => task.segment.id));
    const before = this.#manifest;
    const damage = before.damage.filter(
      ({ segment }) => !gone.has(segment) && before.segments.some(({ id }) => id === segment),
    );
    const isChanged = gone.size > 0 || damage.length < before.damage.length;
    if (!isChanged && !this.#mustPublish) return;
    this.#manifest = {
      ...before,
      segments: [...before.segments.filter(({ id }) => !gone.has(id)), ...replacements],
      nextSegmentId: this.#nextId,
      lastSequence: Math.max(before.lastSequence, ...before.segments.map(({ last }) => last)),
      // What is lost, or where a batch ended, is missing in the states before that, too.
      historyFloor: Math.max(before.historyFloor, ...unsound.map(({ task }) => task.segment.last)),
      damage,
    };
    const { isRebuilt } = this.#found;
    if (isRebuilt) this.#manifest = withJump(this.#manifest);
    await this.#write();
    const message = isRebuilt
      ? `it is made anew from the segments: ${this.#manifest.segments.length} are listed`
      : 'it lists what the store consists of now';
    const kind = isRebuilt ? 'manifest-rebuilt' : 'manifest-written';
    await report({ level: 'done', kind, file: MANIFEST, message });
  }

  async #write(): Promise<void> {
    const { environment, directory } = this.#examination;
    this.#manifest = { ...this.#manifest, generation: this.#manifest.generation + 1 };
    await writeManifest(environment.fs, directory, this.#manifest);
  }

  /** Hints of sound segments that are wrong: they are written anew by the next start. */
  async #removeHints(): Promise<number> {
    const { environment, directory, report } = this.#examination;
    const wrong = this.#checks.filter((check) => check.isSound && check.hint === 'bad');
    for (const { task } of wrong) {
      const file = hintName(task.segment.id);
      await environment.fs.unlink(`${directory}/${file}`);
      const message = 'it was wrong; the next start writes it anew';
      await report({ level: 'done', kind: 'hint-removed', file, message });
    }
    if (wrong.length > 0) await environment.fs.syncDirectory(directory);
    return wrong.length;
  }

  #summary(unsound: readonly SegmentCheck[], hintsRemoved: number): RepairSummary {
    const sum = (figure: (salvage: Salvage) => number): number =>
      this.#salvages.reduce((total, salvage) => total + figure(salvage), 0);
    return {
      repaired: true,
      segmentsReplaced: unsound.length,
      hintsRemoved,
      manifestRebuilt: this.#found.isRebuilt,
      recordsKept: sum((salvage) => salvage.records),
      tombstonesRestored: sum((salvage) => salvage.tombstonesRestored),
      valuesLost: sum((salvage) => salvage.putsBuried),
      lostRanges: unsound.reduce((total, { lost }) => total + lost.unreadableCount, 0),
    };
  }
}

function withFinalName(check: SegmentCheck): SegmentCheck {
  const { fileName, segment } = check.task;
  if (fileName === undefined) return check;
  return { ...check, task: { ...check.task, fileName: segmentName(segment.kind, segment.id) } };
}

export function replacedBy(name: string, salvage: Salvage): string {
  const { records, tombstonesRestored, putsBuried } = salvage;
  const restored = tombstonesRestored > 0 ? `, deletes from the hint: ${tombstonesRestored}` : '';
  const buried = putsBuried > 0 ? `, tombstones for lost values: ${putsBuried}` : '';
  return `${name} holds what can be read, records: ${records}${restored}${buried}`;
}

/** Without the old manifest it is unknown which sequences were given out beyond the last record. */
function withJump(manifest: Manifest): Manifest {
  const last = Math.max(manifest.lastSequence, ...manifest.segments.map((segment) => segment.last));
  const known = lastSequenceOf(manifest);
  const jumps = manifest.jumps.filter(([, to]) => to <= last);
  return { ...manifest, jumps: [...jumps, [last, Math.max(known, last) + REBUILD_JUMP]] };
}
