/**
 * Writes requests, `[id, op, meta, ...arguments]`, into an output buffer. The client's side.
 * Trailing arguments that have their default are left out.
 */

import type { BackupRequest } from '../vocabulary/backup.ts';
import type { BatchItem, Bytes, KeyRange, RangeOptions } from '../vocabulary/entry.ts';
import {
  CONDITION_IF_ABSENT,
  CONDITION_IF_PRESENT,
  CONDITION_NONE,
  conditionOf,
  TTL_KEEP,
  TTL_NONE,
  ttlOf,
} from '../vocabulary/write-arguments.ts';
import type { HelloAuth, HelloRequest } from './hello.ts';
import {
  bytesRoom,
  HEADER_BYTES_MAX,
  INT_BYTES_MAX,
  type PlainValue,
  valueRoom,
  writeArrayHeader,
  writeBool,
  writeBytes,
  writeInt,
  writeInt64,
  writeMapHeader,
  writeNil,
  writeStr,
  writeUint,
  writeValue,
} from './msgpack-writer.ts';
import {
  BACKUP_COPIES,
  BACKUP_FULL,
  BATCH_DELETE,
  BATCH_PUT,
  OP_AUTH,
  OP_BACKUP,
  OP_BATCH,
  OP_COUNT,
  OP_DELETE,
  OP_DELETE_RANGE,
  OP_EXISTS,
  OP_GET,
  OP_GET_AND_DELETE,
  OP_GET_MANY,
  OP_HELLO,
  OP_INCR,
  OP_PERSIST,
  OP_PUT,
  OP_RANGE,
  OP_TOUCH,
  OP_TTL,
  RANGE_KEYS_ONLY,
  RANGE_REVERSE,
} from './op-codes.ts';
import type { OutputBuffer } from './output-buffer.ts';

/** id, op and meta before the arguments. */
const HEAD_ITEMS = 3;
/** `{d: deadline}`: map header (1) + key (2) + integer. */
const META_ROOM = 1 + 2 + INT_BYTES_MAX;
const HEAD_ROOM = HEADER_BYTES_MAX + 2 * INT_BYTES_MAX + META_ROOM;
/** Condition and time to live. */
const OPTIONS_ROOM = 2 * INT_BYTES_MAX;

/** Starts the frame and writes what stands before the arguments. */
function begin(
  out: OutputBuffer,
  id: number,
  op: number,
  argumentCount: number,
  argumentRoom: number,
  deadlineMs: number,
): void {
  out.beginFrame(HEAD_ROOM + argumentRoom);
  const { bytes } = out;
  let at = writeArrayHeader(bytes, out.at, HEAD_ITEMS + argumentCount);
  at = writeUint(bytes, at, id);
  at = writeUint(bytes, at, op);
  if (deadlineMs === 0) {
    out.at = writeNil(bytes, at);
    return;
  }
  at = writeStr(bytes, writeMapHeader(bytes, at, 1), 'd');
  out.at = writeUint(bytes, at, deadlineMs);
}

function encodeKeyRequest(
  out: OutputBuffer,
  id: number,
  op: number,
  key: Bytes,
  deadlineMs: number,
): void {
  begin(out, id, op, 1, bytesRoom(key), deadlineMs);
  out.at = writeBytes(out.bytes, out.at, key);
  out.endFrame();
}

export function encodeGet(out: OutputBuffer, id: number, key: Bytes, deadlineMs = 0): void {
  encodeKeyRequest(out, id, OP_GET, key, deadlineMs);
}

export function encodeExists(out: OutputBuffer, id: number, key: Bytes, deadlineMs = 0): void {
  encodeKeyRequest(out, id, OP_EXISTS, key, deadlineMs);
}

export function encodePersist(out: OutputBuffer, id: number, key: Bytes, deadlineMs = 0): void {
  encodeKeyRequest(out, id, OP_PERSIST, key, deadlineMs);
}

export function encodeTtl(out: OutputBuffer, id: number, key: Bytes, deadlineMs = 0): void {
  encodeKeyRequest(out, id, OP_TTL, key, deadlineMs);
}

export function encodeGetAndDelete(
  out: OutputBuffer,
  id: number,
  key: Bytes,
  deadlineMs = 0,
): void {
  encodeKeyRequest(out, id, OP_GET_AND_DELETE, key, deadlineMs);
}

/** @param by 1 is left out */
export function encodeIncr(
  out: OutputBuffer,
  id: number,
  key: Bytes,
  by: number | bigint,
  deadlineMs = 0,
): void {
  const isOne = by === 1 || by === 1n;
  begin(out, id, OP_INCR, isOne ? 1 : 2, bytesRoom(key) + INT_BYTES_MAX, deadlineMs);
  const at = writeBytes(out.bytes, out.at, key);
  out.at = isOne ? at : writeInt64(out.bytes, at, by);
  out.endFrame();
}

