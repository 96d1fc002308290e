/** A client over a map, for tests of the shell; failures can be put in the way. */

import { CaskError } from '../../../src/errors/cask-error.ts';
import type {
  MergeStatus,
  ShellClient,
  ShellEntry,
  ShellPage,
  SlowLog,
} from '../../../src/shell/shell-client.ts';
import type { BackupRequest, BackupResult } from '../../../src/vocabulary/backup.ts';
import type {
  BatchItem,
  BatchItemResult,
  Bytes,
  CounterResult,
  DeleteRangeOptions,
  DeleteRangeResult,
  EntryMeta,
  KeyRange,
  PutOptions,
  RangeOptions,
  TouchOptions,
  WorkOptions,
} from '../../../src/vocabulary/entry.ts';
import type { ClientFacts, SlowEntry } from '../../../src/vocabulary/insight.ts';
import type { JobStatus } from '../../../src/vocabulary/job-status.ts';
import type { ScrubResult, ScrubStatus } from '../../../src/vocabulary/scrub.ts';
import type { SettingFacts } from '../../../src/vocabulary/setting-facts.ts';

const CREATED_AT = 1_700_000_000_000;

const SETTINGS: readonly SettingFacts[] = [
  {
    name: 'maxJobs',
    value: 4,
    text: '4',
    origin: 'flag',
    place: '--max-jobs',
    default: '4',
    allowed: '1 to 64',
    reloadable: false,
    section: 'Memory',
  },
  {
    name: 'cacheBytes',
    value: 65_536,
    text: '64k',
    origin: 'default',
    place: null,
    default: 'a sixteenth, at most 256m',
    allowed: '0 to 4g',
    reloadable: true,
    section: 'Memory',
  },
  {
    name: 'maxConnections',
    value: 1000,
    text: '1000',
    origin: 'default',
    place: null,
    default: '1000',
    allowed: null,
    reloadable: true,
    section: 'Connections',
  },
];

export class FakeClient implements ShellClient {
  readonly entries = new Map<string, ShellEntry & { value: Buffer }>();
  readonly calls: string[] = [];
  readonly ttls = new Map<string, number>();
  readonly settings = new Map(SETTINGS.map((setting) => [setting.name, setting]));
  readonly putOptions: PutOptions[] = [];
  readonly ranges: RangeOptions[] = [];
  /** Called before each put; what it throws is the put's failure. */
  beforePut: (key: Buffer, value: Buffer) => Promise<void> | void = () => {};
  readonly deletions: DeleteRangeOptions[] = [];
  /** Called before each key of a range is deleted. */
  beforeDelete: (index: number) => Promise<void> | void = () => {};
  runningJobs: JobStatus[] = [];
  /** Damaged keys: their pages carry an error in place of the value. */
  readonly damaged = new Set<string>();
  /** The most entries of a page, as a server bounded by bytes would have it. */
  pageItems = Number.POSITIVE_INFINITY;
  pendingMerge: Promise<object> = Promise.resolve({
    inputs: 2,
    outputs: 1,
    bytesBefore: 4096,
    bytesAfter: 1024,
    ms: 12,
  });
  readonly backups: BackupRequest[] = [];
  damagedSegments: number[] = [];
  backupResult: BackupResult = {
    path: '/backups/backup-20261121T152700.123Z-r9',
    revision: 9,
    time: CREATED_AT,
    historyFloor: 0,
    files: 3,
    bytes: 4096,
    bytesCopied: 0,
    bytesReused: 1024,
    damaged: [],
    removed: [],
    ms: 12,
  };
  closed = false;
  readonly connected: ClientFacts[] = [];
  readonly slow: SlowEntry[] = [];
  /** Pages of keys have the lengths of values. */
  tellsSizes = true;
  /** Given one after the other; then a small one. */
  readonly statsReplies: object[] = [];
  /** What pings take, one after the other; then 0.25 ms. */
  readonly pings: number[] = [];
  #revision = 0;

  /** Fills the map without going through `put`. */
  fill(pairs: Readonly<Record<string, string>>): this {
    for (const [key, value] of Object.entries(pairs)) this.#store(Buffer.from(key), value);
    return this;
  }

  async getEntry(key: Buffer): Promise<ShellEntry | undefined> {
    this.calls.push('getEntry');
    return this.entries.get(key.toString('latin1'));
  }

