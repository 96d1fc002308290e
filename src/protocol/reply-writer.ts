/**
 * Writes replies, `[id, 0, ...results]`, errors and pushes into an output buffer. The server's
 * side. Revisions and times are always uint 64, everything else is in its shortest form.
 */

import type { CaskError } from '../errors/cask-error.ts';
import type { BatchItemResult, DeleteRangeResult, EntryMeta } from '../vocabulary/entry.ts';
import type { PageView } from '../vocabulary/page-view.ts';
import { errorMessage, errorNumber, wireDetails } from './error-message.ts';
import { CONNECTION_ID, FLAG_PUSH, STATUS_OK } from './frame.ts';
import {
  HEADER_BYTES_MAX,
  INT_BYTES_MAX,
  type PlainValue,
  strRoom,
  valueRoom,
  writeArrayHeader,
  writeBin,
  writeBool,
  writeInt64,
  writeNil,
  writeStr,
  writeU64,
  writeU64OrNil,
  writeUint,
  writeValue,
} from './msgpack-writer.ts';
import type { OutputBuffer } from './output-buffer.ts';

/** id and status before the results. */
const HEAD_ITEMS = 2;
const HEAD_ROOM = HEADER_BYTES_MAX + 2 * INT_BYTES_MAX;
/** revision, version, createdAt, updatedAt, expiresAt */
const META_ITEMS = 5;
const META_ROOM = META_ITEMS * INT_BYTES_MAX;
/** Of an entry in a page beside key and value: headers, meta, nil or error, length of a value. */
const ROW_ROOM = 3 * HEADER_BYTES_MAX + META_ROOM + 1 + INT_BYTES_MAX;

/** What a put did; the store's `PutOutcome`. `expiresAt` 0: never. */
export interface PutView {
  readonly revision: number;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt: number;
}

/** An entry as it lies in a buffer; the store's `EntryView`. */
export interface ValueView extends PutView {
  readonly buffer: Uint8Array;
  readonly valueStart: number;
  readonly valueBytes: number;
}

/** An entry of GET_MANY; the store's Entry or DamagedEntry. */
export interface ReplyEntry extends Omit<EntryMeta, 'updatedAt'> {
  readonly key: Uint8Array;
  readonly value?: Uint8Array;
  readonly updatedAt?: number;
  readonly error?: CaskError;
}

function begin(out: OutputBuffer, id: number, resultCount: number, resultRoom: number): void {
  out.beginFrame(HEAD_ROOM + resultRoom);
  let at = writeArrayHeader(out.bytes, out.at, HEAD_ITEMS + resultCount);
  at = writeUint(out.bytes, at, id);
  out.at = writeUint(out.bytes, at, STATUS_OK);
}

function writeMeta(bytes: Buffer, at: number, meta: PutView): number {
  let next = writeU64(bytes, at, meta.revision);
  next = writeUint(bytes, next, meta.version);
  next = writeU64(bytes, next, meta.createdAt);
  next = writeU64(bytes, next, meta.updatedAt);
  return writeU64OrNil(bytes, next, meta.expiresAt);
}

/** GET of a key that is there. */
export function encodeValueReply(out: OutputBuffer, id: number, entry: ValueView): void {
  const { valueBytes } = entry;
  begin(out, id, 1 + META_ITEMS, HEADER_BYTES_MAX + valueBytes + META_ROOM);
  const at = writeBin(out.bytes, out.at, entry.buffer, entry.valueStart, valueBytes);
  out.at = writeMeta(out.bytes, at, entry);
  out.endFrame();
}

/** GET of a key that is not there. */
export function encodeAbsentReply(out: OutputBuffer, id: number): void {
  begin(out, id, 1, INT_BYTES_MAX);
  out.at = writeNil(out.bytes, out.at);
  out.endFrame();
}

/** EXISTS, CANCEL. */
export function encodeBoolReply(out: OutputBuffer, id: number, result: boolean): void {
  begin(out, id, 1, INT_BYTES_MAX);
  out.at = writeBool(out.bytes, out.at, result);
  out.endFrame();
}

export function encodePutReply(out: OutputBuffer, id: number, outcome: PutView): void {
  begin(out, id, META_ITEMS, META_ROOM);
  out.at = writeMeta(out.bytes, out.at, outcome);
  out.endFrame();
}

/** INCR: the sum, and what a put has. */
export function encodeIncrReply(
  out: OutputBuffer,
  id: number,
  sum: number | bigint,
  outcome: PutView,
): void {
  begin(out, id, 1 + META_ITEMS, INT_BYTES_MAX + META_ROOM);
  out.at = writeMeta(out.bytes, writeInt64(out.bytes, out.at, sum), outcome);
  out.endFrame();
}

