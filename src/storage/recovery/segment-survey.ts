/**
 * Finds out where the log of an unsealed segment ends: docs/format.md, "Where the log ends".
 *
 * X is the first offset at which no valid record with the next sequence starts, P the largest
 * provenOffset of any valid record of the segment. What follows X is a torn tail when X >= P,
 * damage when X < P.
 */

import { CaskError } from '../../errors/cask-error.ts';
import type { FileHandle } from '../disk/file-system.ts';
import type { DamageFacts } from '../format/manifest.ts';
import { FLAG_BATCH_CONTINUES, RECORD_HEADER_BYTES, verifyRecordValue } from '../format/record.ts';
import { SEGMENT_HEADER_BYTES } from '../format/segment-header.ts';
import {
  SegmentScanner,
  STEP_BAD,
  STEP_END,
  STEP_MORE,
  STEP_RECORD,
  STEP_UNSUPPORTED,
} from '../log/segment-scanner.ts';
import { searchRecords } from './record-search.ts';

export interface SurveyInput {
  readonly file: FileHandle;
  readonly segmentId: number;
  readonly salt: number;
  readonly fileBytes: number;
  /** No record of the segment has a lower sequence. */
  readonly sequenceMin: number;
  /** No record of any unsealed segment can have a higher one, by what fits into their bytes. */
  readonly sequenceMax: number;
  /**
   * The first sequence of the next segment, when that has records: then this one was synced
   * whole before, and everything up to that sequence was durable. Undefined: this is the tail.
   */
  readonly nextFirstSequence: number | undefined;
}

export interface Survey {
  /** The first valid record's sequence; 0: there is no valid record at all. */
  readonly first: number;
  /** Of the records before `end`. */
  readonly last: number;
  readonly records: number;
  /** Where the log is cut: the end of the last record that counts. */
  readonly end: number;
  /** Durable up to here; at most `end`. Records beyond must be rewritten. */
  readonly proven: number;
  /** Sequence of the first record at or beyond `proven`; 0: none. */
  readonly firstUnproven: number;
  /** Records before `proven`. */
  readonly provenRecords: number;
  readonly provenLast: number;
  readonly damage: readonly DamageFacts[];
  /** The highest sequence seen anywhere in the file, cut bytes included. */
  readonly highestSeen: number;
}

/** The running state of one survey. */
class Surveyor {
  readonly #input: SurveyInput;
  first = 0;
  last = 0;
  highest = 0;
  provenMax = SEGMENT_HEADER_BYTES;
  readonly damage: DamageFacts[] = [];
  /** First valid record behind the current stop, found by searching; undefined: none. */
  #found: { readonly offset: number; readonly sequence: number } | undefined;
  #searchedFrom = -1;

  constructor(input: SurveyInput) {
    this.#input = input;
  }

  /** Reads heads from `start` while sequences are consecutive; returns where that stops. */
  async walk(start: number, isResumed: boolean): Promise<number> {
    const { file, salt, fileBytes } = this.#input;
    const range = { start, end: fileBytes, withValues: false };
    const scanner = new SegmentScanner(file, salt, range);
    let isFirst = this.first === 0 || isResumed;
    for (;;) {
      const step = scanner.step();
      if (step === STEP_MORE) {
        await scanner.fill();
        continue;
      }
      if (step === STEP_UNSUPPORTED) throw this.#unsupported(scanner);
      if (step !== STEP_RECORD) return scanner.offset;
      const { sequence, provenOffset } = scanner.view;
      const isNext = isFirst ? this.#mayBeFirst(sequence) : sequence === this.last + 1;
      if (!isNext) return scanner.offset;
      isFirst = false;
      if (this.first === 0) this.first = sequence;
      this.last = sequence;
      this.#note(sequence, provenOffset);
    }
  }

  /** The first record of the segment, or the first one behind damage. */
  #mayBeFirst(sequence: number): boolean {
    const { sequenceMin, sequenceMax } = this.#input;
    return sequence >= Math.max(sequenceMin, this.last + 1) && sequence <= sequenceMax;
  }

  #note(sequence: number, provenOffset: number): void {
    this.highest = Math.max(this.highest, sequence);
    this.provenMax = Math.max(this.provenMax, provenOffset);
  }

  /** Searches what lies from `stop` on for valid records: the first to go on at, what all prove. */
  async searchBehind(stop: number): Promise<{ offset: number; sequence: number } | undefined> {
    if (this.#searchedFrom >= 0 && stop <= (this.#found?.offset ?? Number.MAX_SAFE_INTEGER)) {
      return this.#found;
    }
    this.#searchedFrom = stop;
    this.#found = undefined;
    const { file, salt, fileBytes, sequenceMin, sequenceMax } = this.#input;
    const range = {
      start: stop,
      end: fileBytes,
      sequenceMin: Math.max(sequenceMin, this.last + 1),
      sequenceMax: () => sequenceMax,
      findsCut: true,
    };
    await searchRecords(file, salt, range, (offset, view) => {
      // One at the stop, or whose value is cut off, proves what any other does; nothing goes on there.
      const isNextStart = offset > stop && offset + view.recordBytes <= fileBytes;
      if (isNextStart) this.#found ??= { offset, sequence: view.sequence };
      this.#note(view.sequence, view.provenOffset);
      return true;
    });
    return this.#found;
  }

  addDamage(offset: number, end: number, nextSequence: number | undefined): void {
    this.damage.push({
      segment: this.#input.segmentId,
      offset,
      bytes: end - offset,
      firstSequence: this.last + 1,
      lastSequence:
        nextSequence === undefined
          ? this.last + Math.ceil((end - offset) / RECORD_HEADER_BYTES)
          : nextSequence - 1,
    });
  }

  #unsupported(scanner: SegmentScanner): CaskError {
    const { segmentId } = this.#input;
    const { type, flags } = scanner.view;
    const what = `a record of type ${type} with flags ${flags}`;
    const message = `segment ${segmentId} holds ${what} at offset ${scanner.offset}`;
    return new CaskError('UNSUPPORTED_FORMAT', `${message}: a newer caskd wrote it; use that one`);
  }
}

