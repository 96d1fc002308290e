/**
 * The hint file: what a scan of its segment would find. Little-endian.
 *
 * ```
 *  offset  bytes  header field
 *       0      8  magic "caskdhnt"
 *       8      2  version = 1
 *      10      2  headerBytes = 112
 *      12      4  incompatible feature bits
 *      16      4  reserved, 0
 *      20      4  segment salt
 *      24     16  store UUID
 *      40      8  segment id
 *      48      8  segment length
 *      56      8  entries
 *      64      8  lowest sequence present in the segment, dead records included
 *      72      8  highest sequence
 *      80      8  latest updatedAt
 *      88      8  bytes of tombstone records and clears, superseded ones included
 *      96      8  hint file length
 *     104      4  reserved, 0
 *     108      4  CRC-32 over bytes 0..107
 *
 *  then blocks of at most 64 KiB of entries (one entry at least):
 *       0      4  entryBytes
 *       4      4  entries
 *       8      4  CRC-32 over bytes 0..7 and the entries, seeded with the salt
 *      12      .  entries, ascending by key
 *
 *  entry:
 *       0      1  type (put, delete, touch or clear)
 *       1      1  flags (EXPIRES)
 *       2      2  keyBytes
 *       4      4  offset
 *       8      4  recordBytes
 *      12      4  version
 *      16      8  sequence
 *      24      6  createdAt
 *      30      6  expiresAt, only with EXPIRES
 *       .      8  valueSequence } only of a touch
 *       .      6  updatedAt     }
 *       .      k  key
 * ```
 *
 * One entry a key; behind a touch comes the put whose value it leaves, if that is in the segment.
 * The newest clear is the first entry, without a key; what it voids has no entry.
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
import { readU16, readU32, readU64, writeU16, writeU32, writeU64 } from './integers.ts';
import { KEY_BYTES_MAX } from './record.ts';
import { UUID_BYTES } from './segment-header.ts';

const HINT_MAGIC: Uint8Array = Buffer.from('caskdhnt', 'latin1');
const HINT_VERSION = 1;

const SALT_AT = COMMON_HEADER_BYTES + 4; // reserved (4)
const UUID_AT = SALT_AT + 4;
const SEGMENT_ID_AT = UUID_AT + UUID_BYTES;
const SEGMENT_BYTES_AT = SEGMENT_ID_AT + 8;
const ENTRIES_AT = SEGMENT_BYTES_AT + 8;
const LOWEST_AT = ENTRIES_AT + 8;
const HIGHEST_AT = LOWEST_AT + 8;
const LATEST_AT = HIGHEST_AT + 8;
const TOMBSTONE_BYTES_AT = LATEST_AT + 8;
const FILE_BYTES_AT = TOMBSTONE_BYTES_AT + 8;
const CRC_AT = FILE_BYTES_AT + 8 + 4; // + reserved (4)
export const HINT_HEADER_BYTES: number = CRC_AT + 4;

export const BLOCK_ENTRY_BYTES_AT = 0;
export const BLOCK_ENTRIES_AT: number = BLOCK_ENTRY_BYTES_AT + 4;
export const BLOCK_CRC_AT: number = BLOCK_ENTRIES_AT + 4;
export const BLOCK_HEADER_BYTES: number = BLOCK_CRC_AT + 4;
/** A block is closed before its entries grow past this, unless it has one only. */
export const BLOCK_ENTRY_BYTES_TARGET: number = 64 * 1024;

export const ENTRY_TYPE_AT = 0;
export const ENTRY_FLAGS_AT: number = ENTRY_TYPE_AT + 1;
export const ENTRY_KEY_BYTES_AT: number = ENTRY_FLAGS_AT + 1;
export const ENTRY_OFFSET_AT: number = ENTRY_KEY_BYTES_AT + 2;
export const ENTRY_RECORD_BYTES_AT: number = ENTRY_OFFSET_AT + 4;
export const ENTRY_VERSION_AT: number = ENTRY_RECORD_BYTES_AT + 4;
export const ENTRY_SEQUENCE_AT: number = ENTRY_VERSION_AT + 4;
export const ENTRY_CREATED_AT: number = ENTRY_SEQUENCE_AT + 8;
export const ENTRY_EXPIRES_AT: number = ENTRY_CREATED_AT + 6;
/** An entry without expiry and key. */
export const ENTRY_HEADER_BYTES: number = ENTRY_EXPIRES_AT;
export const ENTRY_EXPIRES_BYTES = 6;
/** Of a touch: valueSequence (8) + updatedAt (6). */
export const ENTRY_TOUCH_BYTES: number = 8 + 6;

/** No block has more entry bytes than this: one entry with the longest key, or the target. */
export const BLOCK_ENTRY_BYTES_MAX: number = Math.max(
  BLOCK_ENTRY_BYTES_TARGET,
  ENTRY_HEADER_BYTES + ENTRY_EXPIRES_BYTES + ENTRY_TOUCH_BYTES + KEY_BYTES_MAX,
);

