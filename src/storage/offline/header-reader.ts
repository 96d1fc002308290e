/**
 * File headers as an examiner reads them. Where a bit flipped in version or feature bits, and
 * nowhere else, the rest of the header is right: with these fields set right, its checksum matches.
 */

import { CaskError } from '../../errors/cask-error.ts';
import type { FileHandle } from '../disk/file-system.ts';
import { COMMON_HEADER_BYTES, INCOMPATIBLE_AT, VERSION_AT } from '../format/file-header.ts';
import { writeU16, writeU32 } from '../format/integers.ts';
import {
  decodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
  SEGMENT_VERSION,
  type SegmentHeader,
} from '../format/segment-header.ts';
import { readFully } from '../recovery/record-search.ts';

export interface Decoded<T> {
  /** Undefined: nothing of it can be believed. */
  readonly value: T | undefined;
  /** What is wrong with it, as the end of a sentence. */
  readonly problem: string | undefined;
}

/**
 * Decodes bytes, and, where only version or feature bits are damaged, what they were.
 * @throws CaskError UNSUPPORTED_FORMAT when a newer caskd wrote them
 */
export function decodeTolerantly<T>(
  bytes: Uint8Array,
  version: number,
  decode: (bytes: Uint8Array) => T | undefined,
): Decoded<T> {
  try {
    const value = decode(bytes);
    return { value, problem: value === undefined ? 'it does not begin with its magic' : undefined };
  } catch (error) {
    if (!(error instanceof CaskError)) throw error;
    if (error.code === 'UNSUPPORTED_FORMAT') throw error;
    const mended = withFieldsSetRight(bytes, version, decode);
    if (mended === undefined) return { value: undefined, problem: error.message };
    return { value: mended, problem: 'its version or feature bits are damaged' };
  }
}

function withFieldsSetRight<T>(
  bytes: Uint8Array,
  version: number,
  decode: (bytes: Uint8Array) => T | undefined,
): T | undefined {
  if (bytes.length < COMMON_HEADER_BYTES) return undefined;
  const copy = Buffer.from(bytes);
  writeU16(copy, VERSION_AT, version);
  writeU32(copy, INCOMPATIBLE_AT, 0);
  try {
    return decode(copy);
  } catch (error) {
    if (error instanceof CaskError) return undefined;
    throw error;
  }
}

/** The header of an open segment file. @throws CaskError UNSUPPORTED_FORMAT */
export async function readSegmentHeader(file: FileHandle): Promise<Decoded<SegmentHeader>> {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  const count = await readFully(file, bytes, bytes.length, 0);
  return decodeTolerantly(bytes.subarray(0, count), SEGMENT_VERSION, decodeSegmentHeader);
}
