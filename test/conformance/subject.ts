/** What the cases run against: the operations that the embedded store and the client share. */

import type {
  BatchItem,
  BatchItemResult,
  Bytes,
  CounterResult,
  DeleteOptions,
  DeleteRangeOptions,
  DeleteRangeResult,
  Entry,
  EntryMeta,
  KeyEntry,
  KeyRange,
  PutOptions,
  RangeOptions,
  TouchOptions,
  WorkOptions,
} from '../../src/storage/index.ts';

/** An entry of a page; of keys only, it has neither value nor `updatedAt`. */
export type PageEntry = Omit<KeyEntry, 'valueBytes'> &
  Partial<Pick<Entry, 'value' | 'updatedAt'> & Pick<KeyEntry, 'valueBytes'>>;

export interface SubjectPage {
  readonly entries: readonly PageEntry[];
  readonly more: boolean;
}

export interface Operations {
  get(key: Bytes): Promise<Buffer | undefined>;
  getEntry(key: Bytes): Promise<Entry | undefined>;
  getMany(keys: readonly Bytes[]): Promise<(Buffer | undefined)[]>;
  put(key: Bytes, value: Bytes, options?: PutOptions): Promise<EntryMeta>;
  delete(key: Bytes, options?: DeleteOptions): Promise<boolean>;
  exists(key: Bytes): Promise<boolean>;
  incr(key: Bytes, by?: number | bigint): Promise<CounterResult>;
  getAndDelete(key: Bytes): Promise<Buffer | undefined>;
  ttl(key: Bytes): Promise<number | undefined>;
  touch(key: Bytes, options: TouchOptions): Promise<boolean>;
  persist(key: Bytes): Promise<boolean>;
  count(range?: KeyRange): Promise<number>;
  deleteRange(options: DeleteRangeOptions & WorkOptions): Promise<DeleteRangeResult>;
  deletePrefix(prefix: Bytes, options?: WorkOptions): Promise<DeleteRangeResult>;
  batch(items: readonly BatchItem[]): Promise<BatchItemResult[]>;
  rangePage(options?: RangeOptions): Promise<SubjectPage>;
  range(options?: RangeOptions & { readonly pageSize?: number }): AsyncIterable<PageEntry>;
}

export interface Subject {
  readonly db: Operations;
  /** Moves the store's clock. */
  pass(ms: number): void;
  close(): Promise<void>;
}

/** Cases by name; each gets a store that is new and empty. */
export type Cases = Readonly<Record<string, (subject: Subject) => Promise<void>>>;

/** Limits of the store that every subject stands on. */
export const LIMITS = {
  segmentBytes: 64 << 20,
  preallocateBytes: 0,
  maxValueBytes: 5 << 20,
  maxBatchItems: 500,
  maxBatchBytes: 1 << 20,
  maxRangeItems: 300,
  maxRangeBytes: 256 << 10,
  maxKeydirBytes: 256 << 20,
  cacheBytes: 1 << 20,
  ballastBytes: 0,
  merge: { automatic: false },
} as const;

/** The keys of a range, as text. */
export async function keysOf(
  db: Operations,
  options: RangeOptions & { readonly pageSize?: number } = {},
): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of db.range(options)) keys.push(key.toString('latin1'));
  return keys;
}

/** Puts every key with itself as its value, one after the other. */
export async function putAll(db: Operations, keys: readonly (string | Buffer)[]): Promise<void> {
  for (const key of keys) await db.put(key, key);
}
