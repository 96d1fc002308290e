/**
 * The manifest: which segments make up the store. Little-endian.
 *
 * ```
 *  offset  bytes  field
 *       0      8  magic "caskdman"
 *       8      2  version = 1
 *      10      2  headerBytes = 32
 *      12      4  incompatible feature bits
 *      16      4  compatible feature bits
 *      20      4  bodyBytes
 *      24      4  CRC-32 of the body
 *      28      4  CRC-32 of bytes 0..27
 *      32      .  body: one msgpack map (`manifest-body.ts`)
 * ```
 */

import { join } from 'node:path';
import { Packr, Unpackr } from 'msgpackr';
import { assert, CaskError } from '../../errors/cask-error.ts';
import { type FileSystem, readWholeFile, systemErrorCode } from '../disk/file-system.ts';
import { replaceFile } from '../disk/replace-file.ts';
import { crc32 } from './checksum.ts';
import {
  COMMON_HEADER_BYTES,
  checkFormat,
  HEADER_BYTES_AT,
  startsWithMagic,
  VERSION_AT,
} from './file-header.ts';
import { MANIFEST } from './file-names.ts';
import { readU16, readU32, writeU16, writeU32 } from './integers.ts';
import { bodyOf, type Manifest, manifestOf } from './manifest-body.ts';

export type {
  DamageFacts,
  HistoryFacts,
  Manifest,
  ManifestSegment,
  SegmentState,
} from './manifest-body.ts';

const MANIFEST_MAGIC: Uint8Array = Buffer.from('caskdman', 'latin1');
const MANIFEST_VERSION = 1;

const BODY_BYTES_AT = COMMON_HEADER_BYTES + 4; // compatible feature bits (4)
const BODY_CRC_AT = BODY_BYTES_AT + 4;
const CRC_AT = BODY_CRC_AT + 4;
const MANIFEST_HEADER_BYTES = CRC_AT + 4;
/** Room for some 400,000 segments; nothing larger is read. */
const MANIFEST_BYTES_MAX = 64 * 1024 * 1024;

/** Plain msgpack: maps are maps, whatever language reads it. */
const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' });

const TWO_32 = 0x1_0000_0000;

/** msgpackr writes integers of 2^32 and more as floats, unless they are bigints. */
function withWideIntegers(value: unknown): unknown {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && Math.abs(value) >= TWO_32 ? BigInt(value) : value;
  }
  if (Array.isArray(value)) return value.map(withWideIntegers);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, withWideIntegers(field)]),
  );
}

function badManifest(what: string, cause?: unknown): CaskError {
  return new CaskError('BAD_MANIFEST', `the manifest is damaged: ${what}`, { cause });
}

/** @throws CaskError INTERNAL when a field is out of bounds: a programmer's error */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const body = bodyOf(manifest);
  try {
    manifestOf(body);
  } catch (thrown) {
    const cause = thrown instanceof Error ? thrown.message : String(thrown);
    throw new CaskError('INTERNAL', `not a manifest to write: ${cause}`, { cause: thrown });
  }
  const packed = packr.pack(withWideIntegers(body));
  assert(packed.length <= MANIFEST_BYTES_MAX - MANIFEST_HEADER_BYTES, 'the manifest is readable');
  const bytes = Buffer.alloc(MANIFEST_HEADER_BYTES + packed.length);
  bytes.set(MANIFEST_MAGIC);
  writeU16(bytes, VERSION_AT, MANIFEST_VERSION);
  writeU16(bytes, HEADER_BYTES_AT, MANIFEST_HEADER_BYTES);
  writeU32(bytes, BODY_BYTES_AT, packed.length);
  writeU32(bytes, BODY_CRC_AT, crc32(packed, 0, packed.length, 0));
  writeU32(bytes, CRC_AT, crc32(bytes, 0, CRC_AT, 0));
  bytes.set(packed, MANIFEST_HEADER_BYTES);
  return bytes;
}

/**
 * @throws CaskError UNSUPPORTED_FORMAT for an unknown version or feature; BAD_MANIFEST, with
 * what is wrong, for anything else
 */
export function decodeManifest(bytes: Uint8Array): Manifest {
  if (!startsWithMagic(bytes, MANIFEST_MAGIC)) {
    throw badManifest('it does not begin with its magic');
  }
  if (bytes.length < MANIFEST_HEADER_BYTES) throw badManifest('its header is cut short');
  checkFormat('manifest', bytes, MANIFEST_VERSION, CRC_AT);
  if (crc32(bytes, 0, CRC_AT, 0) !== readU32(bytes, CRC_AT)) {
    throw badManifest('the checksum of its header does not match');
  }
  if (readU16(bytes, HEADER_BYTES_AT) !== MANIFEST_HEADER_BYTES) {
    throw badManifest(`its header claims ${readU16(bytes, HEADER_BYTES_AT)} bytes`);
  }
  const bodyBytes = readU32(bytes, BODY_BYTES_AT);
  if (MANIFEST_HEADER_BYTES + bodyBytes !== bytes.length) {
    throw badManifest(`its body has ${bytes.length - MANIFEST_HEADER_BYTES} bytes of ${bodyBytes}`);
  }
  if (crc32(bytes, MANIFEST_HEADER_BYTES, bytes.length, 0) !== readU32(bytes, BODY_CRC_AT)) {
    throw badManifest('the checksum of its body does not match');
  }
  let body: unknown;
  try {
    body = unpackr.unpack(bytes.subarray(MANIFEST_HEADER_BYTES));
  } catch (thrown) {
    throw badManifest('its body is not msgpack', thrown);
  }
  return manifestOf(body);
}

/** When everything up to `historyFloor` had been committed, ms; 0: that is not known. */
export function historyFloorTimeOf(manifest: Manifest): number {
  const [sequence, ms] = manifest.historyFloorTime ?? [0, 0];
  return sequence === manifest.historyFloor ? ms : 0;
}

/** Makes `manifest` the one of the directory: when this resolves, it is durable. */
export async function writeManifest(
  fs: FileSystem,
  directory: string,
  manifest: Manifest,
): Promise<void> {
  const bytes = encodeManifest(manifest);
  await replaceFile(fs, directory, MANIFEST, (file) => file.write(bytes, 0, bytes.length, 0));
}

/**
 * The manifest of the directory; undefined when it has none.
 * @throws CaskError as `decodeManifest` does; system errors as they are
 */
export async function readManifest(
  fs: FileSystem,
  directory: string,
): Promise<Manifest | undefined> {
  try {
    return decodeManifest(await readWholeFile(fs, join(directory, MANIFEST), MANIFEST_BYTES_MAX));
  } catch (thrown) {
    if (systemErrorCode(thrown) === 'ENOENT') return undefined;
    if (thrown instanceof RangeError) throw badManifest(thrown.message, thrown);
    throw thrown;
  }
}
