/**
 * The header of a segment file. Little-endian.
 *
 * ```
 *  offset  bytes  field
 *       0      8  magic "caskdseg"
 *       8      2  version = 1
 *      10      2  headerBytes = 80
 *      12      4  incompatible feature bits (unknown: refuse to open)
 *      16      4  compatible feature bits (unknown: ignore)
 *      20      4  kind: 1 log, 2 merged
 *      24     16  store UUID
 *      40      8  segment id
 *      48      8  base sequence
 *      56      8  epoch
 *      64      8  created at, ms since 1970
 *      72      4  salt: seeds every checksum of the segment's records
 *      76      4  CRC-32 over bytes 0..75
 * ```
 */

import { assert, CaskError } from '../../errors/cask-error.ts';
import { crc32 } from './checksum.ts';
import {
  COMMON_HEADER_BYTES,
  checkFormat,
  HEADER_BYTES_AT,
  startsWithMagic,
  VERSION_AT,
} from './file-header.ts';
import type { SegmentKind } from './file-names.ts';
import { readU16, readU32, readU64, U32_MAX, writeU16, writeU32, writeU64 } from './integers.ts';

export const SEGMENT_MAGIC: Uint8Array = Buffer.from('caskdseg', 'latin1');
export const SEGMENT_VERSION = 1;
export const UUID_BYTES = 16;

const COMPATIBLE_AT = COMMON_HEADER_BYTES;
const KIND_AT = COMPATIBLE_AT + 4;
const UUID_AT = KIND_AT + 4;
const ID_AT = UUID_AT + UUID_BYTES;
const BASE_AT = ID_AT + 8;
const EPOCH_AT = BASE_AT + 8;
const CREATED_AT = EPOCH_AT + 8;
const SALT_AT = CREATED_AT + 8;
const CRC_AT = SALT_AT + 4;
/** The first record starts here. */
export const SEGMENT_HEADER_BYTES: number = CRC_AT + 4;

/** Numbers on disk; never reused or renumbered. */
const KIND_LOG = 1;
const KIND_MERGED = 2;

/** A segment is at most this long: offsets are u32. */
export const SEGMENT_BYTES_LIMIT: number = U32_MAX;

export interface SegmentHeader {
  readonly kind: SegmentKind;
  /** 16 bytes. */
  readonly uuid: Uint8Array;
  readonly id: number;
  /** Of the first record (log; 0: that record says it); the lowest that may appear (merged). */
  readonly baseSequence: number;
  readonly epoch: number;
  readonly createdAt: number;
  readonly salt: number;
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  assert(header.uuid.length === UUID_BYTES, 'a store UUID has 16 bytes');
  assert(header.salt >= 0 && header.salt <= U32_MAX, 'a salt is a u32');
  for (const value of [header.id, header.baseSequence, header.epoch, header.createdAt]) {
    assert(Number.isSafeInteger(value) && value >= 0, `${value} fits a segment header`);
  }
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  bytes.set(SEGMENT_MAGIC);
  writeU16(bytes, VERSION_AT, SEGMENT_VERSION);
  writeU16(bytes, HEADER_BYTES_AT, SEGMENT_HEADER_BYTES);
  writeU32(bytes, KIND_AT, header.kind === 'log' ? KIND_LOG : KIND_MERGED);
  bytes.set(header.uuid, UUID_AT);
  writeU64(bytes, ID_AT, header.id);
  writeU64(bytes, BASE_AT, header.baseSequence);
  writeU64(bytes, EPOCH_AT, header.epoch);
  writeU64(bytes, CREATED_AT, header.createdAt);
  writeU32(bytes, SALT_AT, header.salt);
  writeU32(bytes, CRC_AT, crc32(bytes, 0, CRC_AT, 0));
  return bytes;
}

/**
 * Reads the header at the start of `bytes` (more may follow).
 *
 * @returns undefined when the magic is not there: these bytes are no header at all (zeros of a
 * preallocated file, an empty file, someone else's file)
 * @throws CaskError UNSUPPORTED_FORMAT for an unknown version or incompatible feature bit;
 * CORRUPT when it is cut short or the checksum or a field is wrong
 */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | undefined {
  if (!startsWithMagic(bytes, SEGMENT_MAGIC)) return undefined;
  if (bytes.length < SEGMENT_HEADER_BYTES) {
    throw corrupt(`it has ${bytes.length} of ${SEGMENT_HEADER_BYTES} bytes`);
  }
  checkFormat('segment', bytes, SEGMENT_VERSION, CRC_AT);
  if (crc32(bytes, 0, CRC_AT, 0) !== readU32(bytes, CRC_AT)) {
    throw corrupt('its checksum does not match');
  }
  const headerBytes = readU16(bytes, HEADER_BYTES_AT);
  if (headerBytes !== SEGMENT_HEADER_BYTES) throw corrupt(`it claims ${headerBytes} bytes`);
  const kind = readU32(bytes, KIND_AT);
  if (kind !== KIND_LOG && kind !== KIND_MERGED) throw corrupt(`its kind is ${kind}`);
  const header: SegmentHeader = {
    kind: kind === KIND_LOG ? 'log' : 'merged',
    uuid: bytes.slice(UUID_AT, ID_AT),
    id: readU64(bytes, ID_AT),
    baseSequence: readU64(bytes, BASE_AT),
    epoch: readU64(bytes, EPOCH_AT),
    createdAt: readU64(bytes, CREATED_AT),
    salt: readU32(bytes, SALT_AT),
  };
  for (const value of [header.id, header.baseSequence, header.epoch, header.createdAt]) {
    if (!Number.isSafeInteger(value)) throw corrupt('a number in it is above 2^53');
  }
  return header;
}

function corrupt(what: string): CaskError {
  return new CaskError('CORRUPT', `the segment header is damaged: ${what}`);
}
