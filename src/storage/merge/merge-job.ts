/**
 * Merges sealed segments: reads them front to back, asks the engine which records are current,
 * and copies those. A function over the seam; a worker thread only hosts it.
 *
 * What becomes of a record (rules 24 to 26):
 *
 *  put, current               copied; if it has expired, as a tombstone below
 *  put, superseded            dropped
 *  put, key absent            dropped: a newer tombstone exists; but if it could expire, it may
 *                             have, without a tombstone: it is treated as one itself
 *  tombstone, superseded      dropped: the newer record does its work
 *  tombstone, key absent      dropped if no surviving segment has an older record, else kept
 */

import { delay, type Environment, type JobPort } from '../disk/environment.ts';
import { segmentName } from '../format/file-names.ts';
import {
  NO_EXPIRY,
  RECORD_DELETE,
  RecordView,
  verifyRecordValue,
  viewTrustedRecord,
} from '../format/record.ts';
import { SEGMENT_HEADER_BYTES } from '../format/segment-header.ts';
import { SegmentScanner, STEP_END, STEP_MORE, STEP_RECORD } from '../log/segment-scanner.ts';
import { damaged } from './hint-job.ts';
import type {
  JobSegment,
  MergeJobInput,
  MergeJobResult,
  MergeOutput,
  OutputReply,
  OutputRequest,
  VerdictReply,
  VerdictRequest,
} from './job-input.ts';
import { JobLine } from './job-line.ts';
import { MergedWriter } from './merged-writer.ts';
import { CURRENT, SUPERSEDED, VerdictRequestWriter } from './verdicts.ts';

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
  const job = new MergeJob(environment, new JobLine(port), input);
  try {
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
  readonly #outputs: MergeOutput[] = [];
  readonly #startedMs: number;
  #writer: MergedWriter | undefined;
  #bytesDone = 0;
  #dropped = false;

  constructor(environment: Environment, line: JobLine, input: MergeJobInput) {
    this.#environment = environment;
    this.#line = line;
    this.#input = input;
    this.#startedMs = environment.clock.monotonicMs();
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
    const { verdicts } = await this.#line.ask<VerdictReply>(request, 'verdicts');
    const record = this.#view;
    for (let row = 0; row < recordAts.length; row += 1) {
      viewTrustedRecord(buffer, recordAts[row] as number, record);
      const fate = this.#fateOf(record, verdicts[row] as number);
      if (fate === DROP) {
        this.#dropped = true;
        continue;
      }
      let writer = this.#writer;
      if (writer === undefined || !writer.hasRoomFor(record)) writer = await this.#nextWriter();
      if (writer.mustFlushFor(record)) await writer.flush();
      writer.add(buffer, record, fate === BURY);
    }
    await this.#throttle();
  }

  #fateOf(record: RecordView, verdict: number): number {
    if (verdict === SUPERSEDED) return DROP;
    const isTombstone = record.type === RECORD_DELETE;
    const expires = record.expiresAt !== NO_EXPIRY;
    if (verdict === CURRENT) {
      // The keydir must be told of what it still points at, by way of the output.
      return expires && record.expiresAt <= this.#input.now ? BURY : COPY;
    }
    if (!isTombstone && !expires) return DROP;
    if (record.sequence < this.#input.survivorMin) return DROP;
    return isTombstone ? COPY : BURY;
  }

  /** Finishes the output that is full, if there is one, and begins the next. */
  async #nextWriter(): Promise<MergedWriter> {
    const { segmentBytes, directory, uuid, epoch, now } = this.#input;
    if (this.#writer !== undefined) this.#outputs.push(await this.#writer.finish());
    this.#writer = undefined;
    const request: OutputRequest = { type: 'output?' };
    const { id, salt } = await this.#line.ask<OutputReply>(request, 'output');
    const facts = { id, salt, epoch, createdAt: now, baseSequence: 1, segmentBytes };
    this.#writer = await MergedWriter.create(this.#environment, directory, uuid, facts);
    return this.#writer;
  }

  /** Waits until what was read is within the bytes per second that are allowed. */
  async #throttle(): Promise<void> {
    const { bytesPerSecond } = this.#input;
    if (bytesPerSecond === 0) return;
    const { clock, scheduler } = this.#environment;
    const dueMs = this.#startedMs + (this.#bytesDone / bytesPerSecond) * 1000;
    const waitMs = dueMs - clock.monotonicMs();
    if (waitMs > 1) await delay(scheduler, waitMs);
  }

  async finish(): Promise<void> {
    if (this.#writer !== undefined) this.#outputs.push(await this.#writer.finish());
    this.#writer = undefined;
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
