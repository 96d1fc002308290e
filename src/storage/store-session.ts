/** A session over the engine. */

import type { CaskError } from '../errors/cask-error.ts';
import type {
  BatchItemResult,
  DeleteRangeOptions,
  DeleteRangeResult,
  KeyRange,
  RangeOptions,
  WorkOptions,
} from '../vocabulary/entry.ts';
import type { PageView } from '../vocabulary/page-view.ts';
import type { Engine } from './engine.ts';
import type { DamagedEntry, Entry, KeyEntry, RangePage, StoreBatchItem } from './entry.ts';
import type { Modifier } from './modifier.ts';
import type { Patience } from './patience.ts';
import type { EntryView, PutOutcome, ReplySink } from './reply-sink.ts';
import type { Session } from './session.ts';
import type { Group } from './write/group.ts';
import type { SessionLine } from './write/session-line.ts';
import type { WriteOrigin } from './write/write-origin.ts';

/** Where the answers of a closed session go. */
const NOWHERE: ReplySink = {
  onValue: () => {},
  onAbsent: () => {},
  onExists: () => {},
  onPut: () => {},
  onDelete: () => {},
  onError: () => {},
};

/** Passes answers on until the session is closed. */
class SessionSink implements ReplySink {
  #to: ReplySink;

  constructor(to: ReplySink) {
    this.#to = to;
  }

  close(): void {
    this.#to = NOWHERE;
  }

  onValue(token: number, entry: EntryView): void {
    this.#to.onValue(token, entry);
  }

  onAbsent(token: number): void {
    this.#to.onAbsent(token);
  }

  onExists(token: number, exists: boolean): void {
    this.#to.onExists(token, exists);
  }

  onPut(token: number, outcome: PutOutcome): void {
    this.#to.onPut(token, outcome);
  }

  onDelete(token: number, revision: number): void {
    this.#to.onDelete(token, revision);
  }

  onError(token: number, error: CaskError): void {
    this.#to.onError(token, error);
  }

  onModified(token: number, modifier: Modifier, outcome: PutOutcome): void {
    this.#to.onModified?.(token, modifier, outcome);
  }

  onDeferred(token: number): void {
    this.#to.onDeferred?.(token);
  }

  mayBegin(token: number): boolean {
    return this.#to.mayBegin?.(token) ?? true;
  }
}

export class StoreSession implements Session, WriteOrigin {
  readonly sink: SessionSink;
  lastGroup: Group | undefined;
  line: SessionLine | undefined;
  readonly #engine: Engine;

  constructor(engine: Engine, sink: ReplySink) {
    this.#engine = engine;
    this.sink = new SessionSink(sink);
  }

  fetch(buffer: Uint8Array, starts: Uint32Array, lengths: Uint32Array, count: number): void {
    this.#engine.reads.points.fetch(buffer, starts, lengths, count);
  }

  get(buffer: Uint8Array, keyStart: number, keyBytes: number, token: number): void {
    this.#engine.reads.points.get(this, buffer, keyStart, keyBytes, token);
  }

  exists(buffer: Uint8Array, keyStart: number, keyBytes: number, token: number): void {
    this.#engine.reads.points.exists(this, buffer, keyStart, keyBytes, token);
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
    this.#engine.writes.sequencer.put(
      this,
      keyBuffer,
      keyStart,
      keyBytes,
      valueBuffer,
      valueStart,
      valueBytes,
      condition,
      ttlMs,
      token,
    );
  }

  delete(
    buffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    condition: number,
    token: number,
  ): void {
    this.#engine.writes.sequencer.delete(this, buffer, keyStart, keyBytes, condition, token);
  }

  modify(
    buffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    modifier: Modifier,
    token: number,
  ): void {
    this.#engine.modifies.modify(this, buffer, keyStart, keyBytes, modifier, token);
  }

  clear(token: number): void {
    this.#engine.writes.sequencer.clear(this, token);
  }

  getMany(
    keys: readonly Uint8Array[],
    patience?: Patience,
  ): Promise<(Entry | DamagedEntry | undefined)[]> {
    return this.#engine.reads.ranges.getMany(this, keys, patience);
  }

  batch(items: readonly StoreBatchItem[], patience?: Patience): Promise<BatchItemResult[]> {
    return this.#engine.writes.batches.write(this, items, patience);
  }

  range(
    options: RangeOptions & { readonly keysOnly: true },
    patience?: Patience,
  ): Promise<RangePage<KeyEntry>>;
  range(options?: RangeOptions, patience?: Patience): Promise<RangePage<Entry | DamagedEntry>>;
  range(
    options: RangeOptions = {},
    patience?: Patience,
  ): Promise<RangePage<Entry | DamagedEntry | KeyEntry>> {
    return this.#engine.reads.ranges.range(this, options, patience);
  }

  page(options: RangeOptions, patience?: Patience): PageView | Promise<PageView> {
    return this.#engine.reads.ranges.page(this, options, patience);
  }

  count(range: KeyRange = {}, patience?: Patience): Promise<number> {
    return this.#engine.reads.ranges.count(this, range, patience);
  }

  deleteRange(options: DeleteRangeOptions & WorkOptions): Promise<DeleteRangeResult> {
    return this.#engine.deleteRange(this, options);
  }

  close(): void {
    this.sink.close();
  }
}
