/** A simulated machine with one store on its disk: opened, looked at, closed, again and again. */

import type { Environment } from '../../src/storage/disk/environment.ts';
import { Engine } from '../../src/storage/engine.ts';
import type { Entry } from '../../src/storage/entry.ts';
import { hintName, parseFileName, segmentName } from '../../src/storage/format/file-names.ts';
import { readManifest } from '../../src/storage/format/manifest.ts';
import { recordBytes, touchBytes } from '../../src/storage/format/record.ts';
import { openDirectory } from '../../src/storage/recovery/open-directory.ts';
import { Store } from '../../src/storage/store.ts';
import { resolveStoreOptions, type StoreOptionsInput } from '../../src/storage/store-options.ts';
import { CheckFailure, check } from './check-failure.ts';
import { identifyValue } from './described-value.ts';
import { EventLoop } from './event-loop.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { Latency } from './latency.ts';
import type { Observation, ObservedEntry } from './observation.ts';
import { endOfWorld } from './recycled-buffers.ts';
import { SeededRandom } from './seeded-random.ts';
import { type DiskSnapshot, SimulatedDisk } from './simulated-disk.ts';
import { createSimulatedEnvironment } from './simulated-environment.ts';
import { type DiskChange, SimulatedFileSystem } from './simulated-file-system.ts';

const DIRECTORY = '/data';
const MEMORY_BYTES = 1 << 30;
const REST_MS = 5;
/** The same for all histories: equal prefixes of workloads give equal images. */
const RANDOM_SEED = 20_260_101;

export interface WorldOptions {
  readonly disk: DiskSnapshot;
  readonly latency: Latency;
  readonly store: Omit<StoreOptionsInput, 'directory' | 'environment' | 'logger'>;
  /** The wall clock at the start, after the epoch of the simulation. */
  readonly startMs: number;
  /** Of the store. @default /data */
  readonly directory?: string;
  readonly faults?: FaultPlan | undefined;
  /** So many bytes are free, however many are used. @default no limit */
  readonly freeBytes?: number | undefined;
  readonly onChange?: (change: DiskChange) => void;
  readonly beforeChange?: () => void;
  readonly onOperation?: (operation: number, kind: string, path: string) => void;
}

/** What the store logged. */
export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Events that no crash may cause: they speak of damage or of broken rules. */
const ALARMING = new Set([
  'segment-damaged',
  'segment-header-damaged',
  'segment-too-short',
  'unlisted-segment-set-aside',
  'obsolete-still-used',
  'obsolete-not-removed',
  'store-failed',
  'merge-failed',
  'hint-not-built',
  'manifest-not-written',
  'disk-full',
  'foreign-file',
]);

export class World {
  readonly loop = new EventLoop();
  readonly fs: SimulatedFileSystem;
  readonly log: LogLine[] = [];
  readonly #options: WorldOptions;
  readonly #environment: ReturnType<typeof createSimulatedEnvironment>;
  #isOpening = false;
  #store: Store | undefined;
  #engine: Engine | undefined;

