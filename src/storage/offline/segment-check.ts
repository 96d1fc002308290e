/**
 * Checks one segment against its manifest entry and its hint: header, length, every record, the
 * rules of sequences, batches, and whether the hint says what a scan finds. Memory: the keys of
 * one segment, as when its hint was built.
 */

import { segmentName } from '../format/file-names.ts';
import type { DamageFacts, ManifestSegment } from '../format/manifest.ts';
import { FLAG_BATCH_CONTINUES, type RecordView, recordTypeName } from '../format/record.ts';
import { SEGMENT_HEADER_BYTES } from '../format/segment-header.ts';
import type { SegmentScanner } from '../log/segment-scanner.ts';
import { HintCollector } from '../merge/hint-collector.ts';
import { type DamagedStretch, walkSegment } from '../recovery/segment-walk.ts';
import { TolerantFile } from '../recovery/tolerant-file.ts';
import { type Finding, type FindingKind, sequences } from './finding.ts';
import { readSegmentHeader } from './header-reader.ts';
import { checkHint, type HintState } from './hint-check.ts';
import { LostRanges } from './lost-ranges.ts';
import type { Examination } from './offline-directory.ts';

export interface SegmentTask {
  readonly segment: ManifestSegment;
  /** Of its file at present; undefined: it is missing. */
  readonly fileName: string | undefined;
  readonly uuid: Uint8Array;
  /** Where its records end: its length when sealed, the end of the log otherwise. */
  readonly end: number;
  /** What the manifest calls damaged. */
  readonly listedDamage: readonly DamageFacts[];
}

export interface SegmentCheck {
  readonly task: SegmentTask;
  readonly records: number;
  readonly bytes: number;
  /** Nothing is wrong with it, its hint aside. */
  readonly isSound: boolean;
  readonly hint: HintState;
  readonly lost: LostRanges;
  /** Keys that are lost, as far as hint or records know them. */
  readonly lostKeys: number;
}

/** @param onProgress is told how far in the segment the check has come */
export function checkSegment(
  examination: Examination,
  task: SegmentTask,
  onProgress?: (offset: number) => void,
): Promise<SegmentCheck> {
  return new SegmentChecker(examination, task, onProgress).check();
}

class SegmentChecker {
  readonly #examination: Examination;
  readonly #task: SegmentTask;
  readonly #segment: ManifestSegment;
  readonly #onProgress: ((offset: number) => void) | undefined;
  readonly #isSealed: boolean;
  readonly #collector = new HintCollector();
  readonly #lost = new LostRanges();
  #isSound = true;
  #lostKeys = 0;
  #records = 0;
  /** Of the last record read; before the first one, what comes before it. */
  #last: number;
  #isBehindDamage = false;
  #batchContinues = false;

  constructor(
    examination: Examination,
    task: SegmentTask,
    onProgress: ((offset: number) => void) | undefined,
  ) {
    this.#examination = examination;
    this.#onProgress = onProgress;
    this.#task = task;
    this.#segment = task.segment;
    this.#isSealed = task.segment.state === 'sealed';
    const { base, min } = task.segment;
    this.#last = this.#isSealed ? Math.min(base, min) - 1 : -1;
  }

  async check(): Promise<SegmentCheck> {
    const { fileName, segment, end } = this.#task;
    if (fileName === undefined) {
      this.#lost.add(SEGMENT_HEADER_BYTES, Math.max(end, SEGMENT_HEADER_BYTES + 1), false);
      const message = 'the file is listed in the MANIFEST and missing';
      await this.#damage('segment-missing', message, sequences(segment.min, segment.last));
    } else {
      await this.#checkFile(fileName);
    }
    await this.#reportListed();
    const hint = this.#isSealed ? await this.#checkHint() : 'missing';
    return {
      task: this.#task,
      records: this.#records,
      bytes: fileName === undefined ? 0 : end,
      isSound: this.#isSound,
      hint,
      lost: this.#lost,
      lostKeys: this.#lostKeys,
    };
  }

  async #checkFile(fileName: string): Promise<void> {
    const { environment, directory, signal } = this.#examination;
    const file = await TolerantFile.open(environment.fs, `${directory}/${fileName}`);
    try {
      await this.#checkHeader(file);
      await this.#checkLength(await file.size());
      const { salt, min, last } = this.#segment;
      const bounds = this.#isSealed ? { sequenceMin: min, sequenceMax: last } : {};
      await walkSegment(
        file,
        { salt, end: this.#task.end, signal, onProgress: this.#onProgress, ...bounds },
        {
          record: (scanner, isValueRight) => this.#record(scanner, isValueRight),
          damage: (stretch) => this.#stretch(stretch),
        },
      );
      for (const { offset, bytes } of file.unreadable()) {
        await this.#damage('read-error', 'the disk fails to read this', { offset, bytes });
      }
      if (this.#isSealed) await this.#checkEnd();
    } finally {
      await file.close();
    }
  }

  async #checkHeader(file: TolerantFile): Promise<void> {
    const { uuid } = this.#task;
    const { id, salt, kind } = this.#segment;
    const { value: header, problem } = await readSegmentHeader(file);
    const isListed =
      header !== undefined && header.id === id && header.salt === salt && header.kind === kind;
    const isOurs = isListed && Buffer.compare(header.uuid, uuid) === 0;
    if (problem === undefined && isOurs) return;
    const reason = problem ?? 'it is that of another segment';
    const where = { offset: 0, bytes: SEGMENT_HEADER_BYTES };
    await this.#damage('segment-header-damaged', `the header: ${reason}`, where);
  }

