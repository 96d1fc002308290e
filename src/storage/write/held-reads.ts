/**
 * Reads whose answer lies in the records of a group, or depends on it: what it is is known, and it
 * leaves when the group commits. No object per read.
 */

import type { CaskError } from '../../errors/cask-error.ts';
import { RecordView, viewTrustedRecord } from '../format/record.ts';
import { blankEntry, type EntryView, type ReplySink } from '../reply-sink.ts';

/** In place of where a record is: what the answer is without one. */
const ABSENT = -1;
const EXISTS = -2;
const EXISTS_NOT = -3;

export class HeldReads {
  /** Three columns, one row a read. */
  readonly #recordAts: number[] = [];
  readonly #sinks: ReplySink[] = [];
  readonly #tokens: number[] = [];
  readonly #view = new RecordView();
  readonly #entry = blankEntry();

  /** A read of the put whose record is there in the group's buffer. */
  addValue(recordAt: number, sink: ReplySink, token: number): void {
    this.#recordAts.push(recordAt);
    this.#sinks.push(sink);
    this.#tokens.push(token);
  }

  addAbsent(sink: ReplySink, token: number): void {
    this.addValue(ABSENT, sink, token);
  }

  addExists(exists: boolean, sink: ReplySink, token: number): void {
    this.addValue(exists ? EXISTS : EXISTS_NOT, sink, token);
  }

  /** The group is committed; `buffer` still has its records. */
  answer(buffer: Uint8Array): void {
    for (let row = 0; row < this.#recordAts.length; row += 1) {
      const recordAt = this.#recordAts[row] as number;
      const sink = this.#sinks[row] as ReplySink;
      const token = this.#tokens[row] as number;
      if (recordAt >= 0) sink.onValue(token, this.#entryAt(buffer, recordAt));
      else if (recordAt === ABSENT) sink.onAbsent(token);
      else sink.onExists(token, recordAt === EXISTS);
    }
  }

  fail(error: CaskError): void {
    for (let row = 0; row < this.#sinks.length; row += 1) {
      this.#sinks[row]?.onError(this.#tokens[row] as number, error);
    }
  }

  #entryAt(buffer: Uint8Array, recordAt: number): EntryView {
    const view = this.#view;
    const entry = this.#entry;
    viewTrustedRecord(buffer, recordAt, view);
    entry.buffer = buffer;
    entry.valueStart = view.valueStart;
    entry.valueBytes = view.valueBytes;
    entry.revision = view.sequence;
    entry.version = view.version;
    entry.createdAt = view.createdAt;
    entry.updatedAt = view.updatedAt;
    entry.expiresAt = view.expiresAt;
    return entry;
  }
}
