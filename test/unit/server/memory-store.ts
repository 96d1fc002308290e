/**
 * A store in a Map, for tests of the server and the daemon: just enough meaning, and switches for
 * what the real one does only under load.
 */

import { throwIfCancelled } from '../../../src/errors/cancelled.ts';
import { CaskError, toCaskError } from '../../../src/errors/cask-error.ts';
import type { ErrorCode } from '../../../src/errors/error-codes.ts';
import { limitError } from '../../../src/errors/limit-error.ts';
import type { ObservedStore } from '../../../src/http/index.ts';
import type { StoreLimits } from '../../../src/server/served-store.ts';
import type { Entry, KeyEntry, RangePage, StoreBatchItem } from '../../../src/storage/entry.ts';
import { JobRegistry } from '../../../src/storage/jobs/job-registry.ts';
import {
  CHANGE_DELETE,
  CHANGE_PUT,
  CHANGE_TOUCH,
  Decision,
  type Modifier,
} from '../../../src/storage/modifier.ts';
import { newPatience } from '../../../src/storage/patience.ts';
import type { EntryView, PutOutcome, ReplySink } from '../../../src/storage/reply-sink.ts';
import type { Session } from '../../../src/storage/session.ts';
import type { StoreChanges } from '../../../src/storage/store-options.ts';
import type {
  SegmentFacts,
  StoreDurations,
  StoreHealth,
  StoreStats,
  StoreStatus,
} from '../../../src/storage/store-stats.ts';
import type { BackupRequest } from '../../../src/vocabulary/backup.ts';
import { DurationHistogram } from '../../../src/vocabulary/duration-histogram.ts';
import type {
  BatchItemResult,
  Bytes,
  DeleteRangeOptions,
  DeleteRangeResult,
  KeyRange,
  RangeOptions,
  WorkOptions,
} from '../../../src/vocabulary/entry.ts';
import type { PageView } from '../../../src/vocabulary/page-view.ts';
import { expiryOf } from '../../../src/vocabulary/write-arguments.ts';
import { pageOfEntries } from '../../fixtures/page-of-entries.ts';
import { SAMPLE_STATS } from './sample-stats.ts';

const LIMITS: StoreLimits = {
  maxKeyBytes: 1000,
  maxValueBytes: 2 * 1024 * 1024,
  maxBatchItems: 100,
  maxBatchBytes: 4 * 1024 * 1024,
  maxRangeItems: 50,
  maxRangeBytes: 1024 * 1024,
};

/** Keys are kept as latin1 strings, whose order is that of the bytes. */
function text(bytes: Bytes): string {
  return typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1');
}

export class MemoryStore implements ObservedStore {
  readonly options: StoreLimits;
  readonly uuid = '00000000000000000000000000000001';
  readonly backups: BackupRequest[] = [];
  scrubbing = false;
  readonly entries = new Map<string, Entry>();
  readonly failed: Promise<CaskError>;
  fail: (error: CaskError) => void = () => {};
  indexReady = true;
  degraded = false;
  status: StoreStatus = 'open';
  reason: string | undefined;
  readonly durations: StoreDurations = {
    sync: new DurationHistogram(),
    write: new DurationHistogram(),
    read: new DurationHistogram(),
    merge: new DurationHistogram(),
  };
  writeQueueIsLong = false;
  /** Answers of GET, PUT, DELETE, EXISTS wait here while `holding`. */
  holding = false;
  readonly held: (() => void)[] = [];
  readonly jobs = new JobRegistry(
    { wallMs: () => Date.now(), monotonicMs: () => performance.now() },
    2,
  );
  /** What `deleteRange()` waits for. */
  deleteGate: Promise<void> = Promise.resolve();
  /** What `merge()` waits for. */
  mergeGate: Promise<void> = Promise.resolve();
  openSessions = 0;
  closed = false;
  paused = false;
  /** What `reconfigure` was asked for. */
  readonly changes: StoreChanges[] = [];
  revision = 0;
  #onShort: (() => void)[] = [];

