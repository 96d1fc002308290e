/** Hint files, manifests and lists of backups: small files that are read whole and verified. */

import type { SeededRandom } from '../../../scripts/torture/seeded-random.ts';
import { decodeBackupList, encodeBackupList } from '../../../src/storage/format/backup-list.ts';
import { crc32 } from '../../../src/storage/format/checksum.ts';
import {
  BLOCK_CRC_AT,
  BLOCK_ENTRY_BYTES_MAX,
  BLOCK_HEADER_BYTES,
  HINT_HEADER_BYTES,
} from '../../../src/storage/format/hint-layout.ts';
import { HintReader } from '../../../src/storage/format/hint-reader.ts';
import { decodeManifest, encodeManifest } from '../../../src/storage/format/manifest.ts';
import { RECORD_HEADER_BYTES } from '../../../src/storage/format/record.ts';
import { sha256Hex } from '../../../src/storage/format/sha256.ts';
import {
  GOLDEN_BACKUP,
  GOLDEN_MANIFEST,
  GOLDEN_SEGMENT_HEADER,
  goldenHint,
  goldenSegment,
} from '../../golden/golden-v1.ts';
import { type FuzzTarget, mustHold } from '../fuzz-target.ts';
import { fileSystemOf, MemoryFile } from '../memory-file.ts';

const SHA_256_DIGITS = 64;

const { salt, uuid, id: segmentId } = GOLDEN_SEGMENT_HEADER;
const segmentBytes: number = goldenSegment().length;
const HINT_BUFFER_BYTES = 256 * 1024 + BLOCK_HEADER_BYTES + BLOCK_ENTRY_BYTES_MAX;
const HINT_LENGTH_AT = 96;

function resealHint(bytes: Buffer, random: SeededRandom): void {
  if (bytes.length < HINT_HEADER_BYTES) return;
  if (random.chance(0.8)) bytes.writeBigUInt64LE(BigInt(bytes.length), HINT_LENGTH_AT);
  for (let at = HINT_HEADER_BYTES; at + BLOCK_HEADER_BYTES <= bytes.length; ) {
    const start = at + BLOCK_HEADER_BYTES;
    const end = Math.min(bytes.length, start + bytes.readUInt32LE(at));
    const seed = crc32(bytes, at, at + BLOCK_CRC_AT, salt);
    bytes.writeUInt32LE(crc32(bytes, start, end, seed), at + BLOCK_CRC_AT);
    at = end;
  }
  const crcAt = HINT_HEADER_BYTES - 4;
  bytes.writeUInt32LE(crc32(bytes, 0, crcAt, 0), crcAt);
}

const hint: FuzzTarget = {
  name: 'hint',
  seeds: [Buffer.from(goldenHint())],
  codes: ['CORRUPT', 'UNSUPPORTED_FORMAT'],
  allocationMax: () => HINT_BUFFER_BYTES + 4096,
  reseal: resealHint,
  feed: async (bytes) => {
    const file = new MemoryFile(bytes);
    const binding = { uuid, segmentId, salt, segmentBytes };
    const reader = await HintReader.open(fileSystemOf(file), 'hint', binding);
    let entries = 0;
    for (;;) {
      const block = await reader.nextBlock();
      if (block === undefined) break;
      while (block.next()) {
        entries += 1;
        mustHold(entries <= bytes.length, 'entries take bytes');
        const { offset, recordBytes, keyStart, keyBytes, keyBuffer } = block;
        mustHold(keyBytes > 0 && keyStart + keyBytes <= keyBuffer.length, 'the key is there');
        mustHold(recordBytes >= RECORD_HEADER_BYTES + keyBytes, 'a record holds its key');
        mustHold(offset + recordBytes <= segmentBytes, 'a record lies in the segment');
      }
    }
    mustHold(entries === reader.header.entries, 'as many entries as promised');
    return 'read';
  },
};

const MANIFEST_HEADER_BYTES = 32;
const SMALL_MANIFEST = {
  ...GOLDEN_MANIFEST,
  segments: [],
  jumps: [],
  obsolete: [],
  damage: [],
  unknown: {},
};

const manifest: FuzzTarget = {
  name: 'manifest',
  seeds: [
    Buffer.from(encodeManifest(GOLDEN_MANIFEST)),
    Buffer.from(encodeManifest(SMALL_MANIFEST)),
  ],
  codes: ['BAD_MANIFEST', 'UNSUPPORTED_FORMAT'],
  allocationMax: (bytes) => 2 * bytes + 64 * 1024,
  reseal: (bytes) => {
    if (bytes.length < MANIFEST_HEADER_BYTES) return;
    bytes.writeUInt32LE(bytes.length - MANIFEST_HEADER_BYTES, 20);
    bytes.writeUInt32LE(crc32(bytes, MANIFEST_HEADER_BYTES, bytes.length, 0), 24);
    bytes.writeUInt32LE(crc32(bytes, 0, 28, 0), 28);
  },
  feed: (bytes) => {
    const decoded = decodeManifest(bytes);
    for (const segment of decoded.segments) {
      mustHold(segment.id < decoded.nextSegmentId, 'ids are below the next one');
    }
    // what can be read can be written back, and is the same then
    const again = decodeManifest(encodeManifest(decoded));
    mustHold(again.generation === decoded.generation, 'it can be written back');
    mustHold(again.segments.length === decoded.segments.length, 'with all its segments');
    return 'read';
  },
};

const backupList: FuzzTarget = {
  name: 'backup-list',
  seeds: [Buffer.from(encodeBackupList(GOLDEN_BACKUP))],
  codes: ['NOT_A_BACKUP', 'UNSUPPORTED_FORMAT'],
  allocationMax: (bytes) => 8 * bytes + 64 * 1024,
  reseal: (bytes) => {
    // the checksum stands in the last line, at a fixed distance from its end
    const end = bytes.length - '"}\n'.length;
    const lineAt = end - SHA_256_DIGITS - '{"sha256":"'.length;
    if (lineAt > 0) bytes.write(sha256Hex(bytes.subarray(0, lineAt)), end - SHA_256_DIGITS);
  },
  feed: (bytes) => {
    const decoded = decodeBackupList(bytes);
    for (const { name } of decoded.files) mustHold(/^[\w.-]+$/.test(name), 'a name is no path');
    const again = decodeBackupList(encodeBackupList(decoded));
    mustHold(again.files.length === decoded.files.length, 'it can be written back');
    return 'read';
  },
};

export const CACHE_TARGETS: readonly FuzzTarget[] = [hint, manifest, backupList];
