/** Pages: of a range, in order, and of keys that were asked for by name. */

import { CaskError } from '../../errors/cask-error.ts';
import { limitError } from '../../errors/limit-error.ts';
import type { KeyRange, RangeOptions } from '../../vocabulary/entry.ts';
import { type Environment, nextTurn } from '../disk/environment.ts';
import type { DamagedEntry, Entry, KeyEntry, RangePage } from '../entry.ts';
import { copyBounds, type KeyBounds, keyBounds } from '../keydir/key-bounds.ts';
import type { Keydir } from '../keydir/keydir.ts';
import type { SegmentCatalog } from '../log/segment-catalog.ts';
import type { SegmentFiles } from '../log/segment-files.ts';
import { checkPatience, type Patience } from '../patience.ts';
import type { Expirer } from '../write/expirer.ts';
import { keyProblem } from '../write/write-limits.ts';
import type { WriteOrigin } from '../write/write-origin.ts';
import { PageCapture } from './page-capture.ts';
import type { PageMemory } from './page-memory.ts';
import type { PageReader } from './page-reader.ts';
import type { PageTurns } from './page-turns.ts';
import type { PointReader } from './point-reader.ts';
import { type RangeBounds, rangeBounds, seekStart } from './range-bounds.ts';

export interface RangeReaderParts {
  readonly keydir: Keydir;
  readonly catalog: SegmentCatalog;
  readonly files: SegmentFiles;
  readonly points: PointReader;
  readonly pages: PageReader;
  readonly memory: PageMemory;
  readonly turns: PageTurns;
  readonly expirer: Expirer;
  readonly environment: Environment;
  readonly maxRangeItems: number;
  readonly maxRangeBytes: number;
  readonly maxBatchItems: number;
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  readonly now: () => number;
  readonly closedBy: () => CaskError | undefined;
}

interface Capture {
  readonly page: PageCapture;
  readonly more: boolean;
}

export class RangeReader {
  readonly #parts: RangeReaderParts;
  /** Settles when the counts that go over several turns are over. */
  #counting: Promise<void> = Promise.resolve();

  constructor(parts: RangeReaderParts) {
    this.#parts = parts;
  }

