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
  viewTrustedRecord,
} from '../format/record.ts';
import { BlockPool, BlockReader, type RecordBlock } from './block-reader.ts';
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
} from './verdicts.ts';

/**
 * So many blocks are asked about before the first of them is copied: the engine judges those while
 * this one is copied, and neither waits for the other.
 */
const ASKED_AHEAD = 3;

/** A block whose question is on its way. */
interface AskedBlock {
  readonly segment: JobSegment;
  readonly block: RecordBlock;
  readonly reply: Promise<VerdictReply>;
  /** Input bytes up to its end. */
  readonly bytesDone: number;
}

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
  readonly #pool = new BlockPool();
  /** In the order in which they were read. */
  readonly #asked: AskedBlock[] = [];
  readonly #view = new RecordView();
  readonly #outputs: MergeJobOutput[] = [];
  readonly #throttle: Throttle;
  /** There is one while history is kept. */
  survey: HistorySurvey | undefined;
  #writer: MergedWriter | undefined;
  /** What the output holds for the sake of history. */
  #historyBytes = 0;
  #bytesRead = 0;
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
    const reader = new BlockReader(file, segment, this.#pool);
    try {
      for (;;) {
        const block = await reader.next();
        if (block === undefined) return;
        this.#ask(segment, block);
        if (this.#asked.length > ASKED_AHEAD) await this.#copyNext();
      }
    } finally {
      await reader.settled();
      await file.close();
    }
  }

  #ask(segment: JobSegment, block: RecordBlock): void {
    this.#bytesRead += block.bytes;
    const bytesDone = this.#bytesRead;
    const request: VerdictRequest = { type: 'verdicts?', ...block.question.take(), bytesDone };
    const reply = this.#line.ask<VerdictReply>(request, 'verdicts');
    reply.catch(() => {}); // told by the one who waits for it
    this.#asked.push({ segment, block, reply, bytesDone });
  }

  /** Copies what is to be copied of the block that was asked about longest ago. */
  async #copyNext(): Promise<void> {
    const asked = this.#asked.shift();
    if (asked === undefined) return;
    const { segment, block, bytesDone } = asked;
    const reply = await asked.reply;
    this.#throttle.limit(reply.bytesPerSecond, bytesDone);
    await this.#copyRecords(segment.salt, block, reply);
    this.#pool.give(block);
    await this.#throttle.wait(bytesDone);
  }

  async #copyRecords(
    salt: number,
    { buffer, starts, count }: RecordBlock,
    { verdicts, touches }: VerdictReply,
  ): Promise<void> {
    const record = this.#view;
    let touch = 0;
    for (let row = 0; row < count; row += 1) {
      const at = starts[row] as number;
      viewTrustedRecord(buffer, at, record);
      const verdict = verdicts[row] as number;
      const fate = this.#fateOf(buffer, record, verdict);
      this.#noteDropped(record, fate, verdict);
      if (fate === DROP) continue;
      const isTakenIn = verdict === CURRENT_TOUCHED_VALUE;
      if (isTakenIn) {
        takeIn(record, touches, touch);
        touch += TOUCH_NUMBERS;
      }
      const writer = this.#writerFor(record) ?? (await this.#nextWriterFor(record));
      if (fate === COPY && !isTakenIn) writer.copy(buffer, at, record, salt);
      else writer.add(buffer, record, fate === BURY);
      this.#noteHistory(record, fate, verdict);
    }
  }

  /** A merged segment does not say where batches end: no state before that is asked for. */
  #noteDropped({ flags }: RecordView, fate: number, verdict: number): void {
    const isLess = fate === DROP || verdict === CURRENT_TOUCHED_VALUE;
    if (isLess || (flags & FLAG_BATCH_CONTINUES) !== 0) this.#dropped = true;
  }

  #noteHistory({ type, recordBytes: bytes }: RecordView, fate: number, verdict: number): void {
    if (fate === COPY && isKeptForHistory(type, verdict)) this.#historyBytes += bytes;
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

  /** The writer, if it takes the record at once. */
  #writerFor(record: RecordView): MergedWriter | undefined {
    const writer = this.#writer;
    const isReady = writer?.hasRoomFor(record) === true && !writer.mustFlushFor(record);
    return isReady ? writer : undefined;
  }

  /** Writes what is gathered; or finishes the output that is full and begins the next. */
  async #nextWriterFor(record: RecordView): Promise<MergedWriter> {
    if (this.#writer?.hasRoomFor(record) === true) {
      await this.#writer.flush();
      return this.#writer;
    }
    await this.#finishWriter();
    const { segmentBytes, directory, uuid, epoch, now } = this.#input;
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
    while (this.#asked.length > 0) await this.#copyNext();
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
