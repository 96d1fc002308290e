/** A client over a map, for tests of the shell; failures can be put in the way. */

import { CaskError } from '../../../src/errors/cask-error.ts';
import type {
  MergeStatus,
  ShellClient,
  ShellEntry,
  ShellPage,
} from '../../../src/shell/shell-client.ts';
import type {
  BatchItem,
  BatchItemResult,
  EntryMeta,
  PutOptions,
  RangeOptions,
} from '../../../src/vocabulary/entry.ts';

const CREATED_AT = 1_700_000_000_000;

export class FakeClient implements ShellClient {
  readonly entries = new Map<string, ShellEntry & { value: Buffer }>();
  readonly calls: string[] = [];
  readonly putOptions: PutOptions[] = [];
  readonly ranges: RangeOptions[] = [];
  /** Called before each put; what it throws is the put's failure. */
  beforePut: (key: Buffer, value: Buffer) => Promise<void> | void = () => {};
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
  closed = false;
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

  async count(): Promise<number> {
    return this.entries.size;
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

  async stats(): Promise<object> {
    return {
      keys: this.entries.size,
      keydir: { keydirBytes: 2048, slots: null },
      uptimeMs: 83_000,
    };
  }

  async sync(): Promise<number> {
    this.calls.push('sync');
    return this.#revision;
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

  async ping(): Promise<number> {
    return 0.25;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  destroy(): void {
    this.closed = true;
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
    return keysOnly ? { ...entry, updatedAt: undefined } : { ...entry, value };
  }
}

function checkCondition(options: PutOptions, revision: number | undefined): void {
  const fails =
    (options.ifAbsent && revision !== undefined) ||
    (options.ifPresent && revision === undefined) ||
    (options.ifRevision !== undefined && options.ifRevision !== (revision ?? 0));
  if (fails) throw new CaskError('CONFLICT', 'the condition failed', { details: { revision } });
}
