/**
 * The fixed contents of the golden files of format version 1, and the script that writes them:
 * `UPDATE_GOLDEN=1 node test/golden/golden-v1.ts`. Files of a released version are never
 * rewritten: they stay readable for ever.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { type BackupList, encodeBackupList } from '../../src/storage/format/backup-list.ts';
import { HintEncoder, type HintEntry } from '../../src/storage/format/hint-writer.ts';
import { encodeHintHeader } from '../../src/storage/format/hint-layout.ts';
import { encodeManifest, type Manifest } from '../../src/storage/format/manifest.ts';
import {
  encodeRecord,
  FLAG_BATCH_CONTINUES,
  NO_EXPIRY,
  RECORD_DELETE,
  RECORD_PUT,
  recordBytes,
} from '../../src/storage/format/record.ts';
import {
  encodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from '../../src/storage/format/segment-header.ts';

export const GOLDEN_DIRECTORY: URL = new URL('./format-v1/', import.meta.url);
export const SEGMENT_FILE = 'seg-0000000001.log';
export const HINT_FILE = 'seg-0000000001.hint';
export const MANIFEST_FILE = 'MANIFEST';
export const BACKUP_FILE = 'BACKUP';

const T0 = 1_700_000_000_000;
const UUID: Uint8Array = Uint8Array.from({ length: 16 }, (_, index) => 0xa0 + index);

export const GOLDEN_SEGMENT_HEADER: SegmentHeader = {
  kind: 'log',
  uuid: UUID,
  id: 1,
  baseSequence: 1,
  epoch: 1,
  createdAt: T0 - 1,
  salt: 0x01020304,
};

export interface GoldenRecord {
  readonly type: number;
  readonly flags: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly sequence: number;
  readonly provenOffset: number;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt: number;
}

function put(key: string, value: string, more: Partial<GoldenRecord>): GoldenRecord {
  return {
    type: RECORD_PUT,
    flags: 0,
    key: Buffer.from(key),
    value: Buffer.from(value),
    sequence: 1,
    provenOffset: SEGMENT_HEADER_BYTES,
    version: 1,
    createdAt: T0,
    updatedAt: T0,
    expiresAt: NO_EXPIRY,
    ...more,
  };
}

const FIRST_GROUP_END: number = SEGMENT_HEADER_BYTES + recordBytes(1, 5, false);

/** In the order of the log. */
export const GOLDEN_RECORDS: readonly GoldenRecord[] = [
  put('k', 'hello', {}),
  put('session', '\u0000\u00ff', {
    sequence: 2,
    provenOffset: FIRST_GROUP_END,
    updatedAt: T0 + 5,
    createdAt: T0 + 5,
    expiresAt: T0 + 60_005,
  }),
  put('a', '', {
    flags: FLAG_BATCH_CONTINUES,
    sequence: 3,
    provenOffset: FIRST_GROUP_END,
    createdAt: T0 + 7,
    updatedAt: T0 + 7,
  }),
  put('k', 'hello again', {
    sequence: 4,
    provenOffset: FIRST_GROUP_END,
    version: 2,
    updatedAt: T0 + 7,
  }),
  put('gone', 'x'.repeat(600), {
    sequence: 5,
    provenOffset: FIRST_GROUP_END,
    createdAt: T0 + 8,
    updatedAt: T0 + 8,
  }),
  put('gone', '', {
    type: RECORD_DELETE,
    sequence: 6,
    provenOffset: FIRST_GROUP_END,
    createdAt: T0 + 9,
    updatedAt: T0 + 9,
  }),
];

function bytesOf(record: GoldenRecord): number {
  const { key, value, expiresAt } = record;
  return recordBytes(key.length, value.length, expiresAt !== NO_EXPIRY);
}

export function goldenSegment(): Uint8Array {
  const length = GOLDEN_RECORDS.reduce((sum, record) => sum + bytesOf(record), 0);
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES + length);
  bytes.set(encodeSegmentHeader(GOLDEN_SEGMENT_HEADER));
  let at = SEGMENT_HEADER_BYTES;
  for (const record of GOLDEN_RECORDS) {
    at = encodeRecord(
      bytes,
      at,
      GOLDEN_SEGMENT_HEADER.salt,
      at,
      record.type,
      record.flags,
      record.key,
      0,
      record.key.length,
      record.value,
      0,
      record.value.length,
      record.sequence,
      record.provenOffset,
      record.version,
      record.createdAt,
      record.updatedAt,
      record.expiresAt,
    );
  }
  return bytes;
}