export async function surveySegment(input: SurveyInput): Promise<Survey> {
  const surveyor = new Surveyor(input);
  const { nextFirstSequence, fileBytes, sequenceMin } = input;
  const isFollowed = nextFirstSequence !== undefined;
  let stop = await surveyor.walk(SEGMENT_HEADER_BYTES, false);
  for (;;) {
    const found = await surveyor.searchBehind(stop);
    const expected = Math.max(surveyor.last + 1, sequenceMin);
    const isMissing = isFollowed && expected < nextFirstSequence;
    if (stop >= surveyor.provenMax && !isMissing) break;
    const bound = isFollowed ? fileBytes : surveyor.provenMax;
    const end = Math.max(stop, Math.min(found?.offset ?? bound, bound));
    const nextSequence = end === found?.offset ? found.sequence : nextFirstSequence;
    surveyor.addDamage(stop, end, nextSequence);
    if (isFollowed && found === undefined) break;
    const next = await surveyor.walk(end, true);
    if (next === stop) break;
    stop = next;
  }
  return finish(input, surveyor, stop);
}

/** Verifies the values of what is not proven, and cuts at the first that is wrong. */
async function finish(input: SurveyInput, surveyor: Surveyor, stop: number): Promise<Survey> {
  const isFollowed = input.nextFirstSequence !== undefined;
  const proven = isFollowed ? stop : Math.min(surveyor.provenMax, stop);
  const tally = await tallyRecords(input, surveyor, stop, proven);
  return { ...tally, proven, damage: surveyor.damage, highestSeen: surveyor.highest };
}

type Tally = Omit<Survey, 'proven' | 'damage' | 'highestSeen'>;

async function tallyRecords(
  input: SurveyInput,
  surveyor: Surveyor,
  stop: number,
  proven: number,
): Promise<Tally> {
  const tally = { first: surveyor.first, last: 0, records: 0, end: proven, firstUnproven: 0 };
  let provenRecords = 0;
  let provenLast = 0;
  let offset = SEGMENT_HEADER_BYTES;
  for (const stretch of stretches(surveyor.damage, proven)) {
    const counted = await countHeads(input, stretch.start, stretch.end);
    provenRecords += counted.records;
    provenLast = Math.max(provenLast, counted.last);
    offset = stretch.end;
  }
  tally.records = provenRecords;
  tally.last = provenLast;
  tally.end = Math.max(offset, proven);
  await countVerified(input, proven, stop, tally);
  if (tally.records === 0) tally.first = 0;
  return { ...tally, provenRecords, provenLast };
}

/** The parts of `[header, proven)` between the damaged ranges. */
function stretches(
  damage: readonly DamageFacts[],
  proven: number,
): { readonly start: number; readonly end: number }[] {
  const parts: { start: number; end: number }[] = [];
  let start = SEGMENT_HEADER_BYTES;
  for (const range of damage) {
    if (range.offset > start) parts.push({ start, end: Math.min(range.offset, proven) });
    start = range.offset + range.bytes;
  }
  if (proven > start) parts.push({ start, end: proven });
  return parts;
}

async function countHeads(
  input: SurveyInput,
  start: number,
  end: number,
): Promise<{ records: number; last: number }> {
  const range = { start, end, withValues: false };
  const scanner = new SegmentScanner(input.file, input.salt, range);
  let records = 0;
  let last = 0;
  for (;;) {
    const step = scanner.step();
    if (step === STEP_MORE) {
      await scanner.fill();
    } else if (step === STEP_RECORD) {
      records += 1;
      last = scanner.view.sequence;
    } else {
      return { records, last };
    }
  }
}

/** Counts unproven records with right values, whole batches only; sets where that ends. */
async function countVerified(
  input: SurveyInput,
  proven: number,
  stop: number,
  tally: { last: number; records: number; end: number; firstUnproven: number },
): Promise<void> {
  const range = { start: proven, end: stop, withValues: true };
  const scanner = new SegmentScanner(input.file, input.salt, range);
  let firstOfBatch = 0;
  let inBatch = 0;
  for (;;) {
    const step = scanner.step();
    if (step === STEP_MORE) {
      await scanner.fill();
      continue;
    }
    if (step === STEP_END || step === STEP_BAD) return;
    const { view } = scanner;
    if (!verifyRecordValue(scanner.buffer, view, input.salt)) return;
    if (inBatch === 0) firstOfBatch = view.sequence;
    inBatch += 1;
    if ((view.flags & FLAG_BATCH_CONTINUES) !== 0) continue;
    if (tally.firstUnproven === 0) tally.firstUnproven = firstOfBatch;
    tally.records += inBatch;
    tally.last = view.sequence;
    tally.end = scanner.next;
    inBatch = 0;
  }
}
