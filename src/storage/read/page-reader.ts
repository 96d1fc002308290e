/**
 * Reads the values of a captured page: from the cache, then from disk, neighbours in one read.
 * Every record is verified; a damaged one becomes an entry with an error, and the page goes on.
 */

import { type CaskError, toCaskError } from '../../errors/cask-error.ts';
import type { Environment } from '../disk/environment.ts';
import type { DamagedEntry, Entry } from '../entry.ts';
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
   * The entries of the page, in its order. The capture must be pinned meanwhile.
   * @throws CaskError CANCELLED, BUSY
   */
  async read(page: PageCapture, patience: Patience | undefined): Promise<(Entry | DamagedEntry)[]> {
    const { turns, environment } = this.#parts;
    const { clock } = environment;
    const entries: (Entry | DamagedEntry)[] = new Array(page.count);
    const later: Promise<CaskError | undefined>[] = [];
    let begunMs = clock.monotonicMs();
    let sinceLook = 0;
    let fetched = 0;
    const slab = new ValueSlab(page.bytes - page.keysBytes);
    for (let row = 0; row < page.count; ) {
      if (row >= fetched) fetched = this.#fetch(page, row);
      const cached = this.#fromCache(page, row, slab);
      if (cached === undefined) {
        const run = runFrom(page, row, (other) => this.#isCached(page, other));
        if (!this.#readRunNow(page, run, entries)) {
          later.push(this.#readRun(page, run, entries, patience));
        }
        sinceLook += run.to - row;
        row = run.to;
      } else {
        entries[row] = cached;
        row += 1;
        sinceLook += 1;
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
    return entries;
  }

  /** Brings near what the cache has of the rows from this one on. @returns up to which */
  #fetch(page: PageCapture, row: number): number {
    const sequences = this.#sequences;
    const count = Math.min(FETCH_MAX, page.count - row);
    for (let at = 0; at < count; at += 1) sequences[at] = page.valueSequences[row + at] as number;
    this.#parts.cache.fetch(sequences, count);
    return row + count;
  }

  #isCached(page: PageCapture, row: number): boolean {
    return this.#parts.cache.has(page.valueSequences[row] as number);
  }

  #fromCache(page: PageCapture, row: number, slab: ValueSlab): Entry | undefined {
    const { cache } = this.#parts;
    const at = cache.find(page.valueSequences[row] as number);
    if (at < 0) return undefined;
    const value = slab.copyOf(cache.buffer, at, cache.foundBytes);
    return entryOf(page, row, value, cache.foundUpdatedAt);
  }

  /** Reads a run on the loop if that is allowed now. */
  #readRunNow(page: PageCapture, run: Run, entries: (Entry | DamagedEntry)[]): boolean {
    const segment = page.segments[run.from];
    if (segment === undefined) return true;
    const buffer = Buffer.allocUnsafe(run.bytes);
    try {
      const { reader } = this.#parts;
      const count = reader.readRunNow(segment, run.offset, buffer, 0, run.bytes);
      if (count < 0) return false;
      this.#takeRun(page, run, buffer, count, entries);
    } catch (error) {
      failRun(page, run, toCaskError(error), entries);
    }
    return true;
  }

  /** @returns why the page cannot be given at all; undefined: it can, as far as this run goes */
  async #readRun(
    page: PageCapture,
    run: Run,
    entries: (Entry | DamagedEntry)[],
    patience: Patience | undefined,
  ): Promise<CaskError | undefined> {
    const segment = page.segments[run.from];
    if (segment === undefined) return undefined;
    try {
      const { reader } = this.#parts;
      const buffer = await reader.readRun(segment, run.offset, run.bytes, 0, patience);
      this.#takeRun(page, run, buffer, buffer.length, entries);
    } catch (thrown) {
      const error = toCaskError(thrown);
      // These are no matter of the records: the page as a whole is to be asked for again.
      if (error.code === 'BUSY' || error.code === 'CANCELLED') return error;
      failRun(page, run, error, entries);
    }
    return undefined;
  }

  #takeRun(
    page: PageCapture,
    run: Run,
    buffer: Buffer,
    bytesRead: number,
    entries: (Entry | DamagedEntry)[],
  ): void {
    for (let row = run.from; row < run.to; row += 1) {
      try {
        entries[row] = this.#take(page, row, buffer, run, bytesRead);
      } catch (error) {
        entries[row] = damagedEntry(page, row, toCaskError(error));
      }
    }
  }

  #take(page: PageCapture, row: number, buffer: Buffer, run: Run, bytesRead: number): Entry {
    const { cache, reader } = this.#parts;
    const view = this.#view;
    const offset = page.offsets[row] as number;
    const bytes = page.recordBytes[row] as number;
    const at = offset - run.offset;
    const present = Math.max(0, Math.min(bytes, bytesRead - at));
    const segment = page.segments[row] as PageCapture['segments'][number];
    const sequence = page.valueSequences[row] as number;
    reader.verify(buffer, at, present, segment, offset, bytes, sequence, view);
    cache.put(sequence, view.updatedAt, buffer, view.valueStart, view.valueBytes);
    const value = buffer.subarray(view.valueStart, view.valueStart + view.valueBytes);
    return entryOf(page, row, run.isLoose ? Buffer.from(value) : value, view.updatedAt);
  }
}

/** The longest run of rows from `row` on that lie close together in one segment. */
function runFrom(page: PageCapture, row: number, isCached: (row: number) => boolean): Run {
  const offset = page.offsets[row] as number;
  let end = offset + (page.recordBytes[row] as number);
  let gaps = 0;
  let to = row + 1;
  while (to < page.count && page.segments[to] === page.segments[row]) {
    const next = page.offsets[to] as number;
    const nextEnd = next + (page.recordBytes[to] as number);
    const isClose = next >= end && next - end <= GAP_BYTES_MAX;
    if (!isClose || nextEnd - offset > RUN_BYTES_MAX || isCached(to)) break;
    gaps += next - end;
    end = nextEnd;
    to += 1;
  }
  const bytes = end - offset;
  return { from: row, to, offset, bytes, isLoose: gaps > (bytes - gaps) * GAP_SHARE_MAX };
}

function entryOf(page: PageCapture, row: number, value: Buffer, updatedAt: number): Entry {
  const expiresAt = page.expiresAts[row] as number;
  return {
    key: page.key(row),
    value,
    revision: page.sequences[row] as number,
    version: page.versions[row] as number,
    createdAt: page.createdAts[row] as number,
    updatedAt: page.touchedAts[row] || updatedAt,
    expiresAt: expiresAt === 0 ? undefined : expiresAt,
  };
}

function damagedEntry(page: PageCapture, row: number, error: CaskError): DamagedEntry {
  const expiresAt = page.expiresAts[row] as number;
  return {
    key: page.key(row),
    revision: page.sequences[row] as number,
    version: page.versions[row] as number,
    createdAt: page.createdAts[row] as number,
    expiresAt: expiresAt === 0 ? undefined : expiresAt,
    error,
  };
}

function failRun(
  page: PageCapture,
  run: Run,
  error: CaskError,
  entries: (Entry | DamagedEntry)[],
): void {
  for (let row = run.from; row < run.to; row += 1) entries[row] = damagedEntry(page, row, error);
}
