import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { NodeFileSystem } from '../../../src/storage/disk/node-file-system.ts';
import { HintReader } from '../../../src/storage/format/hint-reader.ts';
import {
  DECODE_OK,
  decodeRecordHead,
  RECORD_CLEAR,
  RECORD_PUT,
  RECORD_TOUCH,
  RecordView,
  verifyRecordValue,
} from '../../../src/storage/format/record.ts';
import { SEGMENT_HEADER_BYTES } from '../../../src/storage/format/segment-header.ts';
import {
  TOUCH_FILES,
  TOUCH_HINT_FILE,
  TOUCH_RECORDS,
  TOUCH_SEGMENT_FILE,
  TOUCH_SEGMENT_HEADER,
  touchHintEntries,
} from '../../golden/golden-touch-clear.ts';
import { GOLDEN_DIRECTORY } from '../../golden/golden-v1.ts';

function golden(name: string): Buffer {
  return readFileSync(new URL(name, GOLDEN_DIRECTORY));
}

it.each(Object.keys(TOUCH_FILES))('%s is what encoding gives today', (name) => {
  expect(Buffer.from(TOUCH_FILES[name]?.() as Uint8Array).equals(golden(name))).toBe(true);
});

it('the records of the golden segment decode', () => {
  const bytes = golden(TOUCH_SEGMENT_FILE);
  const { salt } = TOUCH_SEGMENT_HEADER;
  const view = new RecordView();
  let at = SEGMENT_HEADER_BYTES;
  for (const { key, value, ...facts } of TOUCH_RECORDS) {
    expect(decodeRecordHead(bytes, at, bytes.length, salt, at, view)).toBe(DECODE_OK);
    expect(verifyRecordValue(bytes, view, salt)).toBe(true);
    expect(view).toMatchObject({ ...facts, keyBytes: key.length, valueBytes: value.length });
    expect(bytes.subarray(view.keyStart, view.valueStart).equals(key)).toBe(true);
    at += view.recordBytes;
  }
  expect(at).toBe(bytes.length);
});

it('the golden hint tells of the clear, and of a touch with its put', async () => {
  const { uuid, salt } = TOUCH_SEGMENT_HEADER;
  const segmentBytes = golden(TOUCH_SEGMENT_FILE).length;
  const path = fileURLToPath(new URL(TOUCH_HINT_FILE, GOLDEN_DIRECTORY));
  const binding = { uuid, segmentId: 2, salt, segmentBytes };
  const reader = await HintReader.open(new NodeFileSystem(), path, binding);
  const found: [number, number, string][] = [];
  const entries = touchHintEntries();
  for (let block = await reader.nextBlock(); block; block = await reader.nextBlock()) {
    while (block.next()) {
      const { keyBuffer, keyStart, ...facts } = entries[found.length] as (typeof entries)[number];
      expect(block).toMatchObject(facts);
      const key = block.keyBuffer.subarray(block.keyStart, block.keyStart + block.keyBytes);
      expect(keyStart === 0 && Buffer.compare(key, keyBuffer) === 0).toBe(true);
      found.push([block.type, block.sequence, Buffer.from(key).toString()]);
    }
  }
  await reader.close();
  expect(found).toEqual([
    [RECORD_CLEAR, 9, ''],
    [RECORD_TOUCH, 12, 'k'],
    [RECORD_PUT, 10, 'k'],
    [RECORD_TOUCH, 13, 'session'],
  ]);
});
