/**
 * Merges sealed segments: reads them front to back, asks the engine which records are current,
 * and copies those. A function over the seam; a worker thread only hosts it.
 *
 * What becomes of a record (rules 24 to 26):
 *
 *  put, current               copied; if it has expired, as a tombstone below
 *  put, its key touched       copied, and takes the touch in: its sequence and times are those of
 *                             the touch. Where history is kept, or the touch has expired: copied
 *                             as it is, whether it expires or not: what counts is the touch
 *  put, superseded            dropped
 *  put, key absent            dropped: a newer tombstone exists; but if it could expire, it may
 *                             have, without a tombstone: it is treated as one itself
 *  tombstone, superseded      dropped: the newer record does its work
 *  tombstone, key absent      dropped if no surviving segment has an older record, else kept
 *  touch                      as a put: copied while it is the newest of its key, and its value is
 *                             not merged with it; dropped when a put has taken it in
 *  before the newest clear    dropped, whatever it is
 *  the newest clear           dropped if no surviving segment has an older record, else kept
 *
 * While history is kept, all inputs lie below its horizon, and "superseded" means: by a record
 * below it, too. Where the newest record of the key is beyond it, or there is none, the newest in
 * the inputs stays for the states from the horizon on, as what it is; those before it are dropped,
 * but for the put that a touch is of (`history-survey.ts`). With a key that is absent nobody knows
 * when it was deleted: one that has expired becomes a tombstone only when no touch gave it more
 * time (`touch-knowledge.ts`).
 */

import type { Environment, JobPort } from '../disk/environment.ts';
import { Throttle } from '../disk/throttle.ts';
import { segmentName } from '../format/file-names.ts';
import {
  FLAG_BATCH_CONTINUES,
  NO_EXPIRY,
  RECORD_CLEAR,
  RECORD_DELETE,
  RECORD_TOUCH,
  RecordView,
  recordBytes,
  verifyRecordValue,
  viewTrustedRecord,
} from '../format/record.ts';
import { SEGMENT_HEADER_BYTES } from '../format/segment-header.ts';
import { SegmentScanner, STEP_END, STEP_MORE, STEP_RECORD } from '../log/segment-scanner.ts';
import { damaged } from './hint-job.ts';
import { NO_HISTORY } from './history-horizon.ts';
import { HistorySurvey } from './history-survey.ts';
import type {
  JobSegment,
  MergeJobInput,
  MergeJobOutput,
  MergeJobResult,
  OutputReply,
  OutputRequest,
  VerdictReply,
  VerdictRequest,
} from './job-input.ts';
import { JobLine } from './job-line.ts';
import { MergedWriter } from './merged-writer.ts';
import {
  ABSENT,
  CURRENT,
  CURRENT_TOUCH,
  CURRENT_TOUCHED_VALUE,
  CURRENT_VALUE,
  SUPERSEDED,
  SUPERSEDED_LATELY,
  TOUCH_NUMBERS,
  VerdictRequestWriter,
} from './verdicts.ts';

/** Records of one question: enough that asking costs little, few enough to be judged soon. */
const VERDICTS_MAX = 4000;
const VERDICT_BYTES_MAX = 256 * 1024;

const DROP = 0;
const COPY = 1;
const BURY = 2;

export async function runMergeJob(
  environment: Environment,
  port: JobPort,
  input: MergeJobInput,
): Promise<void> {
  const line = new JobLine(port);
  const job = new MergeJob(environment, line, input);
  try {
    if (input.horizon !== NO_HISTORY) {
      job.survey = new HistorySurvey(environment, input, line);
      await job.survey.run();
    }
    for (const segment of input.segments) await job.copySegment(segment);
    await job.finish();
  } catch (error) {
    await job.abandon();
    throw error;
  }
}

class MergeJob {
  readonly #environment: Environment;
  readonly #line: JobLine;
  readonly #input: MergeJobInput;
  readonly #request = new VerdictRequestWriter();
  readonly #view = new RecordView();
  readonly #outputs: MergeJobOutput[] = [];
  readonly #throttle: Throttle;
  /** There is one while history is kept. */
  survey: HistorySurvey | undefined;
  #writer: MergedWriter | undefined;
  /** What the output holds for the sake of history. */
  #historyBytes = 0;
  #bytesDone = 0;
  #dropped = false;