/** @param ttlMs milliseconds, or what `expiringAt` gives */
export function encodeTouch(
  out: OutputBuffer,
  id: number,
  key: Bytes,
  ttlMs: number,
  deadlineMs = 0,
): void {
  const isRelative = ttlMs > 0;
  begin(out, id, OP_TOUCH, isRelative ? 2 : 3, bytesRoom(key) + OPTIONS_ROOM, deadlineMs);
  const { bytes } = out;
  const at = writeBytes(bytes, out.at, key);
  out.at = isRelative ? writeUint(bytes, at, ttlMs) : writeUint(bytes, writeNil(bytes, at), -ttlMs);
  out.endFrame();
}

function writeCondition(bytes: Buffer, at: number, condition: number): number {
  if (condition === CONDITION_NONE) return writeNil(bytes, at);
  if (condition === CONDITION_IF_ABSENT) return writeBool(bytes, at, false);
  if (condition === CONDITION_IF_PRESENT) return writeBool(bytes, at, true);
  return writeUint(bytes, at, condition);
}

function writeTtl(bytes: Buffer, at: number, ttlMs: number): number {
  return ttlMs === TTL_KEEP ? writeBool(bytes, at, true) : writeInt(bytes, at, ttlMs);
}

/** How many of condition and time to live must be written. */
function optionCount(condition: number, ttlMs: number): number {
  if (ttlMs !== TTL_NONE) return 2;
  return condition === CONDITION_NONE ? 0 : 1;
}

function writeOptions(bytes: Buffer, at: number, condition: number, ttlMs: number): number {
  const count = optionCount(condition, ttlMs);
  if (count === 0) return at;
  const next = writeCondition(bytes, at, condition);
  return count === 2 ? writeTtl(bytes, next, ttlMs) : next;
}

export function encodePut(
  out: OutputBuffer,
  id: number,
  key: Bytes,
  value: Bytes,
  condition: number,
  ttlMs: number,
  deadlineMs = 0,
): void {
  const room = bytesRoom(key) + bytesRoom(value) + OPTIONS_ROOM;
  begin(out, id, OP_PUT, 2 + optionCount(condition, ttlMs), room, deadlineMs);
  const { bytes } = out;
  const at = writeBytes(bytes, writeBytes(bytes, out.at, key), value);
  out.at = writeOptions(bytes, at, condition, ttlMs);
  out.endFrame();
}

export function encodeDelete(
  out: OutputBuffer,
  id: number,
  key: Bytes,
  condition: number,
  deadlineMs = 0,
): void {
  const count = 1 + optionCount(condition, TTL_NONE);
  begin(out, id, OP_DELETE, count, bytesRoom(key) + OPTIONS_ROOM, deadlineMs);
  const at = writeBytes(out.bytes, out.at, key);
  out.at = writeOptions(out.bytes, at, condition, TTL_NONE);
  out.endFrame();
}

export function encodeGetMany(
  out: OutputBuffer,
  id: number,
  keys: readonly Bytes[],
  deadlineMs = 0,
): void {
  let room = HEADER_BYTES_MAX;
  for (const key of keys) room += bytesRoom(key);
  begin(out, id, OP_GET_MANY, 1, room, deadlineMs);
  let at = writeArrayHeader(out.bytes, out.at, keys.length);
  for (const key of keys) at = writeBytes(out.bytes, at, key);
  out.at = at;
  out.endFrame();
}

/** The most that an item takes on the wire. */
function batchItemRoom(item: BatchItem): number {
  const value = item.type === 'put' ? bytesRoom(item.value) : 0;
  return HEADER_BYTES_MAX + 1 + bytesRoom(item.key) + value + OPTIONS_ROOM;
}

function writeBatchItem(bytes: Buffer, at: number, item: BatchItem): number {
  const condition = conditionOf(item);
  if (item.type === 'delete') {
    let next = writeArrayHeader(bytes, at, 2 + optionCount(condition, TTL_NONE));
    next = writeUint(bytes, next, BATCH_DELETE);
    return writeOptions(bytes, writeBytes(bytes, next, item.key), condition, TTL_NONE);
  }
  const ttlMs = ttlOf(item);
  let next = writeArrayHeader(bytes, at, 3 + optionCount(condition, ttlMs));
  next = writeUint(bytes, next, BATCH_PUT);
  next = writeBytes(bytes, writeBytes(bytes, next, item.key), item.value);
  return writeOptions(bytes, next, condition, ttlMs);
}

