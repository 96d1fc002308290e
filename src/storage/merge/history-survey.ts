/**
 * What a merge must know of its inputs before it may drop anything while history is kept: of
 * each key whose newest record is young, or which is gone, the newest record in the inputs. All
 * of them lie below the horizon of history, so that one is needed for the states from there on,
 * and those before it are not.
 */

import type { Environment } from '../disk/environment.ts';
import { segmentName } from '../format/file-names.ts';
import { NO_EXPIRY } from '../format/record.ts';
import { SEGMENT_HEADER_BYTES } from '../format/segment-header.ts';
import { SegmentScanner, STEP_END, STEP_MORE, STEP_RECORD } from '../log/segment-scanner.ts';
import { damaged } from './hint-job.ts';
import type { JobSegment, MergeJobInput, VerdictReply, VerdictRequest } from './job-input.ts';
import type { JobLine } from './job-line.ts';
import { eachTouch } from './touch-search.ts';
import { ABSENT, SUPERSEDED_LATELY, VerdictRequestWriter } from './verdicts.ts';

const VERDICTS_MAX = 4000;
/** Beyond this no further keys are noted: all of their records are then kept. */
const NOTED_BYTES_MAX = 128 << 20;
/** What a key costs besides its bytes: a string, a number, a slot of the map. */
const NOTE_BYTES = 96;

/** The newest record of a key, and what of the key is needed with it. */
export interface Newest {
  readonly sequence: number;
  /** The lowest sequence that is needed for it: what was put last is, with a touch. */
  readonly neededFrom: number;
  /** It had expired, and nothing gave the key more time: from then on it was gone. */
  readonly isOver: boolean;
}

interface Asked {
  readonly key: string;
  readonly sequence: number;
  readonly valueSequence: number;
  readonly expiresAt: number;
}

export class HistorySurvey {
  readonly #environment: Environment;
  readonly #input: MergeJobInput;
  readonly #line: JobLine;
  /** Of a put that does not expire, and of a tombstone, the sequence says it all. */
  readonly #newest = new Map<string, number | Newest>();
  /** Keys of what has expired: a touch may have given it more time. */
  readonly #expired = new Set<string>();
  #notedBytes = 0;

  constructor(environment: Environment, input: MergeJobInput, line: JobLine) {
    this.#environment = environment;
    this.#input = input;
    this.#line = line;
  }

  /** The newest record of that key in the inputs; undefined: it is not known. */
  newestOf(buffer: Uint8Array, keyStart: number, keyBytes: number): Newest | undefined {
    const newest = this.#newest.get(textOf(buffer, keyStart, keyBytes));
    if (typeof newest !== 'number') return newest;
    return { sequence: newest, neededFrom: newest, isOver: false };
  }

  async run(): Promise<void> {
    for (const segment of this.#input.segments) await this.#add(segment);
    await this.#searchTouches();
  }

  async #add(segment: JobSegment): Promise<void> {
    const path = `${this.#input.directory}/${segmentName(segment.kind, segment.id)}`;
    const file = await this.#environment.fs.open(path, 'read');
    try {
      const range = { start: SEGMENT_HEADER_BYTES, end: segment.bytes, withValues: false };
      await this.#scan(segment, new SegmentScanner(file, segment.salt, range));
    } finally {
      await file.close();
    }
  }

  async #scan(segment: JobSegment, scanner: SegmentScanner): Promise<void> {
    const request = new VerdictRequestWriter();
    const asked: Asked[] = [];
    for (;;) {
      const step = scanner.step();
      if (step === STEP_RECORD) {
        ask(request, asked, scanner);
        if (asked.length < VERDICTS_MAX) continue;
      }
      if (asked.length > 0) await this.#note(request, asked.splice(0));
      if (step === STEP_END) return;
      if (step === STEP_MORE) await scanner.fill();
      else if (step !== STEP_RECORD) throw damaged(segment.id, scanner.offset);
    }
  }

  async #note(writer: VerdictRequestWriter, asked: readonly Asked[]): Promise<void> {
    const request: VerdictRequest = { type: 'verdicts?', ...writer.take(), bytesDone: 0 };
    const { verdicts } = await this.#line.ask<VerdictReply>(request, 'verdicts');
    for (const [row, one] of asked.entries()) {
      if (verdicts[row] === SUPERSEDED_LATELY || verdicts[row] === ABSENT) this.#noteOne(one);
    }
  }

  #noteOne({ key, sequence, valueSequence, expiresAt }: Asked): void {
    const newest = this.#newest.get(key);
    const before = typeof newest === 'object' ? newest.sequence : newest;
    if (before === undefined) {
      // A key is noted with all of its records, or not at all.
      if (this.#notedBytes > NOTED_BYTES_MAX) return;
      this.#notedBytes += NOTE_BYTES + key.length;
    } else if (sequence <= before) {
      return;
    }
    const neededFrom = valueSequence > 0 ? valueSequence : sequence;
    const isOver = expiresAt !== NO_EXPIRY && expiresAt <= this.#input.touchesKnownTo;
    if (isOver) this.#expired.add(key);
    else this.#expired.delete(key);
    const isPlain = neededFrom === sequence && !isOver;
    this.#newest.set(key, isPlain ? sequence : { sequence, neededFrom, isOver });
  }

  /** What is not merged may have a touch of what has expired. */
  async #searchTouches(): Promise<void> {
    const { directory, uuid, touched } = this.#input;
    const store = { environment: this.#environment, directory, uuid };
    for (const segment of touched) {
      if (this.#expired.size === 0) return;
      const isAllTold = await eachTouch(store, segment, (sequence, buffer, start, bytes) =>
        this.#noteTouched(textOf(buffer, start, bytes), sequence),
      );
      if (isAllTold) continue;
      for (const key of this.#expired) this.#noteTouched(key, Number.POSITIVE_INFINITY);
    }
    this.#expired.clear();
  }

  /** The put may have another sequence than the touch names: a merge can have changed it since. */
  #noteTouched(key: string, sequence: number): void {
    const newest = this.#newest.get(key);
    if (!this.#expired.has(key) || typeof newest !== 'object') return;
    if (sequence < newest.neededFrom) return;
    this.#expired.delete(key);
    this.#newest.set(key, { ...newest, isOver: false });
  }
}

/** A clear is of no key: nothing is asked of it. */
function ask(
  request: VerdictRequestWriter,
  asked: Asked[],
  { view, buffer }: SegmentScanner,
): void {
  const { sequence, keyStart, keyBytes, valueSequence, expiresAt } = view;
  if (keyBytes === 0) return;
  request.add(sequence, buffer, keyStart, keyBytes);
  const key = textOf(buffer, keyStart, keyBytes);
  asked.push({ key, sequence, valueSequence, expiresAt });
}

function textOf(buffer: Uint8Array, start: number, bytes: number): string {
  return Buffer.from(buffer.buffer, buffer.byteOffset + start, bytes).toString('latin1');
}
