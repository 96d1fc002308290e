/**
 * Reads the values of a captured page: from the cache, then from disk, neighbours in one read.
 * Every record is verified; a damaged one becomes an entry with an error, and the page goes on.
 */

import { type CaskError, toCaskError } from '../../errors/cask-error.ts';
import type { Environment } from '../disk/environment.ts';
import { RecordView } from '../format/record.ts';
import { FETCH_MAX } from '../keydir/keydir-tables.ts';
import { checkPatience, type Patience } from '../patience.ts';
import type { PageCapture } from './page-capture.ts';
import { type Run, runFrom } from './page-runs.ts';
import { PageScratch } from './page-scratch.ts';
import { PageSightings } from './page-sightings.ts';
import { type PageTurns, SLICE_MS } from './page-turns.ts';
import type { RecordReader } from './record-reader.ts';
import type { ValueCache } from './value-cache.ts';
import { ValueSlab } from './value-slab.ts';

/** Rows between two looks at the clock. */
const LOOK_ROWS = 16;

export interface PageReaderParts {
  readonly environment: Environment;
  readonly cache: ValueCache;
  readonly reader: RecordReader;
  readonly turns: PageTurns;
}

export class PageReader {
  readonly #parts: PageReaderParts;
  readonly #view = new RecordView();
  readonly #sequences = new Float64Array(FETCH_MAX);
  readonly #scratch = new PageScratch();
  readonly #sightings: PageSightings;

  constructor(parts: PageReaderParts) {
    this.#parts = parts;
    this.#sightings = new PageSightings(parts.cache);
  }

  /**
   * Finds values without waiting: in the cache, or on the disk as far as that may be read on the
   * loop, for a slice of time. They are valid until another page is read, or a value.
   * @returns how many rows are done; with all of them the page may be handed over
   */
  readNow(page: PageCapture): number {
    const located = this.#locate(page);
    return located === page.count ? located : this.#readRestNow(page, located);
  }

