/**
 * A record: one change of one key in a segment. Little-endian.
 *
 * ```
 *  offset  bytes  field
 *       0      4  headCrc   CRC-32 over bytes 8 .. end of key, seeded with salt + the record's
 *                           offset in the segment (mod 2^32)
 *       4      4  valueCrc  CRC-32 over the value, seeded with salt + sequence (mod 2^32)
 *       8      1  type
 *       9      1  flags
 *      10      2  keyBytes
 *      12      4  valueBytes
 *      16      8  sequence
 *      24      4  provenOffset
 *      28      4  version
 *      32      6  createdAt
 *      38      6  updatedAt
 *      44      6  expiresAt     only with EXPIRES
 *       .      5  codec         only with ENCODED (refused by version 1)
 *       .      8  valueSequence only in a touch: of the put whose value stays
 *       .      k  key
 *       .      v  value
 * ```
 *
 * This is the hot path: encoding and decoding work on numbers and offsets, never on objects
 * made per record. A length is believed only after headCrc has been verified.
 */

import { assert } from '../../errors/cask-error.ts';
import { copyBytes } from './byte-ranges.ts';
import { crc32, reseedCrc32 } from './checksum.ts';
import {
  readU16,
  readU32,
  readU48,
  readU64,
  U32_MAX,
  U48_END,
  writeU16,
  writeU32,
  writeU48,
  writeU64,
} from './integers.ts';

/** Offsets of the fields of the header, for those who write it by wide stores. */
export const HEAD_CRC_AT = 0;
export const VALUE_CRC_AT: number = HEAD_CRC_AT + 4;
export const TYPE_AT: number = VALUE_CRC_AT + 4;
const FLAGS_AT = TYPE_AT + 1;
const KEY_BYTES_AT = FLAGS_AT + 1;
export const VALUE_BYTES_AT: number = KEY_BYTES_AT + 2;
export const SEQUENCE_AT: number = VALUE_BYTES_AT + 4;
export const PROVEN_AT: number = SEQUENCE_AT + 8;
export const VERSION_AT: number = PROVEN_AT + 4;
export const CREATED_AT: number = VERSION_AT + 4;
export const UPDATED_AT: number = CREATED_AT + 6;
/** The part that every record has; extensions, key and value follow. */
export const RECORD_HEADER_BYTES: number = UPDATED_AT + 6; // 44
export const EXPIRES_BYTES = 6;
const CODEC_BYTES = 1 + 4; // codec (1) + uncompressed length (4)
const VALUE_SEQUENCE_BYTES = 8;
/** Of all that may stand between the header and the key. */
export const EXTENSION_BYTES_MAX: number = EXPIRES_BYTES + CODEC_BYTES + VALUE_SEQUENCE_BYTES;

/** Types on disk: never reused or renumbered. Others up to 12 are reserved (docs/format.md). */
export const RECORD_PUT = 1;
export const RECORD_DELETE = 2;
/** Another expiry for a key whose value stays where it is. */
export const RECORD_TOUCH = 3;
/** Every record with a lower sequence is void. */
export const RECORD_CLEAR = 6;
const TYPE_RESERVED_MAX = 12;

/** What people call them. */
export type RecordTypeName = 'put' | 'delete' | 'touch' | 'clear';

export function recordTypeName(type: number): RecordTypeName {
  if (type === RECORD_TOUCH) return 'touch';
  if (type === RECORD_CLEAR) return 'clear';
  return type === RECORD_DELETE ? 'delete' : 'put';
}

/** Flags on disk: never reused or renumbered. */
export const FLAG_EXPIRES = 0x01;
export const FLAG_BATCH_CONTINUES = 0x02;
export const FLAG_ENCODED = 0x04;
const FLAGS_USED = FLAG_EXPIRES | FLAG_BATCH_CONTINUES;
const FLAGS_KNOWN = FLAGS_USED | FLAG_ENCODED;

export const KEY_BYTES_MAX = 0xffff;
/** The expiry of a record that has none. */
export const NO_EXPIRY = 0;

/** Results of `decodeRecordHead`. */
export const DECODE_OK = 0;
/** Too few bytes to decide; `view.neededBytes` says how many are, for all we know by now. */
export const DECODE_SHORT = 1;
/** No record starts here. */
export const DECODE_BAD = 2;
/** A valid record of a newer writer; `view.type` and `view.flags` name it. */
export const DECODE_UNSUPPORTED = 3;

export type DecodeResult =
  | typeof DECODE_OK
  | typeof DECODE_SHORT
  | typeof DECODE_BAD
  | typeof DECODE_UNSUPPORTED;

