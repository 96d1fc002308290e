/** Segments: header, single records, the scanner, the search behind damage, the survey of a tail. */

import type { SeededRandom } from '../../../scripts/torture/seeded-random.ts';
import { crc32 } from '../../../src/storage/format/checksum.ts';
import {
  DECODE_OK,
  DECODE_SHORT,
  decodeRecordHead,
  encodeRecord,
  looksLikeRecord,
  RECORD_HEADER_BYTES,
  RECORD_PUT,
  RecordView,
  recordBytes,
  valueSeed,
  verifyRecordValue,
} from '../../../src/storage/format/record.ts';
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
} from '../../../src/storage/format/segment-header.ts';
import {
  SegmentScanner,
  STEP_BAD,
  STEP_END,
  STEP_MORE,
  STEP_RECORD,
  STEP_UNSUPPORTED,
} from '../../../src/storage/log/segment-scanner.ts';
import { searchRecords } from '../../../src/storage/recovery/record-search.ts';
import { surveySegment } from '../../../src/storage/recovery/segment-survey.ts';
import { GOLDEN_SEGMENT_HEADER, goldenSegment } from '../../golden/golden-v1.ts';
import { type FuzzTarget, mustHold } from '../fuzz-target.ts';
import { MemoryFile } from '../memory-file.ts';

const { salt } = GOLDEN_SEGMENT_HEADER;
const SEQUENCE_MAX = Number.MAX_SAFE_INTEGER;
const EXTENSION_BYTES_MAX = 6 + 5;
const HEAD_BYTES_MAX = RECORD_HEADER_BYTES + EXTENSION_BYTES_MAX + 65_535;
const CHUNK_BYTES = 1 << 20;

function encodedRecord(at: number, key: Buffer, value: Buffer, sequence: number, expiresAt = 0) {
  const bytes = Buffer.alloc(recordBytes(key.length, value.length, expiresAt !== 0));
  const parts = [key, 0, key.length, value, 0, value.length] as const;
  encodeRecord(bytes, 0, salt, at, RECORD_PUT, 0, ...parts, sequence, 0, 1, 1, 2, expiresAt);
  return bytes;
}

/** Lengths of header and key as the record claims them, and of its value. */
function claims(bytes: Buffer, at: number): { readonly head: number; readonly value: number } {
  const flags = bytes[at + 9] as number;
  const extensions = ((flags & 1) === 0 ? 0 : 6) + ((flags & 4) === 0 ? 0 : 5);
  const head = RECORD_HEADER_BYTES + extensions + bytes.readUInt16LE(at + 10);
  return { head, value: bytes.readUInt32LE(at + 12) };
}

/** Mends the checksums of the record at `at`; returns where it claims to end. */
function resealRecord(bytes: Buffer, at: number, fileOffset: number): number {
  const { head, value } = claims(bytes, at);
  const end = at + head + value;
  if (end <= bytes.length) {
    const sequence = Number(bytes.readBigUInt64LE(at + 16) & 0xffff_ffffn);
    bytes.writeUInt32LE(crc32(bytes, at + head, end, valueSeed(salt, sequence)), at + 4);
  }
  if (at + head > bytes.length) return bytes.length;
  const sum = crc32(bytes, at + 8, at + head, (salt + fileOffset) >>> 0);
  bytes.writeUInt32LE(sum, at);
  return end;
}

/** Mends the records of a segment as far as their lengths lead; now and then one is left out. */
function resealSegment(bytes: Buffer, random: SeededRandom): void {
  const skipped = random.below(12);
  let at = SEGMENT_HEADER_BYTES;
  for (let index = 0; at + RECORD_HEADER_BYTES <= bytes.length; index += 1) {
    const { head, value } = claims(bytes, at);
    at = index === skipped ? at + head + value : resealRecord(bytes, at, at);
  }
}

