/**
 * Reads replies, errors and pushes in place. The client's side; one instance is reused for all.
 *
 *     reply.open(parser.buffer, parser.start, parser.end);
 *     if (reply.status !== STATUS_OK) reject(reply.readError());
 *     else if (reply.readValue()) ...
 *
 * Whatever is thrown means that the peer does not keep to the protocol: close the connection.
 */

import type { CaskError, ErrorDetails } from '../errors/cask-error.ts';
import type { BatchItemResult, DeleteRangeResult } from '../vocabulary/entry.ts';
import { errorFromWire } from './error-message.ts';
import { type HelloReply, readHelloReply } from './hello.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { unpackValue } from './packr.ts';

/**
 * An entry of a page or of GET_MANY as it lies in the reply: slices of copies that nobody else writes
 * to, each smaller than SMALL_MESSAGE_BYTES; what is larger is a slice of the message's buffer.
 */
export interface DecodedEntry {
  /** Undefined in GET_MANY. */
  readonly key: Buffer | undefined;
  /** Undefined: keys only, or damaged. */
  readonly value: Buffer | undefined;
  readonly revision: number;
  readonly version: number;
  readonly createdAt: number;
  /** 0: not given. */
  readonly updatedAt: number;
  readonly expiresAt: number | undefined;
  readonly error?: CaskError | undefined;
  /** Length of a value that is not sent: keys only. Undefined: not told. */
  readonly valueBytes?: number | undefined;
}

/** Messages below this size are copied as a whole rather than value by value: cf. Buffer's pool. */
export const SMALL_MESSAGE_BYTES = 64 * 1024;

export interface DecodedPage {
  readonly entries: DecodedEntry[];
  readonly more: boolean;
}

export class ReplyReader {
  /** 0: a push, or an error of the connection. */
  id = 0;
  /** STATUS_OK, an error's number, or a push's kind. */
  status = 0;

  /** Where in `buffer` the value lies; set by `readValue`. */
  valueStart = 0;
  valueBytes = 0;
  /** Set by `readMeta`; `expiresAt` 0: never. */
  revision = 0;
  version = 0;
  createdAt = 0;
  updatedAt = 0;
  expiresAt = 0;

  readonly #reader = new MsgpackReader();
  #left = 0;

  open(buffer: Buffer, start: number, end: number): void {
    const reader = this.#reader;
    reader.open(buffer, start, end);
    const items = reader.readArrayHeader('the body');
    if (items < 2) reader.mismatch('the body', '[id, status, ...]');
    this.id = reader.readUint('id');
    this.status = reader.readUint('status');
    this.#left = items - 2;
  }

  /** What the message lies in. */
  get buffer(): Buffer {
    return this.#reader.buffer;
  }

  /** `name, message, retryable, details` of an error reply. */
  readError(): CaskError {
    const reader = this.#reader;
    const name = this.#more() ? reader.readText('name') : 'UNKNOWN';
    const message = this.#more() ? reader.readText('message') : name;
    const retryable = this.#more() && !reader.skipNil() ? reader.readBool('retryable') : undefined;
    const details = this.#more() ? this.#readPlain() : undefined;
    return errorFromWire(this.status, name, message, retryable, detailsOf(details));
  }

  /** GET, GET_AND_DELETE: false when there is no such key. For GET `readMeta` may follow. */
  readValue(): boolean {
    this.#need('value');
    const reader = this.#reader;
    if (reader.skipNil()) return false;
    reader.readBytes('value');
    this.valueStart = reader.bytesStart;
    this.valueBytes = reader.bytesLength;
    return true;
  }