/** A decoded record: offsets into the buffer that it was decoded from. Made once, used for many. */
export class RecordView {
  type = 0;
  flags = 0;
  keyStart = 0;
  keyBytes = 0;
  valueStart = 0;
  valueBytes = 0;
  valueCrc = 0;
  sequence = 0;
  provenOffset = 0;
  version = 0;
  createdAt = 0;
  updatedAt = 0;
  /** `NO_EXPIRY` when there is none. */
  expiresAt = 0;
  /** Of a touch: the sequence of the put whose value stays; 0 otherwise. */
  valueSequence = 0;
  /** Header, extensions, key and value. */
  recordBytes = 0;
  /** After `DECODE_SHORT`: bytes from the record's start that decide more. */
  neededBytes = 0;
}

/** The length of a record. */
export function recordBytes(keyBytes: number, valueBytes: number, hasExpiry: boolean): number {
  return RECORD_HEADER_BYTES + (hasExpiry ? EXPIRES_BYTES : 0) + keyBytes + valueBytes;
}

/** The length of a touch. */
export function touchBytes(keyBytes: number, hasExpiry: boolean): number {
  return recordBytes(keyBytes, 0, hasExpiry) + VALUE_SEQUENCE_BYTES;
}

/** What seeds the checksum of a value, so that a stale value never satisfies another record. */
export function valueSeed(salt: number, sequence: number): number {
  return (salt + (sequence >>> 0)) >>> 0;
}

/** What seeds headCrc, so that bytes at the wrong place of a segment are not records. */
export function headSeed(salt: number, fileOffset: number): number {
  return (salt + fileOffset) >>> 0;
}

/**
 * Writes a record at `at` of `target`: sets EXPIRES exactly when `expiresAt` is not NO_EXPIRY.
 * Of `flags`, only BATCH_CONTINUES is the caller's to give.
 *
 * @param fileOffset where the record will lie in its segment
 * @param valueSequence of a touch only
 * @returns the offset behind it
 * @throws CaskError INTERNAL when an argument is out of bounds: a programmer's error
 */
export function encodeRecord(
  target: Uint8Array,
  at: number,
  salt: number,
  fileOffset: number,
  type: number,
  flags: number,
  keyBuffer: Uint8Array,
  keyStart: number,
  keyLength: number,
  valueBuffer: Uint8Array,
  valueStart: number,
  valueLength: number,
  sequence: number,
  provenOffset: number,
  version: number,
  createdAt: number,
  updatedAt: number,
  expiresAt: number,
  valueSequence = 0,
): number {
  assert(valueStart >= 0 && valueStart + valueLength <= valueBuffer.length, 'value lies in buffer');
  const extra = type === RECORD_TOUCH ? VALUE_SEQUENCE_BYTES : 0;
  const valueAt = at + recordBytes(keyLength, 0, expiresAt !== NO_EXPIRY) + extra;
  const end = valueAt + valueLength;
  assert(at >= 0 && end <= target.length, 'the record fits its target');
  copyBytes(target, valueAt, valueBuffer, valueStart, valueLength);
  const valueCrc = crc32(target, valueAt, end, valueSeed(salt, sequence));
  encodeRecordHead(
    target,
    at,
    salt,
    fileOffset,
    type,
    flags,
    keyBuffer,
    keyStart,
    keyLength,
    valueLength,
    valueCrc,
    sequence,
    provenOffset,
    version,
    createdAt,
    updatedAt,
    expiresAt,
    valueSequence,
  );
  return end;
}

/**
 * Writes all of a record but its value, whose checksum the caller has (seeded with `valueSeed`):
 * for values that are copied and summed in slices.
 *
 * @returns the offset at which the value goes
 * @throws CaskError INTERNAL when an argument is out of bounds
 */