/** @param ttlMs Infinity: it never expires; undefined: there is no such key */
export function encodeTtlReply(out: OutputBuffer, id: number, ttlMs: number | undefined): void {
  begin(out, id, 2, 2 * INT_BYTES_MAX);
  const { bytes } = out;
  const at = writeBool(bytes, out.at, ttlMs !== undefined);
  const expires = ttlMs !== undefined && ttlMs !== Number.POSITIVE_INFINITY;
  out.at = expires ? writeUint(bytes, at, ttlMs) : writeNil(bytes, at);
  out.endFrame();
}

/**
 * GET_AND_DELETE: the value that was there.
 * @param revision of the deletion
 */
export function encodeTakenReply(
  out: OutputBuffer,
  id: number,
  value: Uint8Array | undefined,
  revision: number,
): void {
  begin(out, id, 2, HEADER_BYTES_MAX + (value?.length ?? 0) + INT_BYTES_MAX);
  const at = writeBinOrNil(out.bytes, out.at, value);
  out.at = writeU64OrNil(out.bytes, at, revision);
  out.endFrame();
}

/** DELETE, TOUCH, PERSIST. @param revision 0: there was nothing to do */
export function encodeDeleteReply(out: OutputBuffer, id: number, revision: number): void {
  begin(out, id, 2, 2 * INT_BYTES_MAX);
  const at = writeBool(out.bytes, out.at, revision !== 0);
  out.at = writeU64OrNil(out.bytes, at, revision);
  out.endFrame();
}

/** @param revision undefined: nothing was deleted */
export function encodeDeleteRangeReply(
  out: OutputBuffer,
  id: number,
  { deleted, revision = 0 }: DeleteRangeResult,
): void {
  begin(out, id, 2, 2 * INT_BYTES_MAX);
  const at = writeUint(out.bytes, out.at, deleted);
  out.at = writeU64OrNil(out.bytes, at, revision);
  out.endFrame();
}

/** COUNT: a number in its shortest form. */
export function encodeCountReply(out: OutputBuffer, id: number, count: number): void {
  begin(out, id, 1, INT_BYTES_MAX);
  out.at = writeUint(out.bytes, out.at, count);
  out.endFrame();
}

/** SYNC: the durable revision. */
export function encodeSyncReply(out: OutputBuffer, id: number, revision: number): void {
  begin(out, id, 1, INT_BYTES_MAX);
  out.at = writeU64(out.bytes, out.at, revision);
  out.endFrame();
}

/** PING: the payload or nil, and the server's time. */
export function encodePingReply(
  out: OutputBuffer,
  id: number,
  payload: Uint8Array | undefined,
  now: number,
): void {
  const length = payload?.length ?? 0;
  begin(out, id, 2, HEADER_BYTES_MAX + length + INT_BYTES_MAX);
  const at =
    payload === undefined
      ? writeNil(out.bytes, out.at)
      : writeBin(out.bytes, out.at, payload, 0, length);
  out.at = writeU64(out.bytes, at, now);
  out.endFrame();
}

function writeBinOrNil(bytes: Buffer, at: number, data: Uint8Array | undefined): number {
  return data === undefined ? writeNil(bytes, at) : writeBin(bytes, at, data, 0, data.length);
}

/** `[code, name, message]` of a record that could not be read. */
function writeEntryError(bytes: Buffer, at: number, error: CaskError): number {
  const next = writeUint(bytes, writeArrayHeader(bytes, at, 3), errorNumber(error));
  return writeStr(bytes, writeStr(bytes, next, error.code), errorMessage(error));
}

function errorRoom(error: CaskError): number {
  const texts = strRoom(error.code) + strRoom(errorMessage(error));
  return HEADER_BYTES_MAX + INT_BYTES_MAX + texts;
}

/** value, revision, version, createdAt, updatedAt, expiresAt, error? */
function writeEntry(bytes: Buffer, at: number, entry: ReplyEntry): number {
  const { error } = entry;
  let next = writeArrayHeader(bytes, at, 1 + META_ITEMS + (error === undefined ? 0 : 1));
  next = writeBinOrNil(bytes, next, entry.value);
  next = writeU64(bytes, next, entry.revision);
  next = writeUint(bytes, next, entry.version);
  next = writeU64(bytes, next, entry.createdAt);
  next = writeU64OrNil(bytes, next, entry.updatedAt ?? 0);
  next = writeU64OrNil(bytes, next, entry.expiresAt ?? 0);
  return error === undefined ? next : writeEntryError(bytes, next, error);
}

