/**
 * Encodes puts: byte for byte what `encodeRecord` makes of them, by wide stores and sums over a
 * view that its caller has made once. The hottest of all encoders; `record.ts` tells the layout.
 */

import { assert } from '../../errors/cask-error.ts';
import { copyBytes } from './byte-ranges.ts';
import { crc32OfView } from './checksum.ts';
import { U32_MAX, U48_END } from './integers.ts';
import {
  CREATED_AT,
  EXPIRES_BYTES,
  FLAG_BATCH_CONTINUES,
  FLAG_EXPIRES,
  HEAD_CRC_AT,
  headSeed,
  KEY_BYTES_MAX,
  NO_EXPIRY,
  PROVEN_AT,
  RECORD_HEADER_BYTES,
  RECORD_PUT,
  SEQUENCE_AT,
  TYPE_AT,
  UPDATED_AT,
  VALUE_BYTES_AT,
  VALUE_CRC_AT,
  VERSION_AT,
  valueSeed,
} from './record.ts';

const PER_TWO_32 = 1 / 0x1_0000_0000;

/**
 * Writes a put at `at` of `target`, of the whole of which `view` is a view.
 *
 * @param flags BATCH_CONTINUES, or none
 * @param fileOffset where the record will lie in its segment
 * @param expiresAt NO_EXPIRY: never
 * @returns the offset behind it
 * @throws CaskError INTERNAL when an argument is out of bounds: a programmer's error
 */
export function encodePut(
  target: Uint8Array,
  view: DataView,
  at: number,
  salt: number,
  fileOffset: number,
  flags: number,
  keyBuffer: Uint8Array,
  keyStart: number,
  keyBytes: number,
  valueBuffer: Uint8Array,
  valueStart: number,
  valueBytes: number,
  sequence: number,
  provenOffset: number,
  version: number,
  createdAt: number,
  updatedAt: number,
  expiresAt: number,
): number {
  const expires = expiresAt !== NO_EXPIRY;
  const keyAt = at + RECORD_HEADER_BYTES + (expires ? EXPIRES_BYTES : 0);
  const valueAt = keyAt + keyBytes;
  const end = valueAt + valueBytes;
  assert(at >= 0 && end <= view.byteLength, 'the record fits its target');
  assert(keyBytes > 0 && keyBytes <= KEY_BYTES_MAX, 'a key has 1 to 65535 bytes');
  assert(
    keyStart >= 0 &&
      keyStart + keyBytes <= keyBuffer.length &&
      valueStart >= 0 &&
      valueBytes >= 0 &&
      valueStart + valueBytes <= valueBuffer.length,
    'key and value lie in their buffers',
  );
  assert((flags & ~FLAG_BATCH_CONTINUES) === 0, 'of the flags only BATCH_CONTINUES is given');
  assert(
    salt >= 0 && salt <= U32_MAX && fileOffset >= 0 && fileOffset <= U32_MAX,
    'salt and offset in the segment are u32',
  );
  assert(sequence > 0 && sequence <= Number.MAX_SAFE_INTEGER, 'a sequence is in 1 .. 2^53 - 1');
  assert(provenOffset >= 0 && provenOffset <= fileOffset, 'what is proven lies before the record');
  assert(version > 0 && version <= U32_MAX, 'the version of a put is a u32 above 0');
  assert(
    createdAt >= 0 &&
      createdAt < U48_END &&
      updatedAt >= 0 &&
      updatedAt < U48_END &&
      expiresAt >= 0 &&
      expiresAt < U48_END,
    'times are u48',
  );
  const typeAndFlags = RECORD_PUT | ((expires ? flags | FLAG_EXPIRES : flags) << 8);
  // type, flags and keyBytes
  view.setUint32(at + TYPE_AT, typeAndFlags | (keyBytes << 16), true);
  view.setUint32(at + VALUE_BYTES_AT, valueBytes, true);
  view.setUint32(at + SEQUENCE_AT, sequence, true);
  view.setUint32(at + SEQUENCE_AT + 4, Math.floor(sequence * PER_TWO_32), true);
  view.setUint32(at + PROVEN_AT, provenOffset, true);
  view.setUint32(at + VERSION_AT, version, true);
  view.setUint32(at + CREATED_AT, createdAt, true);
  view.setUint16(at + CREATED_AT + 4, Math.floor(createdAt * PER_TWO_32), true);
  view.setUint32(at + UPDATED_AT, updatedAt, true);
  view.setUint16(at + UPDATED_AT + 4, Math.floor(updatedAt * PER_TWO_32), true);
  if (expires) {
    view.setUint32(at + RECORD_HEADER_BYTES, expiresAt, true);
    view.setUint16(at + RECORD_HEADER_BYTES + 4, Math.floor(expiresAt * PER_TWO_32), true);
  }
  copyBytes(target, keyAt, keyBuffer, keyStart, keyBytes);
  copyBytes(target, valueAt, valueBuffer, valueStart, valueBytes);
  view.setUint32(
    at + VALUE_CRC_AT,
    crc32OfView(target, view, valueAt, end, valueSeed(salt, sequence)),
    true,
  );
  view.setUint32(
    at + HEAD_CRC_AT,
    crc32OfView(target, view, at + TYPE_AT, valueAt, headSeed(salt, fileOffset)),
    true,
  );
  return end;
}