  async put(key: Buffer, value: Buffer, options: PutOptions = {}): Promise<ShellEntry & EntryMeta> {
    this.putOptions.push(options);
    await this.beforePut(key, value);
    const old = this.entries.get(key.toString('latin1'));
    checkCondition(options, old?.revision);
    const entry = this.#store(key, value);
    return { ...entry, updatedAt: CREATED_AT, expiresAt: undefined };
  }

  async delete(key: Buffer, options: Omit<PutOptions, 'ifAbsent'> = {}): Promise<boolean> {
    checkCondition(options, this.entries.get(key.toString('latin1'))?.revision);
    return this.entries.delete(key.toString('latin1'));
  }

  async exists(key: Buffer): Promise<boolean> {
    return this.entries.has(key.toString('latin1'));
  }

  async incr(key: Buffer, by: number | bigint = 1): Promise<CounterResult> {
    const old = this.entries.get(key.toString('latin1'))?.value ?? '0';
    const value = BigInt(String(old)) + BigInt(by);
    const entry = this.#store(key, String(value));
    return { ...entry, value, updatedAt: CREATED_AT, expiresAt: undefined };
  }

  async getAndDelete(key: Buffer): Promise<Buffer | undefined> {
    const value = this.entries.get(key.toString('latin1'))?.value;
    this.entries.delete(key.toString('latin1'));
    return value;
  }

  async ttl(key: Buffer): Promise<number | undefined> {
    if (!this.entries.has(key.toString('latin1'))) return undefined;
    return this.ttls.get(key.toString('latin1')) ?? Number.POSITIVE_INFINITY;
  }

  async touch(key: Buffer, { ttlMs = 0 }: TouchOptions): Promise<boolean> {
    if (!(await this.exists(key))) return false;
    this.ttls.set(key.toString('latin1'), ttlMs);
    return true;
  }

  async persist(key: Buffer): Promise<boolean> {
    return this.ttls.delete(key.toString('latin1'));
  }

  async count(range: KeyRange = {}): Promise<number> {
    return this.#within(range).length;
  }