const header: FuzzTarget = {
  name: 'segment-header',
  seeds: [
    Buffer.from(encodeSegmentHeader(GOLDEN_SEGMENT_HEADER)),
    Buffer.from(encodeSegmentHeader({ ...GOLDEN_SEGMENT_HEADER, kind: 'merged', id: 2 ** 40 })),
  ],
  codes: ['CORRUPT', 'UNSUPPORTED_FORMAT'],
  allocationMax: () => 4096,
  reseal: (bytes) => {
    if (bytes.length < SEGMENT_HEADER_BYTES) return;
    bytes.writeUInt32LE(crc32(bytes, 0, SEGMENT_HEADER_BYTES - 4, 0), SEGMENT_HEADER_BYTES - 4);
  },
  feed: (bytes) => {
    const found = decodeSegmentHeader(bytes);
    if (found === undefined) return 'no header';
    mustHold(Number.isSafeInteger(found.id), 'an id is a safe integer');
    mustHold(found.uuid.length === 16, 'a UUID has 16 bytes');
    return found.kind;
  },
};

const RECORD_AT = SEGMENT_HEADER_BYTES;

const record: FuzzTarget = {
  name: 'record',
  seeds: [
    encodedRecord(RECORD_AT, Buffer.from('k'), Buffer.from('hello'), 1),
    encodedRecord(RECORD_AT, Buffer.from('expires'), Buffer.alloc(0), 2 ** 52, 1_700_000_000_000),
    encodedRecord(RECORD_AT, Buffer.alloc(500, 'k'), Buffer.alloc(300, 'v'), 77),
  ],
  codes: [],
  allocationMax: () => 4096,
  reseal: (bytes) => {
    if (bytes.length >= RECORD_HEADER_BYTES) resealRecord(bytes, 0, RECORD_AT);
  },
  feed: (bytes) => {
    const view = new RecordView();
    const result = decodeRecordHead(bytes, 0, bytes.length, salt, RECORD_AT, view);
    if (result === DECODE_SHORT) {
      mustHold(view.neededBytes > bytes.length, 'short means that more is needed');
      mustHold(view.neededBytes <= HEAD_BYTES_MAX, 'what is needed is bounded');
    }
    if (result !== DECODE_OK) return `result ${result}`;
    mustHold(
      view.keyBytes > 0 && view.keyStart + view.keyBytes <= bytes.length,
      'the key is there',
    );
    mustHold(view.valueStart === view.keyStart + view.keyBytes, 'the value follows the key');
    const fileBytes = RECORD_AT + view.recordBytes;
    const limits = [RECORD_AT, fileBytes, 1, SEQUENCE_MAX] as const;
    mustHold(looksLikeRecord(bytes, 0, bytes.length, ...limits), 'the filter lets it through');
    if (view.recordBytes > bytes.length) return 'without value';
    return verifyRecordValue(bytes, view, salt) ? 'whole' : 'wrong value';
  },
};

const SEGMENTS: readonly Buffer[] = [
  Buffer.from(goldenSegment()),
  segmentOf([5, 0], 0),
  segmentOf([1, 2, 3, 4, 5, 6, 7, 8], 1000),
];

/** A segment of puts with values of these lengths, and zeros behind. */
function segmentOf(lengths: readonly number[], zeros: number): Buffer {
  const parts = [Buffer.from(encodeSegmentHeader(GOLDEN_SEGMENT_HEADER))];
  let at = SEGMENT_HEADER_BYTES;
  for (const [index, length] of lengths.entries()) {
    const bytes = encodedRecord(
      at,
      Buffer.from(`key ${index}`),
      Buffer.alloc(length, 'v'),
      index + 1,
    );
    parts.push(bytes);
    at += bytes.length;
  }
  return Buffer.concat([...parts, Buffer.alloc(zeros)]);
}

