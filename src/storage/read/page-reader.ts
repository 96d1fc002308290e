/**
 * Reads the values of a captured page: from the cache, then from disk, neighbours in one read.
 * Every record is verified; a damaged one becomes an entry with an error, and the page goes on.
 */

import { type CaskError, toCaskError } from '../../errors/cask-error.ts';
import type { Environment } from '../disk/environment.ts';
import { RecordView } from '../format/record.ts';
import { FETCH_MAX } from '../keydir/keydir.ts';
import { checkPatience, type Patience } from '../patience.ts';
import type { PageCapture } from './page-capture.ts';
import { type PageTurns, SLICE_MS } from './page-turns.ts';
import type { RecordReader } from './record-reader.ts';
import type { ValueCache } from './value-cache.ts';
import { ValueSlab } from './value-slab.ts';

/** Records this close together are read in one go. */
const GAP_BYTES_MAX = 1024;
const RUN_BYTES_MAX = 64 * 1024;
const LOOK_ENTRIES = 16;
/** What a page may keep of the gaps between its records, as a share of them. */
const GAP_SHARE_MAX = 0.25;

export interface PageReaderParts {
  readonly environment: Environment;
  readonly cache: ValueCache;
  readonly reader: RecordReader;
  readonly turns: PageTurns;
}

/** Rows whose records are read in one go: `[from, to)` of the page. */
interface Run {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
  readonly bytes: number;
  /** Records and the gaps between them are read; with many gaps the values are copied out. */
  readonly isLoose: boolean;
}

export class PageReader {
  readonly #parts: PageReaderParts;
  readonly #view = new RecordView();
  readonly #sequences = new Float64Array(FETCH_MAX);

  constructor(parts: PageReaderParts) {
    this.#parts = parts;
  }

  /**
   * Finds values in the cache up to the first that is not there. They lie there until anything is
   * put into it.
   * @returns how many were found
   */
  locate(page: PageCapture): number {
    const { cache } = this.#parts;
    const { count } = page;
    let fetched = 0;
    for (let row = 0; row < count; row += 1) {
      if (row >= fetched) fetched = this.#fetch(page, row);
      const at = cache.find(page.valueSequence(row));
      if (at < 0) return row;
      page.setCached(row, at, cache.foundUpdatedAt);
    }
    return count;
  }

  /**
   * Gives every row of the page its value, in buffers of the page's own, or its error. The capture
   * must be pinned meanwhile.
   * @param missing the row before which `locate` found all within this turn; -1: it was not asked
   * @throws CaskError CANCELLED, BUSY
   */
  async read(page: PageCapture, patience: Patience | undefined, missing = -1): Promise<void> {
    const { turns, environment } = this.#parts;
    const { clock } = environment;
    const later: Promise<CaskError | undefined>[] = [];
    const slab = new ValueSlab(page.bytes - page.keysBytes);
    page.ownValues();
    for (let row = 0; row < missing; row += 1) this.#keepCached(page, row, slab);
    let begunMs = clock.monotonicMs();
    let sinceLook = 0;
    let row = Math.max(0, missing);
    let fetched = row;
    while (row < page.count) {
      if (row >= fetched) fetched = this.#fetch(page, row);
      const isCached = row !== missing && this.#fromCache(page, row, slab);
      if (isCached) {
        row += 1;
        sinceLook += 1;
      } else {
        const run = runFrom(page, row, (other) => this.#isCached(page, other));
        if (!this.#readRunNow(page, run, slab))
          later.push(this.#readRun(page, run, slab, patience));
        sinceLook += run.to - row;
        row = run.to;
      }
      if (sinceLook < LOOK_ENTRIES) continue;
      sinceLook = 0;
      const workedMs = clock.monotonicMs() - begunMs;
      if (workedMs < SLICE_MS) continue;
      turns.spend(workedMs);
      await turns.next();
      begunMs = clock.monotonicMs();
      if (patience?.over) break;
    }
    turns.spend(clock.monotonicMs() - begunMs);
    const failures = await Promise.all(later);
    checkPatience(patience);
    const failure = failures.find((error) => error !== undefined);
    if (failure !== undefined) throw failure;
  }

  /** Brings near what the cache has of the rows from this one on. @returns up to which */
  #fetch(page: PageCapture, row: number): number {
    const sequences = this.#sequences;
    const count = Math.min(FETCH_MAX, page.count - row);
    for (let at = 0; at < count; at += 1) sequences[at] = page.valueSequence(row + at);
    this.#parts.cache.fetch(sequences, count);
    return row + count;
  }

  #isCached(page: PageCapture, row: number): boolean {
    return this.#parts.cache.has(page.valueSequence(row));
  }

  /** @returns false: it is not there */
  #fromCache(page: PageCapture, row: number, slab: ValueSlab): boolean {
    const { cache } = this.#parts;
    const at = cache.find(page.valueSequence(row));
    if (at < 0) return false;
    slab.copy(cache.buffer, at, cache.foundBytes);
    page.setValue(row, slab.buffer, slab.start, cache.foundUpdatedAt);
    return true;
  }