  /** There is one world at a time: whatever came before is over. */
  constructor(options: WorldOptions) {
    endOfWorld();
    this.#options = options;
    this.fs = new SimulatedFileSystem({
      disk: new SimulatedDisk(options.disk),
      loop: this.loop,
      latency: options.latency,
      observer: {
        onChange: (change) => options.onChange?.(change),
        beforeChange: () => options.beforeChange?.(),
        onOperation: (operation, kind, path) => options.onOperation?.(operation, kind, path),
      },
      isOpening: () => this.#isOpening,
      faults: options.faults,
      capacityBytes: () =>
        options.freeBytes === undefined
          ? Number.MAX_SAFE_INTEGER
          : this.fs.disk.usedBytes() + options.freeBytes,
    });
    this.#environment = createSimulatedEnvironment({
      fs: this.fs,
      loop: this.loop,
      random: new SeededRandom(RANDOM_SEED, options.disk.lastNumber),
      wallOffsetMs: () => options.startMs,
    });
  }

  get #directory(): string {
    return this.#options.directory ?? DIRECTORY;
  }

  /** For tools that work without a store. */
  get environment(): Environment {
    return this.#environment;
  }

  get store(): Store {
    if (this.#store === undefined) throw new Error('the store is not open');
    return this.#store;
  }

  get engine(): Engine {
    if (this.#engine === undefined) throw new Error('the store is not open');
    return this.#engine;
  }

  get isOpen(): boolean {
    return this.#store !== undefined;
  }

  /** Virtual time since the epoch of the simulation. */
  get nowMs(): number {
    return this.#options.startMs + this.loop.nowMs;
  }

  /** Engine time, ms since 1970. */
  get engineMs(): number {
    return this.engine.opened.clock.now();
  }

  run<T>(promise: Promise<T>): Promise<T> {
    return this.loop.runUntil(promise);
  }

  /** As `openStore` does it, and waits for the index. */
  async open(): Promise<void> {
    this.#isOpening = true;
    try {
      const input = {
        ...this.#options.store,
        directory: this.#directory,
        environment: this.#environment,
        logger: (level: string, event: string, facts: Readonly<Record<string, unknown>>) => {
          this.log.push({ level, event, facts });
        },
      };
      const options = resolveStoreOptions(input, this.#environment, MEMORY_BYTES);
      const opened = await this.run(openDirectory(options));
      this.#engine = new Engine(options, opened);
      this.#engine.start();
      this.#store = new Store(this.#engine);
    } finally {
      this.#isOpening = false;
    }
    await this.run(this.#store.whenIndexReady());
  }

  async close(): Promise<void> {
    const { store } = this;
    await this.run(store.close());
    this.#store = undefined;
    this.#engine = undefined;
  }

  /** Forgets the store as a failed one is forgotten. */
  drop(): void {
    this.#store = undefined;
    this.#engine = undefined;
  }

  /** All that the store holds; every way to read it must say the same. */
  async observe(keys: readonly string[]): Promise<Observation> {
    const { store } = this;
    const fromMs = this.engineMs;
    const entries = new Map<string, ObservedEntry>();
    const read = async (): Promise<Entry[]> => {
      const found: Entry[] = [];
      for await (const entry of store.range()) {
        if ('error' in entry) throw entry.error;
        found.push(entry);
      }
      return found;
    };
    for (const entry of await this.run(read())) {
      entries.set(entry.key.toString('latin1'), observed(entry));
    }
    for (const key of new Set([...keys, ...entries.keys()])) {
      const got = await this.run(store.getEntry(key));
      this.#checkSame(key, got, entries);
    }
    const toMs = this.engineMs;
    const count = await this.run(store.count());
    const isTimed = [...entries.values()].some(({ expiresAt }) => expiresAt !== undefined);
    if (!isTimed) {
      const found = entries.size;
      check(count === found, 'count-differs', () => `count says ${count}, the range has ${found}`);
    }
    return { entries, fromMs, toMs };
  }

  #checkSame(key: string, got: Entry | undefined, entries: Map<string, ObservedEntry>): void {
    const inRange = entries.get(key);
    if (got === undefined) {
      if (inRange === undefined) return;
      // It may have expired in between.
      const { expiresAt } = inRange;
      if (expiresAt !== undefined && expiresAt <= this.engineMs) {
        entries.delete(key);
        return;
      }
      throw new CheckFailure('get-differs', `${key} is in the range, and get finds nothing`);
    }
    const entry = observed(got);
    const isSame =
      inRange !== undefined &&
      inRange.revision === entry.revision &&
      inRange.attempt === entry.attempt &&
      inRange.item === entry.item &&
      inRange.version === entry.version;
    check(isSame, 'get-differs', () => `${key}: get and range find different entries`);
  }

  /** Names, list of segments, accounting: what must hold of an open store that is at rest. */
  async checkHouse(observation: Observation): Promise<void> {
    for (const { event, facts } of this.log) {
      const isTight = event === 'merge-failed' && this.#options.freeBytes !== undefined;
      if (!ALARMING.has(event) || isTight) continue;
      throw new CheckFailure(`alarm-${event}`, JSON.stringify(facts));
    }
    // A merge at work has files that are listed nowhere yet, and bytes on the move.
    while (this.store.mergeStatus().state !== 'idle') await this.loop.runFor(REST_MS);
    this.store.pauseMerge();
    const stats = this.store.stats();
    check(!stats.degraded && stats.damage.length === 0, 'false-damage', () =>
      JSON.stringify(stats.damage),
    );
    let live = 0;
    for (const [key, { valueBytes, expiresAt }] of observation.entries) {
      live += this.#liveBytesOf(key, valueBytes, expiresAt !== undefined);
    }
    const isTimed = [...observation.entries.values()].some(
      (entry) => entry.expiresAt !== undefined,
    );
    check(isTimed || stats.log.liveBytes === live, 'live-bytes-differ', () => {
      return `the store counts ${stats.log.liveBytes} live bytes, its entries have ${live}`;
    });
    await this.#checkNames();
    this.store.resumeMerge();
  }

  /** Of the entry's record, and of the touch that gave it another expiry since. */
  #liveBytesOf(key: string, valueBytes: number, expires: boolean): number {
    const { keydir } = this.engine.opened;
    const bytes = Buffer.from(key);
    const ref = keydir.find(bytes, 0, bytes.length);
    const isTouched = ref !== 0 && keydir.touchedAt(ref) !== 0;
    if (!isTouched) return recordBytes(bytes.length, valueBytes, expires);
    const touch = touchBytes(bytes.length, expires);
    return recordBytes(bytes.length, valueBytes, keydir.valueExpires(ref)) + touch;
  }

  async #checkNames(): Promise<void> {
    const manifest = await this.run(readManifest(this.fs, this.#directory));
    const listed = new Set<string>(manifest?.obsolete);
    for (const { id, kind } of manifest?.segments ?? []) {
      listed.add(segmentName(kind, id)).add(hintName(id));
    }
    // What the engine is about to list, or works on at this moment, is known to its catalogue.
    for (const { id, kind } of this.engine.opened.catalog.all()) {
      listed.add(segmentName(kind, id)).add(hintName(id));
    }
    for (const name of this.fs.disk.directory(this.#directory)?.entries.keys() ?? []) {
      const kind = parseFileName(name)?.kind;
      const isKnown = kind === 'manifest' || kind === 'lock' || kind === 'ballast';
      const isHarmless = isKnown || kind === 'torn' || kind === 'tmp' || listed.has(name);
      check(isHarmless, 'leaked-file', () => `${name} is listed nowhere`);
    }
  }

  /** After `close`: nothing stays open. */
  checkClosed(): void {
    const open = [...this.fs.openHandles].map((file) => file.path);
    check(open.length === 0, 'leaked-descriptor', () => open.join(', '));
    check(!this.fs.isLocked, 'leaked-lock', () => 'the lock is held after close');
  }
}

function observed(entry: Entry): ObservedEntry {
  const identity = identifyValue(entry.value);
  if (identity === undefined) {
    const start = entry.value.subarray(0, 32).toString('latin1');
    throw new CheckFailure('invented-value', `${entry.key.toString('latin1')} holds "${start}"`);
  }
  const { revision, version, expiresAt } = entry;
  return { ...identity, revision, version, expiresAt, valueBytes: entry.value.length };
}