  /** PUT, and GET after `readValue`: revision, version and times. */
  readMeta(): void {
    const reader = this.#reader;
    if (this.#left < 4) reader.mismatch('results', 'revision, version, createdAt, updatedAt');
    this.#left -= 4;
    this.revision = reader.readUint('revision');
    this.version = reader.readUint('version');
    this.createdAt = reader.readUint('createdAt');
    this.updatedAt = reader.readUint('updatedAt');
    this.expiresAt = this.#more() ? (reader.readUintOrNil('expiresAt') ?? 0) : 0;
  }

  /** INCR: the sum. `readMeta` follows. */
  readSum(): bigint {
    this.#need('value');
    return BigInt(this.#reader.readInt64('value'));
  }

  /** TTL: ms; Infinity: it never expires; undefined: there is no such key. */
  readTtl(): number | undefined {
    if (!this.readBool()) return undefined;
    const ttlMs = this.#more() ? this.#reader.readUintOrNil('ttl') : undefined;
    return ttlMs ?? Number.POSITIVE_INFINITY;
  }

  /** DELETE, TOUCH, PERSIST: the revision, 0 when there was nothing to do. */
  readDelete(): number {
    const isDone = this.readBool();
    const revision = this.#more() ? (this.#reader.readUintOrNil('revision') ?? 0) : 0;
    return isDone ? revision : 0;
  }

  readDeleteRange(): DeleteRangeResult {
    this.#need('deleted');
    const deleted = this.#reader.readUint('deleted');
    const revision = this.#more() ? this.#reader.readUintOrNil('revision') : undefined;
    return { deleted, revision };
  }

  /** EXISTS, CANCEL. */
  readBool(): boolean {
    this.#need('result');
    return this.#reader.readBool('result');
  }

  /** COUNT, SYNC. */
  readNumber(): number {
    this.#need('result');
    return this.#reader.readUint('result');
  }

  readHello(): HelloReply {
    this.#need('result');
    return readHelloReply(this.#reader);
  }

  /** GET_MANY: undefined where there is no such key. */
  readEntries(): (DecodedEntry | undefined)[] {
    this.#need('entries');
    this.#reader.keep(SMALL_MESSAGE_BYTES);
    const entries: (DecodedEntry | undefined)[] = [];
    for (let left = this.#reader.readArrayHeader('entries'); left > 0; left--) {
      entries.push(this.#reader.skipNil() ? undefined : this.#readEntry(false));
    }
    return entries;
  }

  readPage(): DecodedPage {
    this.#need('entries');
    this.#reader.keep(SMALL_MESSAGE_BYTES);
    const entries: DecodedEntry[] = [];
    for (let left = this.#reader.readArrayHeader('entries'); left > 0; left--) {
      entries.push(this.#readEntry(true));
    }
    this.#need('more');
    return { entries, more: this.#reader.readBool('more') };
  }

  readBatch(): BatchItemResult[] {
    const reader = this.#reader;
    this.#need('results');
    const results: BatchItemResult[] = [];
    for (let left = reader.readArrayHeader('results'); left > 0; left--) {
      const items = reader.readArrayHeader('a result');
      if (items < 2) reader.mismatch('a result', '[revision, version]');
      const revision = reader.readUintOrNil('revision');
      const version = reader.readUintOrNil('version');
      for (let extra = items - 2; extra > 0; extra--) reader.skip(3);
      results.push({ revision, version });
    }
    return results;
  }

  /** Whatever is left: results of STATS and MERGE, items of a push. */
  readRest(): unknown[] {
    const values: unknown[] = [];
    while (this.#more()) values.push(this.#readPlain());
    return values;
  }

  #readPlain(): unknown {
    const reader = this.#reader;
    reader.keep(Number.POSITIVE_INFINITY);
    const { value, next } = unpackValue(reader.buffer, reader.at, reader.end, 1);
    reader.at = next;
    return value;
  }

  #readEntry(withKey: boolean): DecodedEntry {
    const reader = this.#reader;
    const fields = withKey ? 7 : 6;
    const items = reader.readArrayHeader('an entry');
    if (items < fields) reader.mismatch('an entry', `an array of at least ${fields}`);
    const key = withKey ? reader.readSlice('key') : undefined;
    const value = reader.readSliceOrNil('value');
    const revision = reader.readUint('revision');
    const version = reader.readUint('version');
    const createdAt = reader.readUint('createdAt');
    const updatedAt = reader.readUintOrNil('updatedAt') ?? 0;
    const expiresAt = reader.readUintOrNil('expiresAt');
    // most have no more: the object is then what a caller is given
    if (items === fields) {
      return { key, value, revision, version, createdAt, updatedAt, expiresAt };
    }
    const error = !reader.skipNil() ? this.#readEntryError() : undefined;
    const valueBytes = items > fields + 1 ? reader.readUintOrNil('valueBytes') : undefined;
    for (let extra = items - fields - 2; extra > 0; extra--) reader.skip(3);
    return { key, value, revision, version, createdAt, updatedAt, expiresAt, error, valueBytes };
  }

  #readEntryError(): CaskError {
    const reader = this.#reader;
    const items = reader.readArrayHeader('error');
    if (items < 3) reader.mismatch('error', '[code, name, message]');
    const number = reader.readUint('code');
    const name = reader.readText('name');
    const message = reader.readText('message');
    for (let extra = items - 3; extra > 0; extra--) reader.skip(4);
    return errorFromWire(number, name, message, undefined, undefined);
  }

  #need(what: string): void {
    if (this.#left === 0) this.#reader.mismatch(what, 'given; it is missing');
    this.#left -= 1;
  }

  #more(): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }
}

function detailsOf(value: unknown): ErrorDetails | undefined {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMap && !(value instanceof Uint8Array) ? (value as ErrorDetails) : undefined;
}