  async deleteRange(options: DeleteRangeOptions & WorkOptions): Promise<DeleteRangeResult> {
    this.deletions.push(options);
    const keys = this.#within(options);
    for (const [index, key] of keys.entries()) {
      options.onProgress?.(index, keys.length);
      await this.beforeDelete(index);
      if (options.signal?.aborted) {
        throw new CaskError('CANCELLED', 'stopped', { details: { deleted: index } });
      }
      this.entries.delete(key);
    }
    this.#revision += keys.length;
    return { deleted: keys.length, revision: keys.length === 0 ? undefined : this.#revision };
  }

  async jobs(): Promise<JobStatus[]> {
    return this.runningJobs;
  }

  async cancelJob(id: number): Promise<boolean> {
    this.calls.push(`cancelJob ${id}`);
    return this.runningJobs.some((job) => job.id === id);
  }

  async batch(items: readonly BatchItem[]): Promise<BatchItemResult[]> {
    this.calls.push(`batch ${items.length}`);
    return items.map((item) => {
      const key = Buffer.from(item.key);
      if (item.type === 'put') return this.#store(key, Buffer.from(item.value));
      const was = this.entries.delete(key.toString('latin1'));
      return { revision: was ? this.#revision : undefined, version: undefined };
    });
  }

  async rangePage(request: RangeOptions): Promise<ShellPage> {
    this.ranges.push(request);
    const within = (key: Buffer): boolean =>
      (request.prefix === undefined || key.indexOf(request.prefix) === 0) &&
      (request.start === undefined || key.compare(Buffer.from(request.start)) >= 0) &&
      (request.end === undefined || key.compare(Buffer.from(request.end)) < 0) &&
      (request.after === undefined ||
        key.compare(Buffer.from(request.after)) * (request.reverse ? -1 : 1) > 0);
    const all = [...this.entries.values()]
      .filter((entry) => within(entry.key))
      .sort((a, b) => a.key.compare(b.key) * (request.reverse ? -1 : 1));
    const entries = all.slice(0, Math.min(request.limit ?? 1000, this.pageItems));
    return {
      entries: entries.map((entry) => this.#shown(entry, request.keysOnly === true)),
      more: entries.length < all.length,
    };
  }

  async clients(): Promise<readonly ClientFacts[]> {
    return this.connected;
  }

  async killClient(id: number): Promise<boolean> {
    this.calls.push(`kill ${id}`);
    return this.connected.some((client) => client.id === id);
  }

  async slowLog(count?: number): Promise<SlowLog> {
    this.calls.push(`slowLog ${count}`);
    return { entries: this.slow.slice(0, count), slowRequests: 42 };
  }

  async resetSlowLog(): Promise<number> {
    return this.slow.splice(0).length;
  }

  async stats(): Promise<object> {
    return (
      this.statsReplies.shift() ?? {
        keys: this.entries.size,
        newGroup: { groupBytes: 2048, slots: null },
        uptimeMs: 83_000,
        limits: {
          maxKeydirBytes: { limit: 4_194_304, current: 2048, high: 4096, reached: 1234 },
          idleTimeoutMs: { limit: 600_000, reached: 0 },
        },
      }
    );
  }

  async sync(): Promise<number> {
    this.calls.push('sync');
    return this.#revision;
  }

  async backup(request: BackupRequest): Promise<BackupResult> {
    this.backups.push(request);
    return this.backupResult;
  }

  async scrub(bytesPerSecond?: number): Promise<ScrubResult> {
    this.calls.push(`scrub ${bytesPerSecond}`);
    return { segments: 3, bytes: 4096, damaged: this.damagedSegments, hintsRejected: 0, ms: 12 };
  }

  async scrubStatus(): Promise<ScrubStatus> {
    return {
      running: false,
      bytesDone: 0,
      bytesTotal: 0,
      runs: 2,
      failures: 0,
      bytesRead: 8192,
      damagedSegments: 1,
      lastError: null,
      lastEndedAt: CREATED_AT,
      nextAt: null,
    };
  }

  async stopScrub(): Promise<boolean> {
    return false;
  }

  merge(): Promise<object> {
    this.calls.push('merge');
    return this.pendingMerge;
  }

  async mergeStatus(): Promise<MergeStatus> {
    return { state: 'copying', bytesDone: 512, bytesTotal: 1024, paused: false, runs: 3 };
  }

  async pauseMerge(): Promise<MergeStatus> {
    return { ...(await this.mergeStatus()), paused: true };
  }

  async resumeMerge(): Promise<MergeStatus> {
    return await this.mergeStatus();
  }

  async getConfig(name?: string): Promise<SettingFacts[]> {
    const settings = [...this.settings.values()];
    if (name === undefined) return settings;
    const setting = this.settings.get(name);
    if (setting === undefined) throw new CaskError('INVALID_OPTION', `there is no ${name}`);
    return [setting];
  }

  async setConfig(name: string, text: string): Promise<SettingFacts> {
    const [before] = await this.getConfig(name);
    if (before === undefined) throw new CaskError('INTERNAL', 'unreachable');
    const setting = {
      ...before,
      text,
      value: Number(text),
      origin: 'command',
      place: 'config set',
    };
    this.settings.set(name, setting);
    return setting;
  }

  async ping(): Promise<number> {
    return this.pings.shift() ?? 0.25;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  destroy(): void {
    this.closed = true;
  }

  /** As latin1, in order. */
  #within({ start, end, prefix }: KeyRange): string[] {
    const bound = (bytes: Bytes | undefined): string | undefined =>
      bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1');
    const [from = '', to, head = ''] = [bound(start), bound(end), bound(prefix)];
    return [...this.entries.keys()]
      .filter((key) => key >= from && key.startsWith(head) && (to === undefined || key < to))
      .sort();
  }

  #store(key: Buffer, value: Buffer | string): ShellEntry & { value: Buffer } {
    this.#revision += 1;
    const version = (this.entries.get(key.toString('latin1'))?.version ?? 0) + 1;
    const entry = {
      key,
      value: Buffer.from(value),
      revision: this.#revision,
      version,
      createdAt: CREATED_AT,
      updatedAt: CREATED_AT,
    };
    this.entries.set(key.toString('latin1'), entry);
    return entry;
  }

  #shown({ value, ...entry }: ShellEntry, keysOnly: boolean): ShellEntry {
    if (this.damaged.has(entry.key.toString())) {
      return { ...entry, error: new CaskError('CORRUPT', 'the record fails its checksum') };
    }
    if (!keysOnly) return { ...entry, value };
    const valueBytes = this.tellsSizes ? value?.length : undefined;
    return { ...entry, updatedAt: undefined, valueBytes };
  }
}

function checkCondition(options: PutOptions, revision: number | undefined): void {
  const fails =
    (options.ifAbsent && revision !== undefined) ||
    (options.ifPresent && revision === undefined) ||
    (options.ifRevision !== undefined && options.ifRevision !== (revision ?? 0));
  if (fails) throw new CaskError('CONFLICT', 'the condition failed', { details: { revision } });
}
