import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NodeFileSystem } from '../../../src/storage/disk/node-file-system.ts';
import {
  encodeRecord,
  RECORD_PUT,
  RecordView,
  recordBytes,
  resealRecord,
  verifyRecordValue,
  viewTrustedRecord,
} from '../../../src/storage/format/record.ts';
import { SEGMENT_HEADER_BYTES } from '../../../src/storage/format/segment-header.ts';
import { BlockPool, BlockReader } from '../../../src/storage/merge/block-reader.ts';
import { scratchDirectories } from '../../crash/world/scratch.ts';

const newDirectory = scratchDirectories();
const SALT = 0xfeed_beef;

interface Written {
  readonly path: string;
  readonly bytes: number;
}

/** A segment of puts with values of these lengths; sequences count from 1. */
function segmentOf(valueBytes: readonly number[], keyBytes = 5): Written {
  const key = Buffer.alloc(keyBytes, 'k');
  const total = valueBytes.reduce((sum, length) => sum + recordBytes(keyBytes, length, false), 0);
  const buffer = Buffer.alloc(SEGMENT_HEADER_BYTES + total);
  let at = SEGMENT_HEADER_BYTES;
  for (const [index, length] of valueBytes.entries()) {
    const value = Buffer.alloc(length, index + 1);
    const sequence = index + 1;
    const range = [value, 0, length, sequence, 0, 1, 5, 6, 0] as const;
    at = encodeRecord(buffer, at, SALT, at, RECORD_PUT, 0, key, 0, keyBytes, ...range);
  }
  const directory = newDirectory();
  mkdirSync(directory);
  const path = join(directory, 'segment');
  writeFileSync(path, buffer);
  return { path, bytes: buffer.length };
}

/** The sequences of all blocks, in their order; blocks are used again as in a merge. */
async function sequencesIn({ path, bytes }: Written): Promise<number[]> {
  const file = await new NodeFileSystem().open(path, 'read');
  const pool = new BlockPool();
  const reader = new BlockReader(file, { id: 7, kind: 'log', salt: SALT, bytes }, pool);
  const view = new RecordView();
  const sequences: number[] = [];
  try {
    for (;;) {
      const block = await reader.next();
      if (block === undefined) return sequences;
      expect(block.count).toBeGreaterThan(0);
      expect(block.question.take().count).toBe(block.count);
      for (const at of block.starts.subarray(0, block.count)) {
        viewTrustedRecord(block.buffer, at, view);
        expect(verifyRecordValue(block.buffer, view, SALT)).toBe(true);
        sequences.push(view.sequence);
      }
      pool.give(block);
    }
  } finally {
    await reader.settled();
    await file.close();
  }
}

const MIB = 2 ** 20;

test.each([
  ['no record', []],
  ['small records over several chunks', Array.from({ length: 5000 }, (_, index) => index % 997)],
  ['records that chunks cut off at every place', Array.from({ length: 90 }, () => 70_001)],
  ['one larger than several chunks between small ones', [10, 5 * MIB, 10, 20]],
  ['large ones side by side', [MIB, 3 * MIB, 2 * MIB - 7, MIB + 1, 0]],
])('reads %s', async (_, lengths) => {
  const expected = lengths.map((_length, index) => index + 1);
  expect(await sequencesIn(segmentOf(lengths))).toEqual(expected);
});

test('reads records of which chunks cut off the key', async () => {
  const lengths = Array.from({ length: 40 }, () => 3);
  expect(await sequencesIn(segmentOf(lengths, 65_535))).toHaveLength(40);
});

test.each([
  ['a head', 60 * 1000 + SEGMENT_HEADER_BYTES + 20],
  ['a value', 60 * 1000 + SEGMENT_HEADER_BYTES + 100],
])('tells of damage in %s', async (_, at) => {
  const written = segmentOf(Array.from({ length: 3000 }, () => 951));
  const bytes = readFileSync(written.path);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(written.path, bytes);
  const details = { segment: 7, offset: 60 * 1000 + SEGMENT_HEADER_BYTES };
  await expect(sequencesIn(written)).rejects.toMatchObject({ code: 'CORRUPT', details });
});

test('a file that is too short is damaged', async () => {
  const { path, bytes } = segmentOf([100, 200]);
  await expect(sequencesIn({ path, bytes: bytes + 300 })).rejects.toMatchObject({
    code: 'CORRUPT',
  });
});

test('a record is resealed for another segment as if it had been encoded there', () => {
  const key = Buffer.from('key');
  const value = Buffer.alloc(777, 'v');
  const encoded = (salt: number, offset: number, flags: number, proven: number): Buffer => {
    const buffer = Buffer.alloc(recordBytes(3, 777, true));
    const facts = [9, proven, 4, 5, 6, 7] as const;
    encodeRecord(buffer, 0, salt, offset, RECORD_PUT, flags, key, 0, 3, value, 0, 777, ...facts);
    return buffer;
  };
  const copied = encoded(SALT, 5000, 2, 4000);
  const view = new RecordView();
  viewTrustedRecord(copied, 0, view);
  resealRecord(copied, 0, view, SALT, 123, 80);
  expect(copied.equals(encoded(123, 80, 0, 0))).toBe(true);
});