  constructor(limits: Partial<StoreLimits> = {}) {
    this.options = { ...LIMITS, ...limits };
    this.failed = new Promise((resolve) => {
      this.fail = resolve;
    });
  }

  release(): void {
    this.holding = false;
    for (const answer of this.held.splice(0)) answer();
  }

  shortenWriteQueue(): void {
    this.writeQueueIsLong = false;
    for (const listener of this.#onShort.splice(0)) listener();
  }

  onWriteQueueShort(listener: () => void): void {
    this.#onShort.push(listener);
  }

  openSession(sink: ReplySink): Session {
    this.openSessions += 1;
    return new MemorySession(this, sink);
  }

  put(key: string, value: Uint8Array): Entry {
    const now = Date.now();
    const before = this.entries.get(key);
    const entry: Entry = {
      key: Buffer.from(key, 'latin1'),
      value: Buffer.from(value),
      revision: ++this.revision,
      version: (before?.version ?? 0) + 1,
      createdAt: before?.createdAt ?? now,
      updatedAt: now,
      expiresAt: undefined,
    };
    this.entries.set(key, entry);
    return entry;
  }

  health(): StoreHealth {
    const { indexReady, degraded } = this;
    return { status: this.status, indexReady, degraded, reason: this.reason };
  }

  stats(): StoreStats {
    const { indexReady } = this;
    return { ...SAMPLE_STATS, ...this.health(), indexReady, keys: this.entries.size };
  }

  segments(after: number, limit: number): SegmentFacts[] {
    const one = { kind: 'log', state: 'sealed', bytes: 10, liveBytes: 4, deadBytes: 6 } as const;
    return [1, 2, 3]
      .filter((id) => id > after)
      .slice(0, limit)
      .map((id) => ({ id, ...one, merging: id === 1 }));
  }

  sync(): Promise<number> {
    return Promise.resolve(this.revision);
  }

  backup(options: BackupRequest): Promise<object> {
    return this.jobs.run({ kind: 'backup', unit: 'bytes' }, async () => {
      this.backups.push(options);
      return { path: `${options.directory}/backup-1`, revision: this.revision };
    });
  }

  async scrub({ bytesPerSecond }: { bytesPerSecond: number | undefined }): Promise<object> {
    this.scrubbing = true;
    return { segments: 1, bytes: bytesPerSecond ?? 0, damaged: [], hintsRejected: 0, ms: 1 };
  }

  scrubStatus(): object {
    return { running: this.scrubbing };
  }

  stopScrub(): boolean {
    const was = this.scrubbing;
    this.scrubbing = false;
    return was;
  }

  async merge(): Promise<object> {
    await this.mergeGate;
    return { inputs: 2, outputs: 1, bytesBefore: 20, bytesAfter: 10, ms: 1 };
  }

  mergeStatus(): object {
    return { state: 'idle', bytesDone: 0, bytesTotal: 0, paused: this.paused, runs: 0 };
  }

  reconfigure(changes: StoreChanges): void {
    this.changes.push(changes);
  }

  pauseMerge(): void {
    this.paused = true;
  }

  resumeMerge(): void {
    this.paused = false;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

function viewOf(entry: Entry): EntryView {
  const { value, expiresAt = 0 } = entry;
  return { ...entry, buffer: value, valueStart: 0, valueBytes: value.length, expiresAt };
}

class MemorySession implements Session {
  readonly #store: MemoryStore;
  readonly #sink: ReplySink;
  #open = true;

  constructor(store: MemoryStore, sink: ReplySink) {
    this.#store = store;
    this.#sink = sink;
  }

  fetch(): void {}

  get(buffer: Uint8Array, keyStart: number, keyBytes: number, token: number): void {
    const key = this.#key(buffer, keyStart, keyBytes, token);
    const entry = key === undefined ? undefined : this.#store.entries.get(key);
    if (key === undefined) return;
    this.#answer(() => {
      if (entry === undefined) return this.#sink.onAbsent(token);
      const { value, expiresAt = 0 } = entry;
      const place = { buffer: value, valueStart: 0, valueBytes: value.length };
      return this.#sink.onValue(token, { ...entry, ...place, expiresAt });
    });
  }

  exists(buffer: Uint8Array, keyStart: number, keyBytes: number, token: number): void {
    const key = this.#key(buffer, keyStart, keyBytes, token);
    if (key !== undefined) {
      this.#answer(() => this.#sink.onExists(token, this.#store.entries.has(key)));
    }
  }

  put(
    keyBuffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    valueBuffer: Uint8Array,
    valueStart: number,
    valueBytes: number,
    condition: number,
    _ttlMs: number,
    token: number,
  ): void {
    const key = this.#key(keyBuffer, keyStart, keyBytes, token);
    if (key === undefined) return;
    const { maxValueBytes } = this.#store.options;
    if (valueBytes > maxValueBytes) {
      this.#refuse(token, 'VALUE_TOO_LARGE', 'maxValueBytes');
      return;
    }
    const current = this.#store.entries.get(key)?.revision ?? 0;
    if (condition >= 0 && condition !== current) {
      const details = { revision: current };
      this.#sink.onError(token, new CaskError('CONFLICT', 'not that revision', { details }));
      return;
    }
    const value = valueBuffer.subarray(valueStart, valueStart + valueBytes);
    const entry = this.#store.put(key, value);
    this.#answer(() => this.#sink.onPut(token, { ...entry, expiresAt: 0 }));
  }

  delete(
    buffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    _condition: number,
    token: number,
  ): void {
    const key = this.#key(buffer, keyStart, keyBytes, token);
    if (key === undefined) return;
    const revision = this.#store.entries.delete(key) ? ++this.#store.revision : 0;
    this.#answer(() => this.#sink.onDelete(token, revision));
  }

  modify(
    buffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    modifier: Modifier,
    token: number,
  ): void {
    const key = this.#key(buffer, keyStart, keyBytes, token);
    if (key === undefined) return;
    const entry = this.#store.entries.get(key);
    const decision = new Decision();
    decision.now = Date.now();
    try {
      modifier.apply(entry === undefined ? undefined : viewOf(entry), decision);
    } catch (thrown) {
      this.#sink.onError(token, toCaskError(thrown));
      return;
    }
    const { change, valueBuffer, valueStart, valueBytes } = decision;
    const nothing = { revision: 0, version: 0, createdAt: 0, updatedAt: 0, expiresAt: 0 };
    let outcome: PutOutcome = entry === undefined ? nothing : viewOf(entry);
    if (change === CHANGE_PUT) {
      const value = valueBuffer.subarray(valueStart, valueStart + valueBytes);
      outcome = viewOf(this.#store.put(key, value));
    } else if (change === CHANGE_TOUCH && entry !== undefined) {
      const expiresAt = expiryOf(decision.ttlMs, decision.now, 0);
      const revision = ++this.#store.revision;
      const touched = { ...entry, revision, expiresAt: expiresAt === 0 ? undefined : expiresAt };
      this.#store.entries.set(key, touched);
      outcome = viewOf(touched);
    } else if (change === CHANGE_DELETE && this.#store.entries.delete(key)) {
      outcome = { ...nothing, revision: ++this.#store.revision };
    }
    this.#answer(() => this.#sink.onModified?.(token, modifier, outcome));
  }

  clear(token: number): void {
    this.#store.entries.clear();
    const revision = ++this.#store.revision;
    this.#answer(() => this.#sink.onDelete(token, revision));
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Entry | undefined)[]> {
    const found: (Entry | undefined)[] = [];
    let bytes = 0;
    for (const key of keys) {
      const entry = this.#store.entries.get(text(key));
      bytes += entry === undefined ? 0 : entry.key.length + entry.value.length;
      if (bytes > this.#store.options.maxRangeBytes && found.length > 0) break;
      found.push(entry);
    }
    return Promise.resolve(found);
  }

  batch(items: readonly StoreBatchItem[], patience = newPatience()): Promise<BatchItemResult[]> {
    patience.sequenced = true;
    const results = items.map((item) => {
      if (item.type === 'check') return { revision: undefined, version: undefined };
      if (item.type === 'put') return this.#store.put(text(item.key), Buffer.from(item.value));
      const was = this.#store.entries.delete(text(item.key));
      return { revision: was ? ++this.#store.revision : undefined, version: undefined };
    });
    return Promise.resolve(results);
  }

  range(options: RangeOptions & { readonly keysOnly: true }): Promise<RangePage<KeyEntry>>;
  range(options?: RangeOptions): Promise<RangePage<Entry>>;
  range(options: RangeOptions = {}): Promise<RangePage<Entry | KeyEntry>> {
    const { prefix = '', start = '', end, after, reverse = false } = options;
    const { limit = this.#store.options.maxRangeItems } = options;
    const sign = reverse ? -1 : 1;
    const found = [...this.#store.entries]
      .filter(([key]) => key.startsWith(text(prefix)) && key >= text(start))
      .filter(([key]) => end === undefined || key < text(end))
      .filter(([key]) => after === undefined || (reverse ? key < text(after) : key > text(after)))
      .sort(([a], [b]) => (a < b ? -sign : sign));
    const page = found.slice(0, limit).map(([, entry]) => entry);
    const keyOf = ({ value, updatedAt: _, ...rest }: Entry): KeyEntry => ({
      ...rest,
      valueBytes: value.length,
    });
    const entries = options.keysOnly ? page.map(keyOf) : page;
    return Promise.resolve({ entries, more: found.length > entries.length });
  }

  async page(options: RangeOptions): Promise<PageView> {
    const { entries, more } = await this.range(options);
    return pageOfEntries(entries, more);
  }

  count(range: KeyRange = {}): Promise<number> {
    return Promise.resolve(this.#keysWithin(range).length);
  }

  deleteRange(options: DeleteRangeOptions & WorkOptions): Promise<DeleteRangeResult> {
    const { signal, onProgress } = options;
    const request = { kind: 'delete-range', unit: 'keys', signal, onProgress };
    return this.#store.jobs.run(request, async (job) => {
      await Promise.resolve();
      const keys = this.#keysWithin(options);
      job.progress(0, keys.length);
      await this.#store.deleteGate;
      throwIfCancelled(job.signal);
      for (const key of keys) this.#store.entries.delete(key);
      this.#store.revision += keys.length;
      const revision = keys.length === 0 ? undefined : this.#store.revision;
      return { deleted: keys.length, revision };
    });
  }

  #keysWithin({ start = '', end, prefix = '' }: KeyRange): string[] {
    return [...this.#store.entries.keys()]
      .filter((key) => key.startsWith(text(prefix)) && key >= text(start))
      .filter((key) => end === undefined || key < text(end));
  }

  close(): void {
    this.#open = false;
    this.#store.openSessions -= 1;
  }

  #answer(answer: () => void): void {
    if (!this.#store.holding) answer();
    else this.#store.held.push(() => this.#open && answer());
  }

  #key(buffer: Uint8Array, start: number, bytes: number, token: number): string | undefined {
    const { maxKeyBytes } = this.#store.options;
    if (bytes > 0 && bytes <= maxKeyBytes) return text(buffer.subarray(start, start + bytes));
    if (bytes > 0) this.#refuse(token, 'KEY_TOO_LONG', 'maxKeyBytes');
    else this.#sink.onError(token, new CaskError('KEY_EMPTY', 'a key has one byte at least'));
    return undefined;
  }

  #refuse(token: number, code: ErrorCode, limitName: 'maxKeyBytes' | 'maxValueBytes'): void {
    const limit = this.#store.options[limitName];
    this.#sink.onError(token, limitError(code, `the limit is ${limit}`, limitName, limit));
  }
}
