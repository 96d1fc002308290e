/**
 * Holds a hint against what a scan of its segment found: the same newest record of each key.
 * Where the segment is damaged, the hint alone knows what was lost, and tells it here.
 */

import { CaskError } from '../../errors/cask-error.ts';
import { systemErrorCode } from '../disk/file-system.ts';
import { compareBytes } from '../format/byte-ranges.ts';
import { hintName, segmentName } from '../format/file-names.ts';
import { HintReader } from '../format/hint-reader.ts';
import type { HintEntry } from '../format/hint-writer.ts';
import type { ManifestSegment } from '../format/manifest.ts';
import { RECORD_TOUCH, recordTypeName } from '../format/record.ts';
import type { HintCollector } from '../merge/hint-collector.ts';
import type { Finding } from './finding.ts';
import type { LostRanges } from './lost-ranges.ts';
import type { Examination } from './offline-directory.ts';

export type HintState = 'good' | 'missing' | 'bad';

export interface HintTask {
  readonly segment: ManifestSegment;
  readonly uuid: Uint8Array;
  /** What a scan found; undefined: nothing is to be compared. */
  readonly collector: HintCollector;
  readonly lost: LostRanges;
}

export async function checkHint(
  examination: Examination,
  task: HintTask,
): Promise<{ state: HintState; lostKeys: number }> {
  const { segment } = task;
  const file = hintName(segment.id);
  const where = { file, segment: segment.id };
  const comparison = new Comparison(task);
  try {
    await eachHintEntry(examination, task, async (entry) => {
      const lost = comparison.take(entry);
      if (lost) await examination.report(lostRecord(segment, entry));
    });
  } catch (error) {
    const isMissing = systemErrorCode(error) === 'ENOENT';
    if (!isMissing && !(error instanceof CaskError) && systemErrorCode(error) !== 'EIO')
      throw error;
    const message = error instanceof Error ? error.message : String(error);
    await examination.report(
      isMissing
        ? { ...where, level: 'info', kind: 'hint-missing', message: 'the next start writes one' }
        : { ...where, level: 'damage', kind: 'hint-damaged', message },
    );
    return { state: isMissing ? 'missing' : 'bad', lostKeys: comparison.lostKeys };
  }
  const { disagreements, firstKey } = comparison.end();
  if (disagreements === 0) return { state: 'good', lostKeys: comparison.lostKeys };
  const message = `it differs from the segment in ${disagreements} entries, first in that of this key`;
  const finding = { level: 'damage', kind: 'hint-disagrees', message, key: firstKey } as const;
  await examination.report({ ...where, ...finding });
  return { state: 'bad', lostKeys: comparison.lostKeys };
}

/**
 * Calls `visit` for each entry of the segment's hint.
 * @throws CaskError CORRUPT, UNSUPPORTED_FORMAT; system errors, ENOENT when there is none
 */
export async function eachHintEntry(
  examination: Pick<Examination, 'environment' | 'directory'>,
  { segment, uuid }: Pick<HintTask, 'segment' | 'uuid'>,
  visit: (entry: HintEntry) => Promise<void> | void,
): Promise<void> {
  const { id: segmentId, salt, bytes: segmentBytes } = segment;
  const path = `${examination.directory}/${hintName(segmentId)}`;
  const binding = { uuid, segmentId, salt, segmentBytes };
  const reader = await HintReader.open(examination.environment.fs, path, binding);
  try {
    for (;;) {
      const block = await reader.nextBlock();
      if (block === undefined) return;
      while (block.next()) {
        const slow = visit(block);
        if (slow !== undefined) await slow;
      }
    }
  } finally {
    await reader.close();
  }
}

/** A hint entry whose record cannot be read; its value being damaged was reported already. */
export function isLost(lost: LostRanges, { offset, recordBytes }: HintEntry): boolean {
  return lost.at(offset, offset + recordBytes)?.isValue === false;
}

function lostRecord(segment: ManifestSegment, entry: HintEntry): Finding {
  const { keyBuffer, keyStart, keyBytes, sequence, offset, recordBytes } = entry;
  return {
    level: 'damage',
    kind: 'record-lost',
    message: 'the hint knows what was lost',
    file: segmentName(segment.kind, segment.id),
    segment: segment.id,
    offset,
    bytes: recordBytes,
    type: recordTypeName(entry.type),
    key: Buffer.from(keyBuffer.subarray(keyStart, keyStart + keyBytes)),
    firstSequence: sequence,
    lastSequence: sequence,
  };
}

/** Walks both, sorted by key, side by side. */
class Comparison {
  readonly #lost: LostRanges;
  readonly #scanned: Iterator<HintEntry>;
  #next: HintEntry | undefined;
  #disagreements = 0;
  #firstKey = new Uint8Array(0);
  lostKeys = 0;

  constructor({ collector, lost }: HintTask) {
    this.#lost = lost;
    this.#scanned = collector.sorted();
    this.#advance();
  }

  /** Takes the hint's next entry; true when its record is lost. */
  take(entry: HintEntry): boolean {
    while (this.#next !== undefined && compareKeys(this.#next, entry) < 0) {
      this.#disagree(this.#next);
      this.#advance();
    }
    const scanned = this.#next;
    const isSameKey = scanned !== undefined && compareKeys(scanned, entry) === 0;
    const isSame = isSameKey && isSameRecord(scanned, entry);
    if (isSameKey && !isValueOf(scanned, entry)) this.#advance();
    if (isSame) return false;
    if (isLost(this.#lost, entry)) {
      this.lostKeys += 1;
      return true;
    }
    this.#disagree(entry);
    return false;
  }

  end(): { disagreements: number; firstKey: Uint8Array } {
    while (this.#next !== undefined) {
      this.#disagree(this.#next);
      this.#advance();
    }
    return { disagreements: this.#disagreements, firstKey: this.#firstKey };
  }

  #advance(): void {
    const { done, value } = this.#scanned.next();
    this.#next = done === true ? undefined : value;
  }

  #disagree({ keyBuffer, keyStart, keyBytes }: HintEntry): void {
    if (this.#disagreements === 0) {
      this.#firstKey = Buffer.from(keyBuffer.subarray(keyStart, keyStart + keyBytes));
    }
    this.#disagreements += 1;
  }
}

function compareKeys(a: HintEntry, b: HintEntry): number {
  return compareBytes(a.keyBuffer, a.keyStart, a.keyBytes, b.keyBuffer, b.keyStart, b.keyBytes);
}

/** The put that the hint's next entry tells of: its touch, the entry at hand, is lost. */
function isValueOf(scanned: HintEntry, { type, valueSequence = 0 }: HintEntry): boolean {
  const isTouchLost = type === RECORD_TOUCH && scanned.type !== RECORD_TOUCH;
  return isTouchLost && scanned.sequence >= valueSequence;
}

function isSameRecord(a: HintEntry, b: HintEntry): boolean {
  return (
    a.type === b.type &&
    a.offset === b.offset &&
    a.recordBytes === b.recordBytes &&
    a.sequence === b.sequence &&
    a.version === b.version &&
    a.createdAt === b.createdAt &&
    a.expiresAt === b.expiresAt &&
    a.valueSequence === b.valueSequence &&
    a.updatedAt === b.updatedAt
  );
}