/** The newest record of each key, ascending. */
export function goldenHintEntries(): HintEntry[] {
  const newest = new Map<string, HintEntry>();
  let offset = SEGMENT_HEADER_BYTES;
  for (const record of GOLDEN_RECORDS) {
    newest.set(Buffer.from(record.key).toString('latin1'), {
      keyBuffer: record.key,
      keyStart: 0,
      keyBytes: record.key.length,
      type: record.type,
      offset,
      recordBytes: bytesOf(record),
      version: record.version,
      sequence: record.sequence,
      createdAt: record.createdAt,
      expiresAt: record.expiresAt,
    });
    offset += bytesOf(record);
  }
  return [...newest.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
}

export function goldenHint(): Uint8Array {
  const encoder = new HintEncoder({
    uuid: UUID,
    segmentId: 1,
    salt: GOLDEN_SEGMENT_HEADER.salt,
    segmentBytes: goldenSegment().length,
    lowestSequence: 1,
    highestSequence: 6,
    latestUpdatedAt: T0 + 9,
    tombstoneBytes: goldenHintEntries()
      .filter(({ type }) => type === RECORD_DELETE)
      .reduce((sum, entry) => sum + entry.recordBytes, 0),
  });
  const blocks = goldenHintEntries().map((entry) => encoder.add(entry));
  blocks.push(encoder.finishBlock());
  const present = blocks.filter((block) => block !== undefined);
  return Buffer.concat([encodeHintHeader(encoder.header()), ...present]);
}

export const GOLDEN_MANIFEST: Manifest = {
  uuid: UUID,
  generation: 42,
  segments: [
    {
      id: 1,
      kind: 'log',
      state: 'sealed',
      salt: 0x01020304,
      base: 1,
      last: 6,
      min: 1,
      bytes: goldenSegment().length,
      records: 6,
    },
    {
      id: 3,
      kind: 'merged',
      state: 'sealed',
      salt: 0xfedcba98,
      base: 7,
      last: 2 ** 33,
      min: 9,
      bytes: 0xffff_ffff,
      records: 100_000,
    },
    {
      id: 4,
      kind: 'log',
      state: 'open',
      salt: 0,
      base: 2 ** 33 + 2 ** 25,
      last: 0,
      min: 2 ** 33 + 2 ** 25,
      bytes: 80,
      records: 0,
    },
    {
      id: 5,
      kind: 'log',
      state: 'prepared',
      salt: 5,
      base: 0,
      last: 0,
      min: 0,
      bytes: 80,
      records: 0,
    },
  ],
  nextSegmentId: 6,
  keys: 3,
  lastSequence: 9,
  jumps: [[2 ** 33, 2 ** 33 + 2 ** 25]],
  epochs: [[1, 1]],
  engineTime: T0 + 10,
  historyFloor: 5,
  obsolete: ['seg-0000000002.log', 'seg-0000000002.hint'],
  damage: [{ segment: 3, offset: 4096, bytes: 512, firstSequence: 10, lastSequence: 12 }],
  promisedEpoch: 0,
  commitFloor: 0,
  unknown: { fromTheFuture: { nested: [1, 'two', T0] } },
};

/** The list of a backup of these files. */
export const GOLDEN_BACKUP: BackupList = {
  uuid: Buffer.from(UUID).toString('hex'),
  caskd: '0.1.0',
  revision: 2 ** 33 + 2 ** 25,
  time: T0 + 10,
  historyFloor: 5,
  historyFloorTime: T0,
  takenAt: T0 + 20,
  isLinked: true,
  damaged: [3],
  files: [
    { name: 'MANIFEST', bytes: 512, sha256: '0f'.repeat(32) },
    { name: 'seg-0000000001.hint', bytes: 300, sha256: '1e'.repeat(32) },
    { name: 'seg-0000000001.log', bytes: 700, sha256: '2d'.repeat(32) },
    { name: 'seg-0000000003.merged', bytes: 4_294_967_295, sha256: '3c'.repeat(32) },
  ],
};

export const GOLDEN_FILES: Readonly<Record<string, () => Uint8Array>> = {
  [SEGMENT_FILE]: goldenSegment,
  [HINT_FILE]: goldenHint,
  [MANIFEST_FILE]: () => encodeManifest(GOLDEN_MANIFEST),
  [BACKUP_FILE]: () => encodeBackupList(GOLDEN_BACKUP),
};

if (import.meta.main) {
  if (process.env['UPDATE_GOLDEN'] !== '1') {
    process.stderr.write('golden files are rewritten only with UPDATE_GOLDEN=1\n');
    process.exitCode = 1;
  } else {
    mkdirSync(GOLDEN_DIRECTORY, { recursive: true });
    for (const [name, make] of Object.entries(GOLDEN_FILES)) {
      writeFileSync(new URL(name, GOLDEN_DIRECTORY), make());
      process.stdout.write(`wrote ${name}\n`);
    }
  }
}
