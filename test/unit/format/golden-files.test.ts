import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { NodeFileSystem } from '../../../src/storage/disk/node-file-system.ts';
import { HintReader } from '../../../src/storage/format/hint-reader.ts';
import { decodeManifest } from '../../../src/storage/format/manifest.ts';
import {
  DECODE_OK,
  decodeRecordHead,
  FLAG_EXPIRES,
  NO_EXPIRY,
  RecordView,
  verifyRecordValue,
} from '../../../src/storage/format/record.ts';
import {
  decodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
} from '../../../src/storage/format/segment-header.ts';
import {
  GOLDEN_DIRECTORY,
  GOLDEN_FILES,
  GOLDEN_MANIFEST,
  GOLDEN_RECORDS,
  GOLDEN_SEGMENT_HEADER,
  goldenHintEntries,
  HINT_FILE,
  MANIFEST_FILE,
  SEGMENT_FILE,
} from '../../golden/golden-v1.ts';

function golden(name: string): Buffer {
  return readFileSync(new URL(name, GOLDEN_DIRECTORY));
}

/** The bytes of the `hexdump -C` in docs/format.md, and the offset it begins with. */
function workedExample(): { offset: number; bytes: Buffer } {
  const doc = readFileSync(new URL('../../../docs/format.md', import.meta.url), 'utf8');
  const rows = [...doc.matchAll(/^([0-9a-f]{8}) {2}([0-9a-f ]+?) +\|.*\|$/gm)];
  const hex = rows.map((row) => (row[2] as string).replaceAll(' ', '')).join('');
  return { offset: Number.parseInt(rows[0]?.[1] as string, 16), bytes: Buffer.from(hex, 'hex') };
}

describe('golden files of format version 1', () => {
  it.each(Object.keys(GOLDEN_FILES))('%s is what encoding gives today', (name) => {
    const encoded = GOLDEN_FILES[name]?.() as Uint8Array;
    expect(Buffer.from(encoded).equals(golden(name))).toBe(true);
  });

  it('the segment decodes, header and records', () => {
    const bytes = golden(SEGMENT_FILE);
    expect(decodeSegmentHeader(bytes)).toMatchObject({
      ...GOLDEN_SEGMENT_HEADER,
      uuid: Buffer.from(GOLDEN_SEGMENT_HEADER.uuid),
    });
    const view = new RecordView();
    const { salt } = GOLDEN_SEGMENT_HEADER;
    let at = SEGMENT_HEADER_BYTES;
    for (const record of GOLDEN_RECORDS) {
      expect(decodeRecordHead(bytes, at, bytes.length, salt, at, view)).toBe(DECODE_OK);
      expect(verifyRecordValue(bytes, view, salt)).toBe(true);
      const { key, value, flags, ...facts } = record;
      expect(view).toMatchObject(facts);
      const expires = record.expiresAt === NO_EXPIRY ? 0 : FLAG_EXPIRES;
      expect(view.flags).toBe(flags | expires);
      const keyEnd = view.keyStart + view.keyBytes;
      expect(bytes.subarray(view.keyStart, keyEnd).equals(key)).toBe(true);
      const valueEnd = view.valueStart + view.valueBytes;
      expect(bytes.subarray(view.valueStart, valueEnd).equals(value)).toBe(true);
      at += view.recordBytes;
    }
    expect(at).toBe(bytes.length);
  });

  it('the hint decodes to the newest record of each key', async () => {
    const expected = {
      uuid: GOLDEN_SEGMENT_HEADER.uuid,
      segmentId: 1,
      salt: GOLDEN_SEGMENT_HEADER.salt,
      segmentBytes: golden(SEGMENT_FILE).length,
    };
    const path = fileURLToPath(new URL(HINT_FILE, GOLDEN_DIRECTORY));
    const reader = await HintReader.open(new NodeFileSystem(), path, expected);
    const entries = goldenHintEntries();
    let index = 0;
    for (let block = await reader.nextBlock(); block; block = await reader.nextBlock()) {
      while (block.next()) {
        const { keyBuffer, keyStart, ...facts } = entries[index] as (typeof entries)[number];
        expect(block).toMatchObject(facts);
        const key = block.keyBuffer.subarray(block.keyStart, block.keyStart + block.keyBytes);
        expect(Buffer.compare(key, keyBuffer)).toBe(0);
        expect(keyStart).toBe(0);
        index += 1;
      }
    }
    await reader.close();
    expect(index).toBe(4);
  });

  it('the manifest decodes, unknown keys included', () => {
    expect(decodeManifest(golden(MANIFEST_FILE))).toEqual({
      ...GOLDEN_MANIFEST,
      uuid: Buffer.from(GOLDEN_MANIFEST.uuid),
    });
  });
});

describe('the worked example of docs/format.md', () => {
  it('is the first record of the golden segment', () => {
    const { offset, bytes } = workedExample();
    expect(bytes.length).toBe(50);
    const segment = golden(SEGMENT_FILE);
    expect(segment.subarray(offset, offset + bytes.length).equals(bytes)).toBe(true);
  });

  it('decodes to what the text says', () => {
    const { offset, bytes } = workedExample();
    const view = new RecordView();
    expect(decodeRecordHead(bytes, 0, bytes.length, 0x01020304, offset, view)).toBe(DECODE_OK);
    expect(verifyRecordValue(bytes, view, 0x01020304)).toBe(true);
    expect(view).toMatchObject({ sequence: 1, version: 1, provenOffset: 80, recordBytes: 50 });
    expect(view).toMatchObject({ createdAt: 1_700_000_000_000, updatedAt: 1_700_000_000_000 });
    expect(bytes.subarray(view.keyStart, view.valueStart).toString()).toBe('k');
    expect(bytes.subarray(view.valueStart).toString()).toBe('hello');
  });
});
