/**
 * Writes msgpack by hand (https://github.com/msgpack/msgpack/blob/master/spec.md), always in the
 * shortest form, save `writeU64`. Each function writes at an offset and returns the next one; the
 * caller has made sure of the room.
 */

import { assert } from '../errors/cask-error.ts';

/** The longest encoding of an integer: type (1) + 8. */
export const INT_BYTES_MAX = 1 + 8;
/** The longest header of bytes, a string, an array or a map: type (1) + length (4). */
export const HEADER_BYTES_MAX = 1 + 4;

const TWO_32 = 2 ** 32;

export function writeNil(bytes: Uint8Array, at: number): number {
  bytes[at] = 0xc0;
  return at + 1;
}

export function writeBool(bytes: Uint8Array, at: number, value: boolean): number {
  bytes[at] = value ? 0xc3 : 0xc2;
  return at + 1;
}

function put16(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
  return at + 2;
}

function put32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
  return at + 4;
}

/** An integer 0 .. 2^53 - 1, always as uint 64: what revisions and times are in replies. */
export function writeU64(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = 0xcf;
  const high = put32(bytes, at + 1, (value / TWO_32) >>> 0);
  return put32(bytes, high, value >>> 0);
}

/** A time or revision that may be absent: 0 becomes nil. */
export function writeU64OrNil(bytes: Uint8Array, at: number, value: number): number {
  return value === 0 ? writeNil(bytes, at) : writeU64(bytes, at, value);
}

/** An integer 0 .. 2^53 - 1 in its shortest form. */
export function writeUint(bytes: Uint8Array, at: number, value: number): number {
  if (value < 0x80) {
    bytes[at] = value;
    return at + 1;
  }
  if (value < 0x100) {
    bytes[at] = 0xcc;
    bytes[at + 1] = value;
    return at + 2;
  }
  if (value < 0x1_0000) {
    bytes[at] = 0xcd;
    return put16(bytes, at + 1, value);
  }
  if (value < TWO_32) {
    bytes[at] = 0xce;
    return put32(bytes, at + 1, value);
  }
  return writeU64(bytes, at, value);
}

/** Any safe integer in its shortest form. */
export function writeInt(bytes: Uint8Array, at: number, value: number): number {
  if (value >= 0) return writeUint(bytes, at, value);
  if (value >= -0x20) {
    bytes[at] = value;
    return at + 1;
  }
  if (value >= -0x80) {
    bytes[at] = 0xd0;
    bytes[at + 1] = value;
    return at + 2;
  }
  if (value >= -0x8000) {
    bytes[at] = 0xd1;
    return put16(bytes, at + 1, value);
  }
  if (value >= -0x8000_0000) {
    bytes[at] = 0xd2;
    return put32(bytes, at + 1, value);
  }
  bytes[at] = 0xd3;
  const high = put32(bytes, at + 1, Math.floor(value / TWO_32));
  return put32(bytes, high, value >>> 0);
}

/** An integer of 64 bits with sign in its shortest form. */
export function writeInt64(bytes: Buffer, at: number, value: number | bigint): number {
  const short = Number(value);
  return Number.isSafeInteger(short)
    ? writeInt(bytes, at, short)
    : writeBigInt(bytes, at, BigInt(value));
}

export function writeFloat(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = 0xcb;
  new DataView(bytes.buffer, bytes.byteOffset).setFloat64(at + 1, value);
  return at + 9;
}

export function writeBinHeader(bytes: Uint8Array, at: number, length: number): number {
  if (length < 0x100) {
    bytes[at] = 0xc4;
    bytes[at + 1] = length;
    return at + 2;
  }
  if (length < 0x1_0000) {
    bytes[at] = 0xc5;
    return put16(bytes, at + 1, length);
  }
  bytes[at] = 0xc6;
  return put32(bytes, at + 1, length);
}

export function writeStrHeader(bytes: Uint8Array, at: number, length: number): number {
  if (length < 0x20) {
    bytes[at] = 0xa0 | length;
    return at + 1;
  }
  if (length < 0x100) {
    bytes[at] = 0xd9;
    bytes[at + 1] = length;
    return at + 2;
  }
  if (length < 0x1_0000) {
    bytes[at] = 0xda;
    return put16(bytes, at + 1, length);
  }
  bytes[at] = 0xdb;
  return put32(bytes, at + 1, length);
}

export function writeArrayHeader(bytes: Uint8Array, at: number, count: number): number {
  if (count < 0x10) {
    bytes[at] = 0x90 | count;
    return at + 1;
  }
  if (count < 0x1_0000) {
    bytes[at] = 0xdc;
    return put16(bytes, at + 1, count);
  }
  bytes[at] = 0xdd;
  return put32(bytes, at + 1, count);
}