  /** @returns how many values there are in the cache before the first that is not */
  #locate(page: PageCapture): number {
    const { cache } = this.#parts;
    const { count } = page;
    let fetched = 0;
    for (let row = 0; row < count; row += 1) {
      if (row >= fetched) fetched = this.#fetch(page, row);
      const at = cache.find(page.valueSequence(row));
      if (at < 0) {
        page.missingRow = row;
        return row;
      }
      page.setPlace(row, at, cache.foundUpdatedAt);
    }
    return count;
  }

  /** As `readNow`: all values in the scratch, since what is read may displace others in the cache. */
  #readRestNow(page: PageCapture, located: number): number {
    const { environment } = this.#parts;
    const endMs = environment.clock.monotonicMs() + SLICE_MS;
    const scratch = this.#scratch;
    scratch.clear();
    for (let row = 0; row < located; row += 1) {
      if (!this.#copyToScratch(page, row, page.valueStart(row))) return row;
    }
    const isCached = (other: number): boolean => this.#isCached(page, other);
    let look = located + LOOK_ROWS;
    let row = located;
    while (row < page.count) {
      const next = this.#toScratch(page, row, isCached);
      if (next === row) break;
      row = next;
      if (row < look) continue;
      look = row + LOOK_ROWS;
      if (environment.clock.monotonicMs() >= endMs) break;
    }
    page.lieIn(scratch.buffer);
    return row;
  }

  /** @returns the row behind those that this one's value was got with; the row itself: it was not */
  #toScratch(page: PageCapture, row: number, isCached: (row: number) => boolean): number {
    const { cache } = this.#parts;
    const at = row === page.missingRow ? -1 : cache.find(page.valueSequence(row));
    if (at >= 0) {
      const { foundUpdatedAt } = cache;
      if (!this.#copyToScratch(page, row, at)) return row;
      page.setPlace(row, page.valueStart(row), foundUpdatedAt);
      return row + 1;
    }
    page.missingRow = row;
    const run = runFrom(page, row, isCached);
    return this.#readRunToScratch(page, run) ? run.to : row;
  }

  /** @returns false: there is no room */
  #copyToScratch(page: PageCapture, row: number, at: number): boolean {
    const scratch = this.#scratch;
    const bytes = page.valueBytes(row);
    const start = scratch.take(bytes);
    if (start < 0) return false;
    Buffer.prototype.copy.call(this.#parts.cache.buffer, scratch.buffer, start, at, at + bytes);
    page.setPlace(row, start, 0);
    return true;
  }

  /** @returns false: there is no room, or it may not be read on the loop */
  #readRunToScratch(page: PageCapture, run: Run): boolean {
    const scratch = this.#scratch;
    const start = scratch.take(run.bytes);
    if (start < 0) return false;
    const { buffer } = scratch;
    const segment = page.segment(run.from);
    try {
      const { reader } = this.#parts;
      const count = reader.readRunNow(segment, run.offset, buffer, start, run.bytes);
      if (count < 0) return false;
      this.#takeRun(page, run, buffer, start, count, undefined);
    } catch (error) {
      failRun(page, run, toCaskError(error));
    }
    return true;
  }

  /**
   * Gives every row of the page its value, in buffers of the page's own, or its error. The capture
   * must be pinned meanwhile.
   * @param done rows that `readNow` has done in this turn
   * @throws CaskError CANCELLED, BUSY
   */
  async read(page: PageCapture, patience: Patience | undefined, done = 0): Promise<void> {
    const { turns, environment } = this.#parts;
    const { clock } = environment;
    const later: Promise<CaskError | undefined>[] = [];
    const slab = new ValueSlab(page.bytes - page.keysBytes);
    page.ownValues(done, Buffer.from(this.#scratch.buffer.subarray(0, done && this.#scratch.at)));
    const isCached = (other: number): boolean => this.#isCached(page, other);
    let begunMs = clock.monotonicMs();
    let sinceLook = 0;
    let row = done;
    let fetched = row;
    while (row < page.count) {
      if (row >= fetched) fetched = this.#fetch(page, row);
      if (row !== page.missingRow && this.#fromCache(page, row, slab)) {
        row += 1;
        sinceLook += 1;
      } else {
        const run = runFrom(page, row, isCached);
        if (!this.#readRunNow(page, run, slab)) {
          later.push(this.#readRun(page, run, slab, patience));
        }
        sinceLook += run.to - row;
        row = run.to;
      }
      if (sinceLook < LOOK_ROWS) continue;
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

  /** Reads a run on the loop if that is allowed now. */
  #readRunNow(page: PageCapture, run: Run, slab: ValueSlab): boolean {
    const buffer = Buffer.allocUnsafe(run.bytes);
    try {
      const { reader } = this.#parts;
      const count = reader.readRunNow(page.segment(run.from), run.offset, buffer, 0, run.bytes);
      if (count < 0) return false;
      this.#takeRun(page, run, buffer, 0, count, slab);
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
      this.#takeRun(page, run, buffer, 0, buffer.length, slab);
    } catch (thrown) {
      const error = toCaskError(thrown);
      // These are no matter of the records: the page as a whole is to be asked for again.
      if (error.code === 'BUSY' || error.code === 'CANCELLED') return error;
      failRun(page, run, error);
    }
    return undefined;
  }

  /** @param slab undefined: the values stay where they are, in the scratch */
  #takeRun(
    page: PageCapture,
    run: Run,
    buffer: Buffer,
    start: number,
    bytesRead: number,
    slab: ValueSlab | undefined,
  ): void {
    for (let row = run.from; row < run.to; row += 1) {
      try {
        const at = page.offset(row) - run.offset;
        this.#verify(page, row, buffer, start + at, bytesRead - at);
        this.#place(page, row, buffer, run, slab);
      } catch (error) {
        page.setError(row, toCaskError(error));
      }
    }
  }

  /** Into `#view`. */
  #verify(page: PageCapture, row: number, buffer: Buffer, at: number, bytesRead: number): void {
    const { cache, reader } = this.#parts;
    const view = this.#view;
    const bytes = page.recordBytes(row);
    const present = Math.max(0, Math.min(bytes, bytesRead));
    const sequence = page.valueSequence(row);
    const segment = page.segment(row);
    reader.verify(buffer, at, present, segment, page.offset(row), bytes, sequence, view);
    if (!page.isContinued || this.#sightings.note(sequence)) {
      cache.put(sequence, view.updatedAt, buffer, view.valueStart, view.valueBytes);
    }
  }

  #place(
    page: PageCapture,
    row: number,
    buffer: Buffer,
    run: Run,
    slab: ValueSlab | undefined,
  ): void {
    const { valueStart, valueBytes, updatedAt } = this.#view;
    if (slab === undefined) {
      page.setPlace(row, valueStart, updatedAt);
    } else if (run.isLoose) {
      slab.copy(buffer, valueStart, valueBytes);
      page.setValue(row, slab.buffer, slab.start, updatedAt);
    } else {
      page.setValue(row, buffer, valueStart, updatedAt);
    }
  }
}

function failRun(page: PageCapture, run: Run, error: CaskError): void {
  for (let row = run.from; row < run.to; row += 1) page.setError(row, error);
}
