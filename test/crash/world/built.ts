/** Directories that a test builds once and spoils many times, each time in a copy. */

import { closeSync, cpSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { segmentName } from '../../../src/storage/format/file-names.ts';
import type { DecodeResult } from '../../../src/storage/format/record.ts';
import { DECODE_OK, decodeRecordHead, RecordView } from '../../../src/storage/format/record.ts';
import { SEGMENT_HEADER_BYTES } from '../../../src/storage/format/segment-header.ts';
import type { Store, StoreOptionsInput } from '../../../src/storage/index.ts';
import { manifestOf } from './inspect.ts';
import { World } from './world.ts';

/** Runs `work` on a new store and kills it: a directory as a crash leaves it. */
export async function crashed(
  directory: string,
  work: (store: Store, world: World) => Promise<void>,
  options: Partial<StoreOptionsInput> = {},
): Promise<void> {
  const world = new World();
  const store = await world.open(directory, options);
  await work(store, world);
  await world.bury();
}

/** Runs `work` on a store and closes it. */
export async function closed(
  directory: string,
  work: (store: Store, world: World) => Promise<void>,
  options: Partial<StoreOptionsInput> = {},
): Promise<void> {
  const world = new World();
  const store = await world.open(directory, options);
  await store.whenIndexReady();
  await work(store, world);
  await store.close();
}

export function copyOf(directory: string, target: string): string {
  cpSync(directory, target, { recursive: true });
  return target;
}

/** Overwrites bytes of a file. */
export function overwrite(path: string, offset: number, bytes: Uint8Array): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, bytes, 0, bytes.length, offset);
  closeSync(fd);
}

export function flip(path: string, offset: number, mask = 0x10): void {
  const byte = readFileSync(path)[offset] as number;
  overwrite(path, offset, Uint8Array.of(byte ^ mask));
}

export function cut(path: string, length: number): void {
  truncateSync(path, length);
}

export interface FoundRecord {
  readonly offset: number;
  readonly keyStart: number;
  readonly valueStart: number;
  readonly end: number;
  readonly key: string;
}

export interface FoundSegment {
  readonly id: number;
  readonly path: string;
  readonly records: readonly FoundRecord[];
}

/** The segments that the manifest lists, with their records. */
export async function segmentsOf(directory: string): Promise<FoundSegment[]> {
  const manifest = await manifestOf(directory);
  return manifest.segments.map(({ id, kind, salt }) => {
    const path = `${directory}/${segmentName(kind, id)}`;
    return { id, path, records: recordsIn(readFileSync(path), salt) };
  });
}

function recordsIn(bytes: Buffer, salt: number): FoundRecord[] {
  const records: FoundRecord[] = [];
  const view = new RecordView();
  for (let offset = SEGMENT_HEADER_BYTES; ; ) {
    const result: DecodeResult = decodeRecordHead(bytes, offset, bytes.length, salt, offset, view);
    if (result !== DECODE_OK) return records;
    const { keyStart, keyBytes, valueStart, recordBytes } = view;
    const end = offset + recordBytes;
    const key = bytes.toString('latin1', keyStart, keyStart + keyBytes);
    records.push({ offset, keyStart, valueStart, end, key });
    offset = end;
  }
}