export function encodeRecordHead(
  target: Uint8Array,
  at: number,
  salt: number,
  fileOffset: number,
  type: number,
  flags: number,
  keyBuffer: Uint8Array,
  keyStart: number,
  keyLength: number,
  valueLength: number,
  valueCrc: number,
  sequence: number,
  provenOffset: number,
  version: number,
  createdAt: number,
  updatedAt: number,
  expiresAt: number,
  valueSequence = 0,
): number {
  assertShape(type, flags, keyLength, valueLength, version, expiresAt);
  assertPlace(type, flags, sequence, valueSequence);
  assertNumbers(salt, fileOffset, sequence, provenOffset, version);
  assertTimes(createdAt, updatedAt, expiresAt);
  assert(keyStart >= 0 && keyStart + keyLength <= keyBuffer.length, 'the key lies in its buffer');
  const expires = expiresAt !== NO_EXPIRY;
  const keyAt = at + bytesBeforeKey(type, expires ? FLAG_EXPIRES : 0);
  const keyEnd = keyAt + keyLength;
  assert(at >= 0 && keyEnd <= target.length, 'the head of the record fits its target');
  writeU32(target, at + VALUE_CRC_AT, valueCrc);
  target[at + TYPE_AT] = type;
  target[at + FLAGS_AT] = expires ? flags | FLAG_EXPIRES : flags;
  writeU16(target, at + KEY_BYTES_AT, keyLength);
  writeU32(target, at + VALUE_BYTES_AT, valueLength);
  writeU64(target, at + SEQUENCE_AT, sequence);
  writeU32(target, at + PROVEN_AT, provenOffset);
  writeU32(target, at + VERSION_AT, version);
  writeU48(target, at + CREATED_AT, createdAt);
  writeU48(target, at + UPDATED_AT, updatedAt);
  if (expires) writeU48(target, at + RECORD_HEADER_BYTES, expiresAt);
  if (type === RECORD_TOUCH) writeU64(target, keyAt - VALUE_SEQUENCE_BYTES, valueSequence);
  copyBytes(target, keyAt, keyBuffer, keyStart, keyLength);
  writeU32(
    target,
    at + HEAD_CRC_AT,
    crc32(target, at + TYPE_AT, keyEnd, headSeed(salt, fileOffset)),
  );
  return keyEnd;
}

/** The rules that bind a known type, lengths and expiry together; encoding asserts, decoding checks. */
function isShapeOk(
  type: number,
  keyBytes: number,
  valueBytes: number,
  version: number,
  expires: boolean,
): boolean {
  if (type === RECORD_PUT) return keyBytes > 0 && version > 0;
  if (valueBytes > 0) return false;
  if (type === RECORD_TOUCH) return keyBytes > 0 && version > 0;
  if (type === RECORD_CLEAR) return keyBytes === 0 && version === 0 && !expires;
  return keyBytes > 0 && !expires;
}

/** A touch comes after the put that it names; a clear belongs to no batch. */
function isPlaceOk(type: number, flags: number, sequence: number, valueSequence: number): boolean {
  if (type === RECORD_TOUCH) return valueSequence > 0 && valueSequence < sequence;
  return type !== RECORD_CLEAR || (flags & FLAG_BATCH_CONTINUES) === 0;
}

function assertShape(
  type: number,
  flags: number,
  keyBytes: number,
  valueBytes: number,
  version: number,
  expiresAt: number,
): void {
  assert(isRecordType(type), 'the record type is one that version 1 writes');
  assert((flags & ~FLAG_BATCH_CONTINUES) === 0, 'of the flags only BATCH_CONTINUES is given');
  assert(keyBytes >= 0 && keyBytes <= KEY_BYTES_MAX, 'a key has at most 65535 bytes');
  assert(valueBytes >= 0 && valueBytes <= U32_MAX, 'the length of a value is a u32');
  assert(
    isShapeOk(type, keyBytes, valueBytes, version, expiresAt !== NO_EXPIRY),
    'key, value and expiry are what the record type wants',
  );
}

function assertPlace(type: number, flags: number, sequence: number, valueSequence: number): void {
  const isNamed = type === RECORD_TOUCH || valueSequence === 0;
  assert(
    isNamed && isPlaceOk(type, flags, sequence, valueSequence),
    'a touch, and nothing else, names a put before it; a clear is in no batch',
  );
}

function assertNumbers(
  salt: number,
  fileOffset: number,
  sequence: number,
  provenOffset: number,
  version: number,
): void {
  assert(salt >= 0 && salt <= U32_MAX, 'a salt is a u32');
  assert(fileOffset >= 0 && fileOffset <= U32_MAX, 'the offset in a segment is a u32');
  assert(sequence > 0 && sequence <= Number.MAX_SAFE_INTEGER, 'a sequence is in 1 .. 2^53 - 1');
  assert(provenOffset >= 0 && provenOffset <= fileOffset, 'what is proven lies before the record');
  assert(version >= 0 && version <= U32_MAX, 'a version is a u32');
}

function assertTimes(createdAt: number, updatedAt: number, expiresAt: number): void {
  assert(createdAt >= 0 && createdAt < U48_END, 'createdAt is a u48');
  assert(updatedAt >= 0 && updatedAt < U48_END, 'updatedAt is a u48');
  assert(expiresAt >= 0 && expiresAt < U48_END, 'expiresAt is a u48');
}