function entryRoom({ error, value }: ReplyEntry): number {
  const room = 2 * HEADER_BYTES_MAX + (value?.length ?? 0) + META_ROOM;
  return error === undefined ? room : room + errorRoom(error);
}

/** The most that a reply of these entries takes as a frame's body. */
export function entriesReplyRoom(entries: readonly (ReplyEntry | undefined)[]): number {
  let room = HEAD_ROOM + HEADER_BYTES_MAX + 1;
  for (const entry of entries) room += entry === undefined ? 1 : entryRoom(entry);
  return room;
}

/** GET_MANY, in the order of the keys; undefined where there is none. */
export function encodeGetManyReply(
  out: OutputBuffer,
  id: number,
  entries: readonly (ReplyEntry | undefined)[],
): void {
  begin(out, id, 1, entriesReplyRoom(entries));
  const { bytes } = out;
  let at = writeArrayHeader(bytes, out.at, entries.length);
  for (const entry of entries) {
    if (entry === undefined) {
      at = writeNil(bytes, at);
      continue;
    }
    at = writeEntry(bytes, at, entry);
  }
  out.at = at;
  out.endFrame();
}

/** The most that a reply of this page takes as a frame's body. */
export function pageReplyRoom(page: PageView): number {
  let room = HEAD_ROOM + HEADER_BYTES_MAX + 1 + page.bytes + page.count * ROW_ROOM;
  for (const error of page.errors?.values() ?? []) room += errorRoom(error);
  return room;
}

/** RANGE: key, value, revision, version, createdAt, updatedAt, expiresAt, error?, valueBytes? */
export function encodeRangeReply(out: OutputBuffer, id: number, page: PageView): void {
  begin(out, id, 2, pageReplyRoom(page));
  const { bytes } = out;
  const { count, keys, isKeysOnly, errors } = page;
  let at = writeArrayHeader(bytes, out.at, count);
  for (let row = 0; row < count; row += 1) {
    const error = errors?.get(row);
    const extra = error === undefined ? 0 : 1;
    at = writeArrayHeader(bytes, at, 2 + META_ITEMS + (isKeysOnly ? 2 : extra));
    at = writeBin(bytes, at, keys, page.keyStart(row), page.keyBytes(row));
    if (isKeysOnly || error !== undefined) at = writeNil(bytes, at);
    else
      at = writeBin(bytes, at, page.valueBuffer(row), page.valueStart(row), page.valueBytes(row));
    at = writeU64(bytes, at, page.revision(row));
    at = writeUint(bytes, at, page.version(row));
    at = writeU64(bytes, at, page.createdAt(row));
    at = writeU64OrNil(bytes, at, error === undefined ? page.updatedAt(row) : 0);
    at = writeU64OrNil(bytes, at, page.expiresAt(row));
    if (isKeysOnly) at = writeUint(bytes, writeNil(bytes, at), page.valueBytes(row));
    else if (error !== undefined) at = writeEntryError(bytes, at, error);
  }
  out.at = writeBool(bytes, at, page.more);
  out.endFrame();
}

export function encodeBatchReply(
  out: OutputBuffer,
  id: number,
  results: readonly BatchItemResult[],
): void {
  begin(out, id, 1, HEADER_BYTES_MAX + results.length * (1 + 2 * INT_BYTES_MAX));
  const { bytes } = out;
  let at = writeArrayHeader(bytes, out.at, results.length);
  for (const { revision, version } of results) {
    at = writeU64OrNil(bytes, writeArrayHeader(bytes, at, 2), revision ?? 0);
    at = version === undefined ? writeNil(bytes, at) : writeUint(bytes, at, version);
  }
  out.at = at;
  out.endFrame();
}

/** Any other reply: HELLO, STATS, MERGE. */
export function encodeReply(out: OutputBuffer, id: number, results: readonly PlainValue[]): void {
  begin(out, id, results.length, valueRoom(results));
  for (const result of results) out.at = writeValue(out.bytes, out.at, result);
  out.endFrame();
}

/** @param id 0: the error concerns the connection */
export function encodeErrorReply(out: OutputBuffer, id: number, error: CaskError): void {
  const message: PlainValue[] = [
    id,
    errorNumber(error),
    error.code,
    errorMessage(error),
    error.retryable,
    wireDetails(error.details),
  ];
  out.beginFrame(valueRoom(message));
  out.at = writeValue(out.bytes, out.at, message);
  out.endFrame();
}

export function encodePush(out: OutputBuffer, kind: number, items: readonly PlainValue[]): void {
  const message = [CONNECTION_ID, kind, ...items];
  out.beginFrame(valueRoom(message), FLAG_PUSH);
  out.at = writeValue(out.bytes, out.at, message);
  out.endFrame();
}