  constructor(environment: Environment, line: JobLine, input: MergeJobInput) {
    this.#environment = environment;
    this.#line = line;
    this.#input = input;
    this.#throttle = new Throttle(environment, input.bytesPerSecond);
  }

  async copySegment(segment: JobSegment): Promise<void> {
    const path = `${this.#input.directory}/${segmentName(segment.kind, segment.id)}`;
    const file = await this.#environment.fs.open(path, 'read');
    try {
      const range = { start: SEGMENT_HEADER_BYTES, end: segment.bytes, withValues: true };
      const scanner = new SegmentScanner(file, segment.salt, range);
      for (let isMore = true; isMore; ) isMore = await this.#copyChunk(segment, scanner);
    } finally {
      await file.close();
    }
  }

  /** Takes the records that are in the scanner's buffer as they are; false at the end. */
  async #copyChunk(segment: JobSegment, scanner: SegmentScanner): Promise<boolean> {
    const recordAts: number[] = [];
    const from = scanner.next;
    let step = STEP_RECORD;
    while (this.#request.count < VERDICTS_MAX && this.#request.bytes < VERDICT_BYTES_MAX) {
      step = scanner.step();
      if (step !== STEP_RECORD) break;
      const { view } = scanner;
      if (!verifyRecordValue(scanner.buffer, view, segment.salt)) {
        throw damaged(segment.id, scanner.offset);
      }
      recordAts.push(view.valueStart + view.valueBytes - view.recordBytes);
      this.#request.add(view.sequence, scanner.buffer, view.keyStart, view.keyBytes);
    }
    if (recordAts.length > 0) {
      this.#bytesDone += scanner.next - from;
      await this.#copyRecords(scanner.buffer, recordAts);
    }
    if (step === STEP_END) return false;
    if (step === STEP_MORE) await scanner.fill();
    else if (step !== STEP_RECORD) throw damaged(segment.id, scanner.offset);
    return true;
  }

  /** Copies what is to be copied of the verified records that start there in the buffer. */
  async #copyRecords(buffer: Uint8Array, recordAts: readonly number[]): Promise<void> {
    const request: VerdictRequest = {
      type: 'verdicts?',
      ...this.#request.take(),
      bytesDone: this.#bytesDone,
    };
    const copied = this.#bytesDone;
    const reply = await this.#line.ask<VerdictReply>(request, 'verdicts');
    const { verdicts, touches, bytesPerSecond } = reply;
    let touch = 0;
    this.#throttle.limit(bytesPerSecond, copied);
    const record = this.#view;
    for (let row = 0; row < recordAts.length; row += 1) {
      viewTrustedRecord(buffer, recordAts[row] as number, record);
      const verdict = verdicts[row] as number;
      const fate = this.#fateOf(buffer, record, verdict);
      // A merged segment does not say where batches end: no state before that is asked for.
      if ((record.flags & FLAG_BATCH_CONTINUES) !== 0) this.#dropped = true;
      if (fate === DROP) {
        this.#dropped = true;
        continue;
      }
      if (verdict === CURRENT_TOUCHED_VALUE) {
        takeIn(record, touches, touch);
        touch += TOUCH_NUMBERS;
        this.#dropped = true;
      }
      let writer = this.#writer;
      if (writer === undefined || !writer.hasRoomFor(record)) writer = await this.#nextWriter();
      if (writer.mustFlushFor(record)) await writer.flush();
      writer.add(buffer, record, fate === BURY);
      const isForHistory = fate === COPY && isKeptForHistory(record.type, verdict);
      if (isForHistory) this.#historyBytes += record.recordBytes;
    }
    await this.#throttle.wait(this.#bytesDone);
  }

  #fateOf(buffer: Uint8Array, record: RecordView, verdict: number): number {
    if (verdict === SUPERSEDED || record.sequence < this.#input.clearedBelow) return DROP;
    if (record.type === RECORD_CLEAR) return this.#fateOfClear(record.sequence);
    if (verdict !== ABSENT && verdict !== SUPERSEDED_LATELY) {
      return fateOfCurrent(record, verdict, this.#input.now);
    }
    const isTombstone = record.type === RECORD_DELETE;
    const fate =
      this.survey === undefined
        ? fateWithoutHistory(isTombstone || record.expiresAt !== NO_EXPIRY)
        : fateInHistory(this.survey, buffer, record, verdict);
    if (fate !== BURY) return fate;
    if (record.sequence < this.#input.survivorMin) return DROP;
    return isTombstone ? COPY : BURY;
  }

  /** One that is beyond the horizon is kept, and so is what it voids. */
  #fateOfClear(sequence: number): number {
    const { clearedBelow, survivorMin } = this.#input;
    return sequence === clearedBelow && sequence < survivorMin ? DROP : COPY;
  }

  /** Finishes the output that is full, if there is one, and begins the next. */
  async #nextWriter(): Promise<MergedWriter> {
    const { segmentBytes, directory, uuid, epoch, now } = this.#input;
    await this.#finishWriter();
    const request: OutputRequest = { type: 'output?' };
    const { id, salt } = await this.#line.ask<OutputReply>(request, 'output');
    const facts = { id, salt, epoch, createdAt: now, baseSequence: 1, segmentBytes };
    this.#writer = await MergedWriter.create(this.#environment, directory, uuid, facts);
    return this.#writer;
  }

  async #finishWriter(): Promise<void> {
    if (this.#writer === undefined) return;
    this.#outputs.push({ ...(await this.#writer.finish()), historyBytes: this.#historyBytes });
    this.#writer = undefined;
    this.#historyBytes = 0;
  }

  async finish(): Promise<void> {
    await this.#finishWriter();
    const result: MergeJobResult = {
      type: 'merged',
      outputs: this.#outputs,
      dropped: this.#dropped,
    };
    this.#line.tell(result);
  }

  async abandon(): Promise<void> {
    await this.#writer?.abandon();
  }
}