  /**
   * @throws CaskError LIMIT_EXCEEDED, BAD_REQUEST, LOADING, BUSY, CANCELLED; what the session's
   * writes failed of
   */
  async range(
    origin: WriteOrigin,
    options: RangeOptions,
    patience?: Patience,
  ): Promise<RangePage<Entry | DamagedEntry | KeyEntry>> {
    const bounds = rangeBounds(options, this.#parts.maxRangeItems);
    if (!this.#parts.keydir.indexReady) throw loading();
    return this.#inMemory(bounds.limit, origin, patience, async (resize) => {
      const { page, more } = this.#capture(bounds);
      resize(page.memoryBytes(bounds.isKeysOnly));
      if (bounds.isKeysOnly) return { entries: keyEntries(page), more };
      return { entries: await this.#read(page, patience), more };
    });
  }

  /** The entries of these keys, in their order, as far as a page goes. */
  async getMany(
    origin: WriteOrigin,
    keys: readonly Uint8Array[],
    patience?: Patience,
  ): Promise<(Entry | DamagedEntry | undefined)[]> {
    const { maxBatchItems, maxKeyBytes } = this.#parts;
    if (keys.length > maxBatchItems) {
      const message = `at most ${maxBatchItems} keys can be asked for (maxBatchItems)`;
      const text = `${message}, not ${keys.length}`;
      throw limitError('LIMIT_EXCEEDED', text, 'maxBatchItems', maxBatchItems);
    }
    for (const key of keys) {
      const problem = keyProblem(key.length, maxKeyBytes);
      if (problem !== undefined) throw problem;
    }
    return this.#inMemory(keys.length, origin, patience, async (resize) => {
      const { page, rows } = this.#captureKeys(keys);
      resize(page.memoryBytes(false));
      const entries = await this.#read(page, patience);
      return rows.map((row) => (row < 0 ? undefined : entries[row]));
    });
  }

  /**
   * Waits until all that the session wrote can be seen, and for the memory that a page can take at
   * most. `serve` has its first turn for capturing the page, and then says what it really takes.
   */
  async #inMemory<T>(
    items: number,
    origin: WriteOrigin,
    patience: Patience | undefined,
    serve: (resize: (bytes: number) => void) => Promise<T>,
  ): Promise<T> {
    const { memory, turns, maxRangeBytes, maxKeyBytes, maxValueBytes } = this.#parts;
    const bytesMax = Math.max(maxRangeBytes, maxKeyBytes + maxValueBytes);
    let held = PageCapture.memoryBytesMax(items, bytesMax);
    await this.#settle(origin);
    checkPatience(patience);
    await memory.take(held);
    try {
      if (turns.mustWait) await turns.next();
      checkPatience(patience);
      // From the last look on, all is done in one go: nothing is seen half.
      while (this.#isUnsettled(origin)) {
        await this.#settle(origin);
        checkPatience(patience);
      }
      return await serve((bytes) => {
        memory.give(held - bytes);
        held = bytes;
      });
    } finally {
      memory.give(held);
    }
  }

  /** Waits until all that this session wrote can be seen whole, and what expired is gone. */
  async #settle(origin: WriteOrigin): Promise<void> {
    const { points, closedBy, expirer } = this.#parts;
    while (points.mustWaitForAny(origin)) {
      await new Promise<void>((resolve, reject) => points.waitFor(origin, resolve, reject));
    }
    const problem = closedBy();
    if (problem !== undefined) throw problem;
    await expirer.retireDue();
  }

  /** True when what `#settle` waited for has come up again before the caller went on. */
  #isUnsettled(origin: WriteOrigin): boolean {
    const { points, expirer } = this.#parts;
    return points.mustWaitForAny(origin) || expirer.isDue;
  }

  /**
   * The exact number of keys, of all or within a range, as of the moment of the answer.
   * @throws CaskError LOADING, BAD_REQUEST, CANCELLED; what the session's writes failed of
   */
  async count(origin: WriteOrigin, range: KeyRange, patience?: Patience): Promise<number> {
    const { keydir, environment } = this.#parts;
    const bounds = copyBounds(keyBounds(range));
    if (!keydir.indexReady) throw loading();
    do await this.#settle(origin);
    while (this.#isUnsettled(origin));
    if (bounds.low === undefined && bounds.high === undefined) return keydir.count;
    const tally = keydir.newTally(bounds);
    return tally.slice(environment.clock)
      ? tally.count
      : this.#countOverTurns(origin, bounds, patience);
  }

  /** One after the other: each is told of what every write adds and removes meanwhile. */
  async #countOverTurns(
    origin: WriteOrigin,
    bounds: KeyBounds,
    patience: Patience | undefined,
  ): Promise<number> {
    const before = this.#counting;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#counting = promise;
    await before;
    const { keydir, environment } = this.#parts;
    const tally = keydir.newTally(bounds);
    keydir.watch(tally);
    try {
      while (!tally.slice(environment.clock)) {
        checkPatience(patience);
        await nextTurn(environment.scheduler);
      }
      do await this.#settle(origin);
      while (this.#isUnsettled(origin));
      return tally.count;
    } finally {
      keydir.watch(undefined);
      resolve();
    }
  }

  async #read(
    page: PageCapture,
    patience: Patience | undefined,
  ): Promise<(Entry | DamagedEntry)[]> {
    const { files, pages } = this.#parts;
    page.pin(files);
    try {
      return await pages.read(page, patience);
    } finally {
      page.unpin(files);
    }
  }

  #captureKeys(keys: readonly Uint8Array[]): { page: PageCapture; rows: number[] } {
    const { keydir, catalog, points, maxRangeBytes } = this.#parts;
    const page = new PageCapture();
    const rows: number[] = [];
    for (const key of keys) {
      const ref = points.find(key, 0, key.length);
      if (ref === 0) {
        rows.push(-1);
        continue;
      }
      const bytes = PageCapture.entryBytes(keydir, ref);
      if (page.count > 0 && page.bytes + bytes > maxRangeBytes) break;
      rows.push(page.count);
      page.add(keydir, catalog, ref, bytes);
    }
    return { page, rows };
  }

  /** All of a page's locations, within this turn. */
  #capture(bounds: RangeBounds): Capture {
    const { keydir, catalog, maxRangeBytes, now } = this.#parts;
    const { isReverse, isKeysOnly, limit } = bounds;
    const page = new PageCapture();
    const time = now();
    const cursor = keydir.newCursor();
    let ref = seekStart(cursor, bounds);
    for (; ref !== 0; ref = isReverse ? cursor.previous() : cursor.next()) {
      if (this.#isBeyond(ref, bounds)) return { page, more: false };
      const expiresAt = keydir.expiresAt(ref);
      if (expiresAt !== 0 && expiresAt <= time) continue;
      const bytes = isKeysOnly ? keydir.keyLength(ref) : PageCapture.entryBytes(keydir, ref);
      const isFull = page.count >= limit || (page.count > 0 && page.bytes + bytes > maxRangeBytes);
      if (isFull) return { page, more: true };
      page.add(keydir, catalog, ref, bytes);
    }
    return { page, more: false };
  }

  #isBeyond(ref: number, bounds: RangeBounds): boolean {
    const { keydir } = this.#parts;
    const { low, high, isReverse, isLowExclusive } = bounds;
    if (!isReverse) return high !== undefined && keydir.compareKey(ref, high, 0, high.length) >= 0;
    if (low === undefined) return false;
    const order = keydir.compareKey(ref, low, 0, low.length);
    return isLowExclusive ? order <= 0 : order < 0;
  }
}

function keyEntries(page: PageCapture): KeyEntry[] {
  return page.sequences.map((revision, row) => {
    const expiresAt = page.expiresAts[row] as number;
    return {
      key: page.key(row),
      valueBytes: page.valueBytes(row),
      revision,
      version: page.versions[row] as number,
      createdAt: page.createdAts[row] as number,
      expiresAt: expiresAt === 0 ? undefined : expiresAt,
    };
  });
}

export function loading(): CaskError {
  const message = 'the sorted index is still being built after the start';
  return new CaskError('LOADING', `${message}; point operations are served, try again shortly`);
}
