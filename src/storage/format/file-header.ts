/**
 * What every file header begins with, and the checks in their order: magic, version,
 * incompatible feature bits; the checksum and the fields follow, each format for itself.
 *
 * ```
 *  offset  bytes  field
 *       0      8  magic
 *       8      2  version
 *      10      2  headerBytes
 *      12      4  incompatible feature bits
 * ```
 */

import { CaskError } from '../../errors/cask-error.ts';
import { crc32 } from './checksum.ts';
import { readU16, readU32, writeU16, writeU32 } from './integers.ts';

export const MAGIC_BYTES = 8;
export const VERSION_AT: number = MAGIC_BYTES;
export const HEADER_BYTES_AT: number = VERSION_AT + 2;
export const INCOMPATIBLE_AT: number = HEADER_BYTES_AT + 2;
/** The first offset after what all headers share. */
export const COMMON_HEADER_BYTES: number = INCOMPATIBLE_AT + 4;

const CRC_BYTES = 4;

/** True when `bytes` begins with `magic`. */
export function startsWithMagic(bytes: Uint8Array, magic: Uint8Array): boolean {
  return bytes.length >= magic.length && magic.every((byte, index) => bytes[index] === byte);
}

/**
 * Refuses what another version wrote. A flipped bit in version or feature bits is none: with these
 * fields set right, the checksum of the header is right. It passes here, and the caller finds that
 * the checksum is wrong as the header stands.
 *
 * @param crcAt where the header's CRC-32 of all bytes before it stands
 * @throws CaskError UNSUPPORTED_FORMAT for another version than `known`, or a feature bit
 */
export function checkFormat(what: string, bytes: Uint8Array, known: number, crcAt: number): void {
  const version = readU16(bytes, VERSION_AT);
  const bits = readU32(bytes, INCOMPATIBLE_AT);
  if (version === known && bits === 0) return;
  if (isRightOtherwise(bytes, known, crcAt)) return;
  const newer = 'a newer caskd wrote it; use that one';
  if (version !== known) {
    const message = `the ${what} has format version ${version}; this caskd knows version ${known}`;
    throw new CaskError('UNSUPPORTED_FORMAT', `${message}: ${newer}`, { details: { version } });
  }
  const needs = `features that this caskd does not have (bits 0x${bits.toString(16)})`;
  throw new CaskError('UNSUPPORTED_FORMAT', `the ${what} needs ${needs}: ${newer}`, {
    details: { incompatibleBits: bits },
  });
}

/** Of the two fields alone, version 1 knows what they should say. */
function isRightOtherwise(bytes: Uint8Array, known: number, crcAt: number): boolean {
  if (bytes.length < crcAt + CRC_BYTES) return false;
  const header = Buffer.from(bytes.subarray(0, crcAt));
  writeU16(header, VERSION_AT, known);
  writeU32(header, INCOMPATIBLE_AT, 0);
  return crc32(header, 0, crcAt, 0) === readU32(bytes, crcAt);
}