  async #checkLength(fileBytes: number): Promise<void> {
    const { end } = this.#task;
    if (fileBytes < end) {
      const where = { offset: fileBytes, bytes: end - fileBytes };
      await this.#damage('segment-too-short', 'the file ends before its records do', where);
    } else if (fileBytes > end && this.#isSealed) {
      const where = { offset: end, bytes: fileBytes - end };
      const message = 'the file is longer than listed; the next start trims it';
      await this.#tell({ level: 'info', kind: 'segment-too-long', message, ...where });
    }
  }

  #record(scanner: SegmentScanner, isValueRight: boolean): Promise<void> | undefined {
    const { view, offset } = scanner;
    this.#records += 1;
    this.#collector.add(scanner.buffer, view, offset);
    this.#batchContinues = (view.flags & FLAG_BATCH_CONTINUES) !== 0;
    const before = this.#last;
    const isFirst = before < 0;
    const wasBehindDamage = this.#isBehindDamage;
    this.#last = view.sequence;
    this.#isBehindDamage = false;
    const isExpected = this.#isExpected(view.sequence, before, isFirst, wasBehindDamage);
    if (isExpected && isValueRight) return undefined;
    return this.#reportRecord(scanner, before, isExpected, isValueRight);
  }

  #isExpected(sequence: number, before: number, isFirst: boolean, behind: boolean): boolean {
    const { kind, min, last } = this.#segment;
    if (this.#isSealed && (sequence < min || sequence > last)) return false;
    if (kind === 'merged' || isFirst) return true;
    return behind ? sequence > before : sequence === before + 1;
  }

  async #reportRecord(
    scanner: SegmentScanner,
    before: number,
    isExpected: boolean,
    isValueRight: boolean,
  ): Promise<void> {
    const { offset } = scanner;
    const { sequence, recordBytes: bytes } = scanner.view;
    const record = { offset, bytes, ...recordFacts(scanner.buffer, scanner.view) };
    const isWithin = !this.#isSealed || sequence <= this.#segment.last;
    if (!isExpected && sequence > before && isWithin) {
      const missing = sequences(before + 1, sequence - 1);
      await this.#damage('sequence-gap', 'sequences are missing here', { offset, ...missing });
    } else if (!isExpected) {
      await this.#damage('sequence-wrong', 'the sequence of the record is out of place', record);
    }
    if (isValueRight) return;
    this.#lost.add(offset, offset + bytes, true);
    this.#lostKeys += 1;
    await this.#damage('value-damaged', 'the checksum of the value does not match', record);
  }

  async #stretch({ offset, end, isZeros, nextSequence }: DamagedStretch): Promise<void> {
    this.#lost.add(offset, end, false);
    const isLog = this.#segment.kind === 'log';
    const upTo = nextSequence > 0 ? nextSequence - 1 : this.#segment.last;
    // In a merged segment the neighbours say nothing of what was between them.
    const missing = isLog && this.#last >= 0 ? sequences(this.#last + 1, upTo) : {};
    const message = isZeros ? 'there are only zeros' : 'no record can be read here';
    const where = { offset, bytes: end - offset, ...missing };
    await this.#damage('records-unreadable', message, where);
    this.#isBehindDamage = true;
    this.#batchContinues = false;
  }

  async #checkEnd(): Promise<void> {
    const { kind, last, records } = this.#segment;
    const offset = this.#task.end;
    if (this.#batchContinues && kind === 'log') {
      await this.#damage('batch-incomplete', 'the last batch lacks its end', { offset });
    }
    if (this.#lost.all.some((range) => !range.isValue)) return;
    if (kind === 'log' && this.#last < last) {
      const missing = sequences(this.#last + 1, last);
      await this.#damage('sequence-gap', 'sequences are missing at the end', {
        offset,
        ...missing,
      });
    } else if (this.#isSound && this.#records !== records) {
      const message = `it has ${this.#records} records, and the MANIFEST says ${records}`;
      await this.#damage('segment-facts-differ', message, {});
    }
  }

  /** What the manifest calls damaged and this check did not find. */
  async #reportListed(): Promise<void> {
    for (const listed of this.#task.listedDamage) {
      const { offset, bytes, firstSequence, lastSequence } = listed;
      this.#isSound = false;
      const isFound = this.#lost.at(offset, Math.max(offset + 1, offset + bytes)) !== undefined;
      if (isFound) continue;
      const missing = sequences(firstSequence, lastSequence);
      const message = 'the MANIFEST lists this as damaged';
      await this.#damage('damage-listed', message, { offset, bytes, ...missing });
    }
  }

  async #checkHint(): Promise<HintState> {
    const { segment, uuid } = this.#task;
    const { state, lostKeys } = await checkHint(this.#examination, {
      segment,
      uuid,
      collector: this.#collector,
      lost: this.#lost,
    });
    this.#lostKeys += lostKeys;
    return state;
  }

  #damage(kind: FindingKind, message: string, facts: Partial<Finding>): Promise<void> {
    this.#isSound = false;
    return this.#tell({ level: 'damage', kind, message, ...facts });
  }

  async #tell(finding: Finding): Promise<void> {
    const file = this.#task.fileName ?? segmentName(this.#segment.kind, this.#segment.id);
    await this.#examination.report({ file, segment: this.#segment.id, ...finding });
  }
}

/** What a readable head says of its record. */
function recordFacts(buffer: Uint8Array, view: RecordView): Partial<Finding> {
  const { type, keyStart, keyBytes, sequence } = view;
  return {
    type: recordTypeName(type),
    key: Buffer.from(buffer.subarray(keyStart, keyStart + keyBytes)),
    firstSequence: sequence,
    lastSequence: sequence,
  };
}