const scan: FuzzTarget = {
  name: 'scan',
  seeds: SEGMENTS,
  codes: [],
  allocationMax: (bytes) => Math.max(CHUNK_BYTES, bytes) + 4096,
  reseal: resealSegment,
  feed: async (bytes, random) => {
    const end = Math.max(SEGMENT_HEADER_BYTES, bytes.length + random.pick([0, 0, -20, 20]));
    const withValues = random.chance(0.5);
    const range = { start: SEGMENT_HEADER_BYTES, end, withValues };
    const scanner = new SegmentScanner(new MemoryFile(bytes), salt, range);
    let records = 0;
    for (let steps = 0; ; steps += 1) {
      mustHold(steps < 100 + bytes.length, 'a scan comes to its end');
      const step = scanner.step();
      if (step === STEP_MORE) await scanner.fill();
      else if (step === STEP_RECORD) {
        records += 1;
        const { view } = scanner;
        mustHold(scanner.next <= end, 'a record lies within the range');
        mustHold(view.keyStart + view.keyBytes <= scanner.buffer.length, 'the key is there');
        if (withValues) verifyRecordValue(scanner.buffer, view, salt);
      } else if (step === STEP_BAD && scanner.offset + 1 < end && random.chance(0.7)) {
        scanner.seek(Math.min(end, scanner.offset + random.between(1, 100)));
      } else {
        mustHold([STEP_END, STEP_BAD, STEP_UNSUPPORTED].includes(step), `${step} is a step`);
        return records === 0 ? 'nothing' : 'records';
      }
    }
  },
};

const search: FuzzTarget = {
  name: 'search',
  share: 0.5,
  seeds: SEGMENTS,
  codes: [],
  allocationMax: () => CHUNK_BYTES + HEAD_BYTES_MAX + 4096,
  reseal: resealSegment,
  feed: async (bytes, random) => {
    const start = random.below(200);
    const range = {
      start,
      end: bytes.length,
      sequenceMin: 1,
      sequenceMax: () => SEQUENCE_MAX,
    };
    const file = new MemoryFile(bytes);
    let before = start - 1;
    const again = new RecordView();
    await searchRecords(file, salt, range, (offset, view) => {
      mustHold(offset > before, 'finds ascend');
      before = offset;
      const result = decodeRecordHead(bytes, offset, bytes.length, salt, offset, again);
      mustHold(result === DECODE_OK && again.sequence === view.sequence, 'a find is a record');
      mustHold(offset + view.recordBytes <= bytes.length, 'a find lies in the file');
      return true;
    });
    mustHold(
      file.bytesRead <= 2 * bytes.length + HEAD_BYTES_MAX,
      'nothing is read again and again',
    );
    return before < start ? 'nothing' : 'records';
  },
};

const survey: FuzzTarget = {
  name: 'survey',
  share: 0.5,
  seeds: SEGMENTS,
  codes: ['UNSUPPORTED_FORMAT'],
  allocationMax: (bytes) => Math.max(CHUNK_BYTES + HEAD_BYTES_MAX, bytes) + 4096,
  reseal: resealSegment,
  feed: async (bytes, random) => {
    if (bytes.length < SEGMENT_HEADER_BYTES) return 'no segment';
    const file = new MemoryFile(bytes);
    const found = await surveySegment({
      file,
      segmentId: 1,
      salt,
      fileBytes: bytes.length,
      sequenceMin: random.pick([1, 1, 3]),
      sequenceMax: 100,
      nextFirstSequence: random.pick([undefined, undefined, 7, 9]),
    });
    mustHold(found.proven >= SEGMENT_HEADER_BYTES, 'the header is proven');
    mustHold(found.proven <= found.end, 'what is proven is not cut');
    mustHold(found.end <= bytes.length, 'the log ends in the file');
    mustHold(found.records >= found.provenRecords, 'proven records are records');
    let before = SEGMENT_HEADER_BYTES;
    for (const { offset, bytes: length } of found.damage) {
      mustHold(offset >= before && length >= 0, 'damaged ranges ascend');
      before = offset + length;
    }
    mustHold(before <= bytes.length, 'damage lies in the file');
    return found.damage.length === 0 ? `${Math.min(found.records, 3)} records` : 'damage';
  },
};

export const SEGMENT_TARGETS: readonly FuzzTarget[] = [header, record, scan, search, survey];
