/**
 * The records of a group in columns, one row each: what its commit has to do, so that nothing that
 * was just encoded is decoded again, and whom to tell what.
 */

import type { ReplySink } from '../reply-sink.ts';

/** What to tell about a record once it is committed. */
export const REPLY_NONE = 0;
export const REPLY_PUT = 1;
export const REPLY_DELETE = 2;
export const REPLY_MODIFY = 3;

/** The part of `kinds` that is one of these. */
const REPLY_BITS = 0x03;
/** Added to it: a put that tells no modifier; only its row is looked at. */
export const ROW_PUT = 0x04;
/** Added: a batch goes on behind it. */
export const ROW_IN_BATCH = 0x08;

const ROWS_MIN = 64;
/** Columns are kept for other groups up to this length. */
const ROWS_KEPT_MAX = 16_384;

export function replyOf(kind: number): number {
  return kind & REPLY_BITS;
}

export class GroupRows {
  count = 0;
  /** As of when the references are valid (`Keydir.moves`). */
  moves = -1;
  /** Offsets of the records in the group's buffer. */
  recordAts: Uint32Array = new Uint32Array(ROWS_MIN);
  kinds: Uint8Array = new Uint8Array(ROWS_MIN);
  readonly tokens: number[] = [];
  // of a row with ROW_PUT
  /** Of the key. */
  hashes: Uint32Array = new Uint32Array(ROWS_MIN);
  /** The key's entry in the keydir; 0: there was none, or it is not known. */
  refs: Uint32Array = new Uint32Array(ROWS_MIN);
  versions: Uint32Array = new Uint32Array(ROWS_MIN);
  createdAts: Float64Array = new Float64Array(ROWS_MIN);
  expiresAts: Float64Array = new Float64Array(ROWS_MIN);
  /** Whom to tell, for as many rows in a row as it is the same: from which row on. */
  readonly sinks: (ReplySink | undefined)[] = [];
  readonly sinkRows: number[] = [];
  #lastSink: ReplySink | undefined;

  /** @param sink undefined: nobody is told */
  add(recordAt: number, kind: number, sink: ReplySink | undefined, token: number): void {
    const row = this.count;
    if (row === this.recordAts.length) this.#grow();
    if (row === 0 || sink !== this.#lastSink) {
      this.sinks.push(sink);
      this.sinkRows.push(row);
      this.#lastSink = sink;
    }
    this.recordAts[row] = recordAt;
    this.kinds[row] = kind;
    this.tokens[row] = token;
    this.count = row + 1;
  }

  /** Fills in what a put needs, of the last row. */
  describePut(
    hash: number,
    ref: number,
    moves: number,
    version: number,
    createdAt: number,
    expiresAt: number,
  ): void {
    const row = this.count - 1;
    if (this.moves < 0) this.moves = moves;
    this.hashes[row] = hash;
    this.refs[row] = this.moves === moves ? ref : 0;
    this.versions[row] = version;
    this.createdAts[row] = createdAt;
    this.expiresAts[row] = expiresAt;
  }

  /** Nothing of the batch follows the last row. */
  endBatch(): void {
    const row = this.count - 1;
    this.kinds[row] = (this.kinds[row] as number) & ~ROW_IN_BATCH;
  }

  /** Empties it; false: it is too large to be kept. */
  reset(): boolean {
    this.count = 0;
    this.moves = -1;
    this.sinks.length = 0;
    this.sinkRows.length = 0;
    this.#lastSink = undefined;
    return this.recordAts.length <= ROWS_KEPT_MAX;
  }

  #grow(): void {
    const rows = this.recordAts.length * 2;
    this.recordAts = enlarged(this.recordAts, new Uint32Array(rows));
    this.kinds = enlarged(this.kinds, new Uint8Array(rows));
    this.hashes = enlarged(this.hashes, new Uint32Array(rows));
    this.refs = enlarged(this.refs, new Uint32Array(rows));
    this.versions = enlarged(this.versions, new Uint32Array(rows));
    this.createdAts = enlarged(this.createdAts, new Float64Array(rows));
    this.expiresAts = enlarged(this.expiresAts, new Float64Array(rows));
  }
}

function enlarged<T extends Uint8Array | Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
