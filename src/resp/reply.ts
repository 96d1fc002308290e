/** One reply being written, for commands: they say what, this knows where and in which version. */

import type { CaskError } from '../errors/cask-error.ts';
import {
  OK,
  type ReplyTarget,
  writeArray,
  writeBulk,
  writeBulkText,
  writeBytes,
  writeError,
  writeErrorText,
  writeInteger,
  writeMap,
  writeNull,
  writeNullArray,
  writeSet,
  writeSimple,
  writeVerbatim,
} from './reply-writer.ts';

export class Reply {
  to: ReplyTarget;
  isResp3: boolean;

  constructor(to: ReplyTarget, isResp3: boolean) {
    this.to = to;
    this.isResp3 = isResp3;
  }

  ok(): void {
    writeBytes(this.to, OK);
  }

  simple(text: string): void {
    writeSimple(this.to, text);
  }

  integer(value: number | bigint): void {
    writeInteger(this.to, value);
  }

  bulk(bytes: Uint8Array): void {
    writeBulk(this.to, bytes, 0, bytes.length);
  }

  bulkPart(buffer: Uint8Array, start: number, bytes: number): void {
    writeBulk(this.to, buffer, start, bytes);
  }

  text(text: string): void {
    writeBulkText(this.to, text);
  }

  verbatim(text: string): void {
    writeVerbatim(this.to, text, this.isResp3);
  }

  null(): void {
    writeNull(this.to, this.isResp3);
  }

  nullArray(): void {
    writeNullArray(this.to, this.isResp3);
  }

  array(items: number): void {
    writeArray(this.to, items);
  }

  set(items: number): void {
    writeSet(this.to, items, this.isResp3);
  }

  map(pairs: number): void {
    writeMap(this.to, pairs, this.isResp3);
  }

  raw(bytes: Uint8Array): void {
    writeBytes(this.to, bytes);
  }

  /** @param text with the word that clients know it by, e.g. `ERR syntax error` */
  error(text: string): void {
    writeErrorText(this.to, text);
  }

  failure(error: CaskError): void {
    writeError(this.to, error);
  }

  /** Strings, numbers and arrays of them. */
  value(value: ReplyValue): void {
    if (typeof value === 'string') this.text(value);
    else if (typeof value === 'number') this.integer(value);
    else if (value === null) this.null();
    else if (Buffer.isBuffer(value)) this.bulk(value);
    else {
      const items = value as readonly ReplyValue[];
      this.array(items.length);
      for (const item of items) this.value(item);
    }
  }
}

export type ReplyValue = string | number | null | Buffer | readonly ReplyValue[];
