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
import { readU16, readU32 } from './integers.ts';

export const MAGIC_BYTES = 8;
export const VERSION_AT: number = MAGIC_BYTES;
export const HEADER_BYTES_AT: number = VERSION_AT + 2;
export const INCOMPATIBLE_AT: number = HEADER_BYTES_AT + 2;
/** The first offset after what all headers share. */
export const COMMON_HEADER_BYTES: number = INCOMPATIBLE_AT + 4;

/** True when `bytes` begins with `magic`. */
export function startsWithMagic(bytes: Uint8Array, magic: Uint8Array): boolean {
  return bytes.length >= magic.length && magic.every((byte, index) => bytes[index] === byte);
}

/** @throws CaskError UNSUPPORTED_FORMAT unless the version is `known` */
export function checkVersion(what: string, bytes: Uint8Array, known: number): void {
  const version = readU16(bytes, VERSION_AT);
  if (version === known) return;
  throw new CaskError(
    'UNSUPPORTED_FORMAT',
    `the ${what} has format version ${version}; this caskd knows version ${known}`,
    { details: { version } },
  );
}

/** @throws CaskError UNSUPPORTED_FORMAT when a bit is set: version 1 knows none */
export function checkIncompatibleBits(what: string, bytes: Uint8Array): void {
  const bits = readU32(bytes, INCOMPATIBLE_AT);
  if (bits === 0) return;
  throw new CaskError(
    'UNSUPPORTED_FORMAT',
    `the ${what} needs features that this caskd does not have (bits 0x${bits.toString(16)})`,
    { details: { incompatibleBits: bits } },
  );
}