/** @throws CaskError INVALID_OPTION for an item's options; then nothing is written */
export function encodeBatch(
  out: OutputBuffer,
  id: number,
  items: readonly BatchItem[],
  deadlineMs = 0,
): void {
  let room = HEADER_BYTES_MAX;
  for (const item of items) room += batchItemRoom(item);
  begin(out, id, OP_BATCH, 1, room, deadlineMs);
  try {
    let at = writeArrayHeader(out.bytes, out.at, items.length);
    for (const item of items) at = writeBatchItem(out.bytes, at, item);
    out.at = at;
  } catch (thrown) {
    out.abandonFrame();
    throw thrown;
  }
  out.endFrame();
}

function writeBytesOrNil(bytes: Buffer, at: number, data: Bytes | undefined): number {
  return data === undefined ? writeNil(bytes, at) : writeBytes(bytes, at, data);
}

function boundRoom(bound: Bytes | undefined): number {
  return bound === undefined ? 1 : bytesRoom(bound);
}

function boundsRoom({ start, end, prefix }: KeyRange): number {
  return boundRoom(start) + boundRoom(end) + boundRoom(prefix);
}

function writeBounds(bytes: Buffer, at: number, { start, end, prefix }: KeyRange): number {
  const next = writeBytesOrNil(bytes, writeBytesOrNil(bytes, at, start), end);
  return writeBytesOrNil(bytes, next, prefix);
}

/** COUNT of all keys, or of those within a range. */
export function encodeCount(out: OutputBuffer, id: number, range: KeyRange, deadlineMs = 0): void {
  const { start, end, prefix } = range;
  const isOfAll = start === undefined && end === undefined && prefix === undefined;
  begin(out, id, OP_COUNT, isOfAll ? 0 : 3, boundsRoom(range), deadlineMs);
  if (!isOfAll) out.at = writeBounds(out.bytes, out.at, range);
  out.endFrame();
}

/** @param flags DELETE_RANGE_ALL, DELETE_RANGE_PROGRESS */
export function encodeDeleteRange(
  out: OutputBuffer,
  id: number,
  range: KeyRange,
  flags: number,
  deadlineMs = 0,
): void {
  begin(out, id, OP_DELETE_RANGE, 4, boundsRoom(range) + INT_BYTES_MAX, deadlineMs);
  out.at = writeUint(out.bytes, writeBounds(out.bytes, out.at, range), flags);
  out.endFrame();
}

export function encodeRange(
  out: OutputBuffer,
  id: number,
  range: RangeOptions,
  deadlineMs = 0,
): void {
  const { after, limit } = range;
  const room = boundsRoom(range) + boundRoom(after) + 2 * INT_BYTES_MAX;
  begin(out, id, OP_RANGE, 6, room, deadlineMs);
  const { bytes } = out;
  let at = writeBounds(bytes, out.at, range);
  at = writeBytesOrNil(bytes, at, after);
  at = limit === undefined ? writeNil(bytes, at) : writeUint(bytes, at, limit);
  const flags =
    (range.reverse === true ? RANGE_REVERSE : 0) | (range.keysOnly === true ? RANGE_KEYS_ONLY : 0);
  out.at = writeUint(bytes, at, flags);
  out.endFrame();
}

/** Any other request: PING, STATS, SYNC, MERGE, CANCEL, CONFIG, JOBS. */
export function encodeRequest(
  out: OutputBuffer,
  id: number,
  op: number,
  args: readonly PlainValue[],
  deadlineMs = 0,
): void {
  begin(out, id, op, args.length, valueRoom(args), deadlineMs);
  for (const argument of args) out.at = writeValue(out.bytes, out.at, argument);
  out.endFrame();
}

export function encodeHelloRequest(out: OutputBuffer, id: number, hello: HelloRequest): void {
  const { client, version, auth } = hello;
  const who = auth === undefined ? {} : { auth: { user: auth.user, password: auth.password } };
  encodeRequest(out, id, OP_HELLO, [{ client, version, ...who }]);
}

export function encodeAuth(
  out: OutputBuffer,
  id: number,
  { user, password }: HelloAuth,
  deadlineMs = 0,
): void {
  encodeRequest(out, id, OP_AUTH, [user, password], deadlineMs);
}

export function encodeBackup(
  out: OutputBuffer,
  id: number,
  { directory, keep, copies = false, full = false }: BackupRequest,
  deadlineMs = 0,
): void {
  const flags = (copies ? BACKUP_COPIES : 0) | (full ? BACKUP_FULL : 0);
  const args: PlainValue[] = [directory ?? null, keep ?? null, flags];
  while (args.length > 0 && (args.at(-1) === null || args.at(-1) === 0)) args.pop();
  encodeRequest(out, id, OP_BACKUP, args, deadlineMs);
}