/** What binds a hint to its segment. */
export interface HintBinding {
  /** 16 bytes: the store's. */
  readonly uuid: Uint8Array;
  readonly segmentId: number;
  readonly salt: number;
  /** Length of the segment. */
  readonly segmentBytes: number;
}

/** What the writer of a hint has to know besides the entries. */
export interface HintFacts extends HintBinding {
  /** Of all records in the segment, dead ones included; 0 when there are none. */
  readonly lowestSequence: number;
  readonly highestSequence: number;
  /** The largest updatedAt in the segment; engine time does not go below it. */
  readonly latestUpdatedAt: number;
  /** Bytes of all tombstones in the segment, superseded ones included. */
  readonly tombstoneBytes: number;
}

export interface HintHeader extends HintFacts {
  readonly entries: number;
  /** Length of the hint file. */
  readonly fileBytes: number;
}

/** Anything that is wrong with a hint: the caller logs it and scans the segment. */
export function hintDamage(what: string): CaskError {
  return new CaskError('CORRUPT', `the hint file is damaged: ${what}`);
}

export function encodeHintHeader(header: HintHeader): Uint8Array {
  assert(header.uuid.length === UUID_BYTES, 'a store UUID has 16 bytes');
  const bytes = Buffer.alloc(HINT_HEADER_BYTES);
  bytes.set(HINT_MAGIC);
  writeU16(bytes, VERSION_AT, HINT_VERSION);
  writeU16(bytes, HEADER_BYTES_AT, HINT_HEADER_BYTES);
  writeU32(bytes, SALT_AT, header.salt);
  bytes.set(header.uuid, UUID_AT);
  writeU64(bytes, SEGMENT_ID_AT, header.segmentId);
  writeU64(bytes, SEGMENT_BYTES_AT, header.segmentBytes);
  writeU64(bytes, ENTRIES_AT, header.entries);
  writeU64(bytes, LOWEST_AT, header.lowestSequence);
  writeU64(bytes, HIGHEST_AT, header.highestSequence);
  writeU64(bytes, LATEST_AT, header.latestUpdatedAt);
  writeU64(bytes, TOMBSTONE_BYTES_AT, header.tombstoneBytes);
  writeU64(bytes, FILE_BYTES_AT, header.fileBytes);
  writeU32(bytes, CRC_AT, crc32(bytes, 0, CRC_AT, 0));
  return bytes;
}

/**
 * Reads the header at the start of `bytes` (more may follow).
 *
 * @throws CaskError UNSUPPORTED_FORMAT for an unknown version or feature; CORRUPT otherwise
 */
export function decodeHintHeader(bytes: Uint8Array): HintHeader {
  if (!startsWithMagic(bytes, HINT_MAGIC)) throw hintDamage('it does not begin with its magic');
  if (bytes.length < HINT_HEADER_BYTES) throw hintDamage('its header is cut short');
  checkFormat('hint file', bytes, HINT_VERSION, CRC_AT);
  if (crc32(bytes, 0, CRC_AT, 0) !== readU32(bytes, CRC_AT)) {
    throw hintDamage('the checksum of its header does not match');
  }
  if (readU16(bytes, HEADER_BYTES_AT) !== HINT_HEADER_BYTES) {
    throw hintDamage(`its header claims ${readU16(bytes, HEADER_BYTES_AT)} bytes`);
  }
  const header: HintHeader = {
    uuid: bytes.slice(UUID_AT, SEGMENT_ID_AT),
    segmentId: readU64(bytes, SEGMENT_ID_AT),
    salt: readU32(bytes, SALT_AT),
    segmentBytes: readU64(bytes, SEGMENT_BYTES_AT),
    lowestSequence: readU64(bytes, LOWEST_AT),
    highestSequence: readU64(bytes, HIGHEST_AT),
    latestUpdatedAt: readU64(bytes, LATEST_AT),
    entries: readU64(bytes, ENTRIES_AT),
    tombstoneBytes: readU64(bytes, TOMBSTONE_BYTES_AT),
    fileBytes: readU64(bytes, FILE_BYTES_AT),
  };
  for (const value of Object.values(header)) {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      throw hintDamage('a number in its header is above 2^53');
    }
  }
  return header;
}

/** @throws CaskError CORRUPT unless the hint belongs to the segment that is expected */
export function checkHintBinding(header: HintHeader, expected: HintBinding): void {
  if (Buffer.compare(header.uuid, expected.uuid) !== 0) throw hintDamage('it is of another store');
  if (header.segmentId !== expected.segmentId) {
    throw hintDamage(`it is of segment ${header.segmentId}, not ${expected.segmentId}`);
  }
  if (header.salt !== expected.salt) throw hintDamage('its salt is not that of the segment');
  if (header.segmentBytes !== expected.segmentBytes) {
    throw hintDamage(
      `it is of a segment of ${header.segmentBytes} bytes, not ${expected.segmentBytes}`,
    );
  }
}
