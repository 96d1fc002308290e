/**
 * The session of a user who is limited to keys with certain prefixes: whatever else it asks for is
 * FORBIDDEN. Commands know nothing of it, and have no other way to keys.
 */

import { CaskError } from '../errors/cask-error.ts';
import type { Account } from '../security/index.ts';
import type { DamagedEntry, Entry, KeyEntry, RangePage } from '../storage/entry.ts';
import type { Modifier } from '../storage/modifier.ts';
import type { Patience } from '../storage/patience.ts';
import type { ReplySink } from '../storage/reply-sink.ts';
import type { Session } from '../storage/session.ts';
import type {
  BatchItem,
  BatchItemResult,
  Bytes,
  DeleteRangeOptions,
  DeleteRangeResult,
  KeyRange,
  RangeOptions,
  WorkOptions,
} from '../vocabulary/entry.ts';
import type { PageView } from '../vocabulary/page-view.ts';
import { isRangeWithin } from './range-within.ts';

type Page = RangePage<Entry | DamagedEntry | KeyEntry>;

export class LimitedSession implements Session {
  readonly #session: Session;
  readonly #account: Account;
  readonly #sink: Pick<ReplySink, 'onError'>;

  constructor(session: Session, account: Account, sink: Pick<ReplySink, 'onError'>) {
    this.#session = session;
    this.#account = account;
    this.#sink = sink;
  }

  /** Nothing: how long an answer takes must not tell whether a key is there. */
  fetch(): void {}

  get(buffer: Uint8Array, keyStart: number, keyBytes: number, token: number): void {
    if (!this.#admits(buffer, keyStart, keyBytes, token)) return;
    this.#session.get(buffer, keyStart, keyBytes, token);
  }

  exists(buffer: Uint8Array, keyStart: number, keyBytes: number, token: number): void {
    if (!this.#admits(buffer, keyStart, keyBytes, token)) return;
    this.#session.exists(buffer, keyStart, keyBytes, token);
  }

  put(
    keyBuffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    valueBuffer: Uint8Array,
    valueStart: number,
    valueBytes: number,
    condition: number,
    ttlMs: number,
    token: number,
  ): void {
    if (!this.#admits(keyBuffer, keyStart, keyBytes, token)) return;
    const value = [valueBuffer, valueStart, valueBytes] as const;
    this.#session.put(keyBuffer, keyStart, keyBytes, ...value, condition, ttlMs, token);
  }

  delete(
    buffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    condition: number,
    token: number,
  ): void {
    if (!this.#admits(buffer, keyStart, keyBytes, token)) return;
    this.#session.delete(buffer, keyStart, keyBytes, condition, token);
  }

  modify(
    buffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    modifier: Modifier,
    token: number,
  ): void {
    if (!this.#admits(buffer, keyStart, keyBytes, token)) return;
    this.#session.modify(buffer, keyStart, keyBytes, modifier, token);
  }

  clear(token: number): void {
    this.#sink.onError(token, this.#refusal('all keys'));
  }

  async getMany(
    keys: readonly Uint8Array[],
    patience?: Patience,
  ): Promise<(Entry | DamagedEntry | undefined)[]> {
    this.#requireKeys(keys);
    return this.#session.getMany(keys, patience);
  }

  async batch(items: readonly BatchItem[], patience?: Patience): Promise<BatchItemResult[]> {
    this.#requireKeys(items.map(({ key }) => key));
    return this.#session.batch(items, patience);
  }

  range(
    options: RangeOptions & { readonly keysOnly: true },
    patience?: Patience,
  ): Promise<RangePage<KeyEntry>>;
  range(options?: RangeOptions, patience?: Patience): Promise<RangePage<Entry | DamagedEntry>>;
  async range(options: RangeOptions = {}, patience?: Patience): Promise<Page> {
    this.#requireRange(options);
    return this.#session.range(options, patience);
  }

  page(options: RangeOptions, patience?: Patience): PageView | Promise<PageView> {
    this.#requireRange(options);
    return this.#session.page(options, patience);
  }

  async count(range?: KeyRange, patience?: Patience): Promise<number> {
    this.#requireRange(range ?? {});
    return this.#session.count(range, patience);
  }

  async deleteRange(options: DeleteRangeOptions & WorkOptions): Promise<DeleteRangeResult> {
    this.#requireRange(options);
    return this.#session.deleteRange(options);
  }

  close(): void {
    this.#session.close();
  }

  /** Once the limit is gone nothing comes this way; until then nothing is allowed. */
  get #prefixes(): readonly Buffer[] {
    return this.#account.prefixes ?? [];
  }

  #admits(buffer: Uint8Array, keyStart: number, keyBytes: number, token: number): boolean {
    // for each request: no closure, no copy
    for (const prefix of this.#prefixes) {
      const { length } = prefix;
      const isLongEnough = length <= keyBytes;
      if (isLongEnough && prefix.compare(buffer, keyStart, keyStart + length) === 0) return true;
    }
    this.#sink.onError(token, this.#refusal('this key'));
    return false;
  }

  #requireKeys(keys: readonly Bytes[]): void {
    const index = keys.findIndex((key) => {
      const bytes = Buffer.from(key as string);
      return !this.#prefixes.some((prefix) => isPrefixOf(prefix, bytes));
    });
    if (index >= 0) throw this.#refusal(`key ${index} of these`, { index });
  }

  #requireRange(range: KeyRange): void {
    if (this.#prefixes.some((prefix) => isRangeWithin(range, prefix))) return;
    throw this.#refusal('a range that reaches beyond one of its prefixes');
  }

  /** Says nothing of keys: who may not touch them learns nothing of them. */
  #refusal(what: string, details: Readonly<Record<string, number>> = {}): CaskError {
    const { name } = this.#account;
    const message = `the user ${name} is limited to prefixes, and may not touch ${what}`;
    return new CaskError('FORBIDDEN', message, { details });
  }
}

function isPrefixOf(prefix: Buffer, key: Buffer): boolean {
  return prefix.length <= key.length && prefix.compare(key, 0, prefix.length) === 0;
}
