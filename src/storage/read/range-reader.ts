/** Pages: of a range, in order, and of keys that were asked for by name. */

import { CaskError } from '../../errors/cask-error.ts';
import { limitError } from '../../errors/limit-error.ts';
import type { KeyRange, RangeOptions } from '../../vocabulary/entry.ts';
import type { PageView } from '../../vocabulary/page-view.ts';
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
import { entriesOf, entryOf } from './page-entries.ts';
import type { PageMemory } from './page-memory.ts';
import type { PageReader } from './page-reader.ts';
import type { PageTurns } from './page-turns.ts';
import type { PointReader } from './point-reader.ts';
import { type RangeBounds, rangeBounds } from './range-bounds.ts';
import { RangeWalk } from './range-walk.ts';
import type { ValueCache } from './value-cache.ts';

export interface RangeReaderParts {
  readonly keydir: Keydir;
  readonly catalog: SegmentCatalog;
  readonly files: SegmentFiles;
  readonly cache: ValueCache;
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

/** Larger pages take turns with others, even where all their values are in the cache. */
const ROWS_AT_ONCE_MAX = 4096;
const BYTES_AT_ONCE_MAX = 1024 * 1024;

export class RangeReader {
  readonly #parts: RangeReaderParts;
  /** Settles when the counts that go over several turns are over. */
  #counting: Promise<void> = Promise.resolve();

  readonly #walk: RangeWalk;
  /** For the next page. */
  #spare: PageCapture | undefined;

  constructor(parts: RangeReaderParts) {
    this.#parts = parts;
    this.#walk = new RangeWalk(parts.keydir, parts.maxRangeBytes, parts.now);
  }

  /**
   * A page: at once where nothing has to be waited for and all its values can be had, then
   * valid until the store is asked for anything else.
   * @throws CaskError, now or later, as `range` does
   */
  page(
    origin: WriteOrigin,
    options: RangeOptions,
    patience?: Patience,
  ): PageView | Promise<PageView> {
    const { maxRangeItems, keydir, turns, environment, memory, pages } = this.#parts;
    const bounds = rangeBounds(options, maxRangeItems);
    if (!keydir.indexReady) throw loading();
    if (turns.mustWait || this.#isUnsettled(origin)) return this.#page(origin, bounds, patience);
    const problem = this.#parts.closedBy();
    if (problem !== undefined) throw problem;
    const begunMs = environment.clock.monotonicMs();
    const page = this.#capture(bounds);
    const done = !bounds.isKeysOnly && isSmall(page) ? pages.readNow(page) : 0;
    turns.spend(environment.clock.monotonicMs() - begunMs);
    if (bounds.isKeysOnly || done === page.count) {
      // what takes much memory is not kept
      if (isSmall(page)) this.#spare = page;
      return page;
    }
    const bytes = page.memoryBytes;
    return memory.tryTake(bytes)
      ? this.#readHeld(page, bytes, patience, done)
      : this.#page(origin, bounds, patience);
  }

  /** Of a page whose memory has been taken. */
  async #readHeld(
    page: PageCapture,
    bytes: number,
    patience: Patience | undefined,
    done: number,
  ): Promise<PageView> {
    try {
      await this.#read(page, patience, done);
      return page;
    } finally {
      this.#parts.memory.give(bytes);
    }
  }

  /** A page that owns its values. */
  #page(
    origin: WriteOrigin,
    bounds: RangeBounds,
    patience: Patience | undefined,
  ): Promise<PageCapture> {
    return this.#inMemory(bounds.limit, origin, patience, async (resize) => {
      const page = this.#capture(bounds);
      resize(page.memoryBytes);
      if (!bounds.isKeysOnly) await this.#read(page, patience);
      return page;
    });
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
    const page = await this.#page(origin, bounds, patience);
    return { entries: entriesOf(page), more: page.more };
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
      resize(page.memoryBytes);
      await this.#read(page, patience);
      return rows.map((row) => (row < 0 ? undefined : entryOf(page, row)));
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

  async #read(page: PageCapture, patience: Patience | undefined, done = 0): Promise<void> {
    const { files, pages } = this.#parts;
    page.pin(files);
    try {
      await pages.read(page, patience, done);
    } finally {
      page.unpin(files);
    }
  }

  #newPage(): PageCapture {
    const page = this.#spare ?? new PageCapture(this.#parts.catalog, this.#parts.cache);
    this.#spare = undefined;
    page.reset();
    return page;
  }

  #captureKeys(keys: readonly Uint8Array[]): { page: PageCapture; rows: number[] } {
    const { keydir, points, maxRangeBytes } = this.#parts;
    const page = this.#newPage();
    page.isKeysOnly = false;
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
      page.add(keydir, ref, bytes, keydir.expiresAt(ref));
    }
    return { page, rows };
  }

  #capture(bounds: RangeBounds): PageCapture {
    const page = this.#newPage();
    this.#walk.capture(page, bounds);
    return page;
  }
}

function isSmall(page: PageCapture): boolean {
  return page.count <= ROWS_AT_ONCE_MAX && page.bytes <= BYTES_AT_ONCE_MAX;
}

export function loading(): CaskError {
  const message = 'the sorted index is still being built after the start';
  return new CaskError('LOADING', `${message}; point operations are served, try again shortly`);
}