/** A type of record that this version reads and writes. */
export function isRecordType(type: number): boolean {
  return (
    type === RECORD_PUT || type === RECORD_DELETE || type === RECORD_TOUCH || type === RECORD_CLEAR
  );
}

/** Bytes before the key, by what type and flags claim. */
function bytesBeforeKey(type: number, flags: number): number {
  return (
    RECORD_HEADER_BYTES +
    (type === RECORD_TOUCH ? VALUE_SEQUENCE_BYTES : 0) +
    ((flags & FLAG_EXPIRES) === 0 ? 0 : EXPIRES_BYTES) +
    ((flags & FLAG_ENCODED) === 0 ? 0 : CODEC_BYTES)
  );
}

/**
 * Decodes the record at `at` of `buffer[0, limit)` up to its key; the value need not be there.
 * `view` is filled in only for DECODE_OK; for DECODE_UNSUPPORTED only type, flags, sequence.
 *
 * @param fileOffset where `buffer[at]` lies in the segment
 */
export function decodeRecordHead(
  buffer: Uint8Array,
  at: number,
  limit: number,
  salt: number,
  fileOffset: number,
  view: RecordView,
): DecodeResult {
  if (limit - at < RECORD_HEADER_BYTES) {
    view.neededBytes = RECORD_HEADER_BYTES;
    return DECODE_SHORT;
  }
  const type = buffer[at + TYPE_AT] as number;
  const sequence = readU64(buffer, at + SEQUENCE_AT);
  if (type === 0 || sequence === 0 || sequence > Number.MAX_SAFE_INTEGER) return DECODE_BAD;
  const flags = buffer[at + FLAGS_AT] as number;
  const keyBytes = readU16(buffer, at + KEY_BYTES_AT);
  const headBytes = bytesBeforeKey(type, flags) + keyBytes;
  if (limit - at < headBytes) {
    view.neededBytes = headBytes; // at most 65,598: bounded before anything is believed
    return DECODE_SHORT;
  }
  const crc = crc32(buffer, at + TYPE_AT, at + headBytes, headSeed(salt, fileOffset));
  if (crc !== readU32(buffer, at + HEAD_CRC_AT)) return DECODE_BAD;
  view.type = type;
  view.flags = flags;
  view.sequence = sequence;
  if (!isRecordType(type) || (flags & ~FLAGS_USED) !== 0) return DECODE_UNSUPPORTED;
  fillLengths(buffer, at, view);
  fillFacts(buffer, at, view);
  if (view.provenOffset > fileOffset) return DECODE_BAD;
  const expires = (flags & FLAG_EXPIRES) !== 0;
  if (expires && view.expiresAt === NO_EXPIRY) return DECODE_BAD;
  if (!isPlaceOk(type, flags, sequence, view.valueSequence)) return DECODE_BAD;
  return isShapeOk(type, keyBytes, view.valueBytes, view.version, expires) ? DECODE_OK : DECODE_BAD;
}

function fillLengths(buffer: Uint8Array, at: number, view: RecordView): void {
  view.keyStart = at + bytesBeforeKey(view.type, view.flags);
  view.keyBytes = readU16(buffer, at + KEY_BYTES_AT);
  view.valueStart = view.keyStart + view.keyBytes;
  view.valueBytes = readU32(buffer, at + VALUE_BYTES_AT);
  view.recordBytes = view.valueStart + view.valueBytes - at;
}

function fillFacts(buffer: Uint8Array, at: number, view: RecordView): void {
  view.valueCrc = readU32(buffer, at + VALUE_CRC_AT);
  view.provenOffset = readU32(buffer, at + PROVEN_AT);
  view.version = readU32(buffer, at + VERSION_AT);
  view.createdAt = readU48(buffer, at + CREATED_AT);
  view.updatedAt = readU48(buffer, at + UPDATED_AT);
  view.expiresAt =
    (view.flags & FLAG_EXPIRES) === 0 ? NO_EXPIRY : readU48(buffer, at + RECORD_HEADER_BYTES);
  view.valueSequence =
    view.type === RECORD_TOUCH ? readU64(buffer, view.keyStart - VALUE_SEQUENCE_BYTES) : 0;
}

/** Where the key of an encoded record starts: for records that this process has just written. */
export function recordKeyStart(buffer: Uint8Array, at: number): number {
  return at + bytesBeforeKey(buffer[at + TYPE_AT] as number, buffer[at + FLAGS_AT] as number);
}

/** The length of the key of an encoded record: for records that this process has just written. */
export function recordKeyBytes(buffer: Uint8Array, at: number): number {
  return readU16(buffer, at + KEY_BYTES_AT);
}