export function writeMapHeader(bytes: Uint8Array, at: number, count: number): number {
  if (count < 0x10) {
    bytes[at] = 0x80 | count;
    return at + 1;
  }
  if (count < 0x1_0000) {
    bytes[at] = 0xde;
    return put16(bytes, at + 1, count);
  }
  bytes[at] = 0xdf;
  return put32(bytes, at + 1, count);
}

/** Copies bytes. `Buffer.copy` beats a loop from 24 bytes up and `set(subarray)` always. */
export function writeRaw(
  bytes: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  length: number,
): number {
  Buffer.prototype.copy.call(source, bytes, at, start, start + length);
  return at + length;
}

/** A `bin` with its bytes. */
export function writeBin(
  bytes: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  length: number,
): number {
  return writeRaw(bytes, writeBinHeader(bytes, at, length), source, start, length);
}

/** Below this many UTF-16 units the UTF-8 form (at most 3 bytes each) fits in a `bin 8`. */
const SHORT_STRING_UNITS = Math.floor(0xff / 3);

/** Bytes, or a string's UTF-8 bytes, as `bin`. */
export function writeBytes(out: Buffer, at: number, data: Uint8Array | string): number {
  if (typeof data !== 'string') return writeBin(out, at, data, 0, data.length);
  if (data.length <= SHORT_STRING_UNITS) {
    const length = out.write(data, at + 2);
    out[at] = 0xc4;
    out[at + 1] = length;
    return at + 2 + length;
  }
  const start = writeBinHeader(out, at, Buffer.byteLength(data));
  return start + out.write(data, start);
}

/** The most that `writeBytes` needs. */
export function bytesRoom(data: Uint8Array | string): number {
  if (typeof data !== 'string') return HEADER_BYTES_MAX + data.length;
  const short = data.length <= SHORT_STRING_UNITS;
  return HEADER_BYTES_MAX + (short ? data.length * 3 : Buffer.byteLength(data));
}

/** A `str`. */
export function writeStr(out: Buffer, at: number, text: string): number {
  const start = writeStrHeader(out, at, Buffer.byteLength(text));
  return start + out.write(text, start);
}

/** The most that `writeStr` needs. */
export function strRoom(text: string): number {
  return HEADER_BYTES_MAX + Buffer.byteLength(text);
}

/** A plain value that `writeValue` takes; undefined is nil, and leaves a map's key out. */
export type PlainValue =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PlainValue[]
  | { readonly [key: string]: PlainValue };

/** The most that `writeValue` needs. */
export function valueRoom(value: PlainValue): number {
  if (typeof value === 'string') return strRoom(value);
  if (typeof value !== 'object' || value === null) return INT_BYTES_MAX;
  if (value instanceof Uint8Array) return HEADER_BYTES_MAX + value.length;
  let room = HEADER_BYTES_MAX;
  if (Array.isArray(value)) {
    for (const item of value) room += valueRoom(item);
    return room;
  }
  for (const [key, item] of Object.entries(value)) room += strRoom(key) + valueRoom(item);
  return room;
}

/** Any plain value in canonical form, for what is not hot. */
export function writeValue(out: Buffer, at: number, value: PlainValue): number {
  if (value === undefined || value === null) return writeNil(out, at);
  if (typeof value === 'boolean') return writeBool(out, at, value);
  if (typeof value === 'string') return writeStr(out, at, value);
  if (typeof value === 'bigint') return writeBigInt(out, at, value);
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? writeInt(out, at, value) : writeFloat(out, at, value);
  }
  if (value instanceof Uint8Array) return writeBin(out, at, value, 0, value.length);
  if (Array.isArray(value)) {
    let end = writeArrayHeader(out, at, value.length);
    for (const item of value) end = writeValue(out, end, item);
    return end;
  }
  return writeMap(out, at, value as { readonly [key: string]: PlainValue });
}

function writeMap(out: Buffer, at: number, map: { readonly [key: string]: PlainValue }): number {
  const pairs = Object.entries(map).filter(([, item]) => item !== undefined);
  let end = writeMapHeader(out, at, pairs.length);
  for (const [key, item] of pairs) end = writeValue(out, writeStr(out, end, key), item);
  return end;
}

function writeBigInt(out: Buffer, at: number, value: bigint): number {
  assert(value >= -(2n ** 63n) && value < 2n ** 64n, 'a bigint fits in 64 bits');
  out[at] = value < 0n ? 0xd3 : 0xcf;
  return out.writeBigUInt64BE(BigInt.asUintN(64, value), at + 1);
}