  /** Copies what `locate` found. */
  #keepCached(page: PageCapture, row: number, slab: ValueSlab): void {
    slab.copy(this.#parts.cache.buffer, page.valueStart(row), page.valueBytes(row));
    page.setValue(row, slab.buffer, slab.start, 0);
  }

  /** Reads a run on the loop if that is allowed now. */
  #readRunNow(page: PageCapture, run: Run, slab: ValueSlab): boolean {
    const buffer = Buffer.allocUnsafe(run.bytes);
    try {
      const { reader } = this.#parts;
      const count = reader.readRunNow(page.segment(run.from), run.offset, buffer, 0, run.bytes);
      if (count < 0) return false;
      this.#takeRun(page, run, buffer, count, slab);
    } catch (error) {
      failRun(page, run, toCaskError(error));
    }
    return true;
  }

  /** @returns why the page cannot be given at all; undefined: it can, as far as this run goes */
  async #readRun(
    page: PageCapture,
    run: Run,
    slab: ValueSlab,
    patience: Patience | undefined,
  ): Promise<CaskError | undefined> {
    try {
      const { reader } = this.#parts;
      const segment = page.segment(run.from);
      const buffer = await reader.readRun(segment, run.offset, run.bytes, 0, patience);
      this.#takeRun(page, run, buffer, buffer.length, slab);
    } catch (thrown) {
      const error = toCaskError(thrown);
      // These are no matter of the records: the page as a whole is to be asked for again.
      if (error.code === 'BUSY' || error.code === 'CANCELLED') return error;
      failRun(page, run, error);
    }
    return undefined;
  }

  #takeRun(page: PageCapture, run: Run, buffer: Buffer, bytesRead: number, slab: ValueSlab): void {
    for (let row = run.from; row < run.to; row += 1) {
      try {
        this.#take(page, row, buffer, run, bytesRead, slab);
      } catch (error) {
        page.setError(row, toCaskError(error));
      }
    }
  }

  #take(
    page: PageCapture,
    row: number,
    buffer: Buffer,
    run: Run,
    bytesRead: number,
    slab: ValueSlab,
  ): void {
    const { cache, reader } = this.#parts;
    const view = this.#view;
    const offset = page.offset(row);
    const bytes = page.recordBytes(row);
    const at = offset - run.offset;
    const present = Math.max(0, Math.min(bytes, bytesRead - at));
    const sequence = page.valueSequence(row);
    reader.verify(buffer, at, present, page.segment(row), offset, bytes, sequence, view);
    cache.put(sequence, view.updatedAt, buffer, view.valueStart, view.valueBytes);
    if (run.isLoose) {
      slab.copy(buffer, view.valueStart, view.valueBytes);
      page.setValue(row, slab.buffer, slab.start, view.updatedAt);
    } else {
      page.setValue(row, buffer, view.valueStart, view.updatedAt);
    }
  }
}

/** The longest run of rows from `row` on that lie close together in one segment. */
function runFrom(page: PageCapture, row: number, isCached: (row: number) => boolean): Run {
  const offset = page.offset(row);
  let end = offset + page.recordBytes(row);
  let gaps = 0;
  let to = row + 1;
  while (to < page.count && page.isInSegmentOf(to, row)) {
    const next = page.offset(to);
    const nextEnd = next + page.recordBytes(to);
    const isClose = next >= end && next - end <= GAP_BYTES_MAX;
    if (!isClose || nextEnd - offset > RUN_BYTES_MAX || isCached(to)) break;
    gaps += next - end;
    end = nextEnd;
    to += 1;
  }
  const bytes = end - offset;
  return { from: row, to, offset, bytes, isLoose: gaps > (bytes - gaps) * GAP_SHARE_MAX };
}

function failRun(page: PageCapture, run: Run, error: CaskError): void {
  for (let row = run.from; row < run.to; row += 1) page.setError(row, error);
}
