/**
 * The fixed contents of the golden files of the records that were added to format version 1:
 * touches and a clear. `UPDATE_GOLDEN=1 node test/golden/golden-touch-clear.ts` writes them, once.
 */

import { writeFileSync } from 'node:fs';
import { encodeHintHeader } from '../../src/storage/format/hint-layout.ts';
import { HintEncoder, type HintEntry } from '../../src/storage/format/hint-writer.ts';
import {
  encodeRecord,
  NO_EXPIRY,
  RECORD_CLEAR,
  RECORD_PUT,
  RECORD_TOUCH,
  RecordView,
  recordBytes,
  touchBytes,
  viewTrustedRecord,
} from '../../src/storage/format/record.ts';
import {
  encodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from '../../src/storage/format/segment-header.ts';
import { HintCollector } from '../../src/storage/merge/hint-collector.ts';
import { GOLDEN_DIRECTORY, GOLDEN_SEGMENT_HEADER, type GoldenRecord } from './golden-v1.ts';

export const TOUCH_SEGMENT_FILE = 'seg-0000000002.log';
export const TOUCH_HINT_FILE = 'seg-0000000002.hint';

const T0 = 1_700_000_000_000;

export const TOUCH_SEGMENT_HEADER: SegmentHeader = {
  ...GOLDEN_SEGMENT_HEADER,
  id: 2,
  baseSequence: 7,
  salt: 0x0badcafe,
};

export type TouchRecord = Omit<GoldenRecord, 'flags'> & { readonly valueSequence: number };

function record(sequence: number, more: Partial<TouchRecord>): TouchRecord {
  const at = T0 + sequence;
  return {
    type: RECORD_PUT,
    key: Buffer.from('k'),
    value: Buffer.alloc(0),
    sequence,
    provenOffset: SEGMENT_HEADER_BYTES,
    version: 1,
    createdAt: at,
    updatedAt: at,
    expiresAt: NO_EXPIRY,
    valueSequence: 0,
    ...more,
  };
}

/** In the order of the log. */
export const TOUCH_RECORDS: readonly TouchRecord[] = [
  record(7, { value: Buffer.from('void') }),
  record(8, { type: RECORD_TOUCH, valueSequence: 7, createdAt: T0 + 7 }),
  record(9, { type: RECORD_CLEAR, key: Buffer.alloc(0), version: 0 }),
  record(10, { value: Buffer.from('hello'), expiresAt: T0 + 60_000 }),
  record(11, { type: RECORD_TOUCH, valueSequence: 10, createdAt: T0 + 10 }),
  record(12, {
    type: RECORD_TOUCH,
    valueSequence: 10,
    createdAt: T0 + 10,
    expiresAt: T0 + 3_600_000,
  }),
  // its put lies in another segment
  record(13, {
    type: RECORD_TOUCH,
    key: Buffer.from('session'),
    valueSequence: 2,
    version: 4,
    createdAt: T0 + 5,
  }),
];

export function touchSegment(): Uint8Array {
  const length = TOUCH_RECORDS.reduce((sum, { type, key, value, expiresAt }) => {
    const expires = expiresAt !== NO_EXPIRY;
    const isTouch = type === RECORD_TOUCH;
    return sum + (isTouch ? touchBytes(key.length, expires) : recordBytes(key.length, value.length, expires));
  }, SEGMENT_HEADER_BYTES);
  const bytes = new Uint8Array(length);
  bytes.set(encodeSegmentHeader(TOUCH_SEGMENT_HEADER));
  let at = SEGMENT_HEADER_BYTES;
  for (const one of TOUCH_RECORDS) {
    at = encodeRecord(
      bytes,
      at,
      TOUCH_SEGMENT_HEADER.salt,
      at,
      one.type,
      0,
      one.key,
      0,
      one.key.length,
      one.value,
      0,
      one.value.length,
      one.sequence,
      one.provenOffset,
      one.version,
      one.createdAt,
      one.updatedAt,
      one.expiresAt,
      one.valueSequence,
    );
  }
  return bytes;
}

/** What a scan of the segment gives. */
function collected(): HintCollector {
  const bytes = touchSegment();
  const collector = new HintCollector();
  const view = new RecordView();
  for (let at = SEGMENT_HEADER_BYTES; at < bytes.length; at += view.recordBytes) {
    viewTrustedRecord(bytes, at, view);
    collector.add(bytes, view, at);
  }
  return collector;
}

export function touchHintEntries(): HintEntry[] {
  return Array.from(collected().sorted(), (entry) => {
    const key = entry.keyBuffer.subarray(entry.keyStart, entry.keyStart + entry.keyBytes);
    return { ...entry, keyBuffer: Buffer.from(key), keyStart: 0 };
  });
}

export function touchHint(): Uint8Array {
  const { lowestSequence, highestSequence, latestUpdatedAt, tombstoneBytes } = collected();
  const encoder = new HintEncoder({
    uuid: TOUCH_SEGMENT_HEADER.uuid,
    segmentId: 2,
    salt: TOUCH_SEGMENT_HEADER.salt,
    segmentBytes: touchSegment().length,
    lowestSequence,
    highestSequence,
    latestUpdatedAt,
    tombstoneBytes,
  });
  const blocks = touchHintEntries().map((entry) => encoder.add(entry));
  blocks.push(encoder.finishBlock());
  const present = blocks.filter((block) => block !== undefined);
  return Buffer.concat([encodeHintHeader(encoder.header()), ...present]);
}

export const TOUCH_FILES: Readonly<Record<string, () => Uint8Array>> = {
  [TOUCH_SEGMENT_FILE]: touchSegment,
  [TOUCH_HINT_FILE]: touchHint,
};

if (import.meta.main) {
  if (process.env['UPDATE_GOLDEN'] !== '1') {
    process.stderr.write('golden files are rewritten only with UPDATE_GOLDEN=1\n');
    process.exitCode = 1;
  } else {
    for (const [name, make] of Object.entries(TOUCH_FILES)) {
      writeFileSync(new URL(name, GOLDEN_DIRECTORY), make());
      process.stdout.write(`wrote ${name}\n`);
    }
  }
}