/** The sequence of an encoded record: for records that this process has just written. */
export function recordSequence(buffer: Uint8Array, at: number): number {
  return readU64(buffer, at + SEQUENCE_AT);
}

/** Fills `view` without checking anything: for records that this process has just written. */
export function viewTrustedRecord(buffer: Uint8Array, at: number, view: RecordView): void {
  view.type = buffer[at + TYPE_AT] as number;
  view.flags = buffer[at + FLAGS_AT] as number;
  view.sequence = readU64(buffer, at + SEQUENCE_AT);
  fillLengths(buffer, at, view);
  fillFacts(buffer, at, view);
}

/** Sets the checksum of a record's value, when it was summed after the head was encoded. */
export function writeValueCrc(buffer: Uint8Array, at: number, crc: number): void {
  writeU32(buffer, at + VALUE_CRC_AT, crc);
}

/**
 * Makes a record the last of its batch after it was encoded: for a batch of which it turns out
 * later that nothing follows.
 */
export function clearBatchFlag(
  buffer: Uint8Array,
  at: number,
  salt: number,
  fileOffset: number,
): void {
  buffer[at + FLAGS_AT] = (buffer[at + FLAGS_AT] as number) & ~FLAG_BATCH_CONTINUES;
  const keyEnd = recordKeyStart(buffer, at) + recordKeyBytes(buffer, at);
  writeU32(
    buffer,
    at + HEAD_CRC_AT,
    crc32(buffer, at + TYPE_AT, keyEnd, headSeed(salt, fileOffset)),
  );
}

/**
 * Makes of a record that was copied as it is, and whose value was verified, one of another segment:
 * of no batch, with nothing proven, and checksums for its new place. That of the value is told from
 * the one it had, so what happens to the value on the way does not go unnoticed.
 *
 * @param view of the record in the segment it comes from
 * @param fromSalt of that segment
 */
export function resealRecord(
  buffer: Uint8Array,
  at: number,
  view: RecordView,
  fromSalt: number,
  salt: number,
  fileOffset: number,
): void {
  const { sequence, valueBytes } = view;
  const from = valueSeed(fromSalt, sequence);
  const to = valueSeed(salt, sequence);
  writeU32(buffer, at + VALUE_CRC_AT, reseedCrc32(view.valueCrc, from, to, valueBytes));
  buffer[at + FLAGS_AT] = view.flags & ~FLAG_BATCH_CONTINUES;
  writeU32(buffer, at + PROVEN_AT, 0);
  const keyEnd = at + view.recordBytes - valueBytes;
  writeU32(
    buffer,
    at + HEAD_CRC_AT,
    crc32(buffer, at + TYPE_AT, keyEnd, headSeed(salt, fileOffset)),
  );
}

/** True when the value, which must lie in `buffer` whole, is what was written. */
export function verifyRecordValue(buffer: Uint8Array, view: RecordView, salt: number): boolean {
  const end = view.valueStart + view.valueBytes;
  assert(end <= buffer.length, 'the whole value lies in the buffer');
  return crc32(buffer, view.valueStart, end, valueSeed(salt, view.sequence)) === view.valueCrc;
}

/**
 * A cheap filter before `decodeRecordHead`, for a search at every byte: false means that no
 * record with a sequence in `[sequenceMin, sequenceMax]` starts at `at` of `buffer[0, limit)`.
 * Bytes whose header is not within the limit are not judged: true.
 *
 * @param fileOffset where `buffer[at]` lies in the segment; a provenOffset is not beyond it
 * @param fileBytes the segment's length, which no record passes
 */
export function looksLikeRecord(
  buffer: Uint8Array,
  at: number,
  limit: number,
  fileOffset: number,
  fileBytes: number,
  sequenceMin: number,
  sequenceMax: number,
): boolean {
  if (limit - at < RECORD_HEADER_BYTES) return fileBytes - fileOffset >= RECORD_HEADER_BYTES;
  const type = buffer[at + TYPE_AT] as number;
  if (type === 0 || type > TYPE_RESERVED_MAX) return false;
  const flags = buffer[at + FLAGS_AT] as number;
  if ((flags & ~FLAGS_KNOWN) !== 0) return false;
  if (readU32(buffer, at + PROVEN_AT) > fileOffset) return false;
  const sequence = readU64(buffer, at + SEQUENCE_AT);
  if (sequence < sequenceMin || sequence > sequenceMax) return false;
  const lengths = readU16(buffer, at + KEY_BYTES_AT) + readU32(buffer, at + VALUE_BYTES_AT);
  return fileOffset + bytesBeforeKey(type, flags) + lengths <= fileBytes;
}