function isKeptForHistory(type: number, verdict: number): boolean {
  const isOfKeydir = verdict === CURRENT || verdict >= CURRENT_VALUE;
  return !isOfKeydir && type !== RECORD_DELETE && type !== RECORD_CLEAR;
}

/** Makes of a put what it is together with the touch. */
function takeIn(record: RecordView, touches: Float64Array, at: number): void {
  record.sequence = touches[at] as number;
  record.updatedAt = touches[at + 1] as number;
  record.expiresAt = touches[at + 2] as number;
  const expires = record.expiresAt !== NO_EXPIRY;
  record.recordBytes = recordBytes(record.keyBytes, record.valueBytes, expires);
}

/** Of what the keydir points at. It must be told of that, by way of the output. */
function fateOfCurrent({ type, expiresAt }: RecordView, verdict: number, now: number): number {
  if (verdict === CURRENT_VALUE || verdict === CURRENT_TOUCHED_VALUE) return COPY;
  // Where the entry is that of a put with this sequence, that has taken the touch in.
  if (type === RECORD_TOUCH && verdict !== CURRENT_TOUCH) return DROP;
  return expiresAt !== NO_EXPIRY && expiresAt <= now ? BURY : COPY;
}

/** Of a record that is not current. BURY: it says that the key is gone, if that must be said. */
function fateWithoutHistory(saysGone: boolean): number {
  return saysGone ? BURY : DROP;
}

/** The newest record of a key below the horizon stays, those before it are needed no more. */
function fateInHistory(
  survey: HistorySurvey,
  buffer: Uint8Array,
  record: RecordView,
  verdict: number,
): number {
  const newest = survey.newestOf(buffer, record.keyStart, record.keyBytes);
  if (newest === undefined) return COPY;
  const isNewest = record.sequence === newest.sequence;
  // A touch since may name the put whose time is over: that must not become a tombstone.
  const isOver = newest.isOver && verdict === ABSENT;
  if (isNewest) return isOver || record.type === RECORD_DELETE ? BURY : COPY;
  return isOver || record.sequence < newest.neededFrom ? DROP : COPY;
}
