/**
 * After an unclean start, records that were written but not proven durable go into a fresh
 * segment (rule 7): syncing the old file again would prove nothing.
 */

import type { Environment } from '../disk/environment.ts';
import type { FileHandle } from '../disk/file-system.ts';
import { TMP_SUFFIX, tornName } from '../format/file-names.ts';
import { encodeRecord, FLAG_BATCH_CONTINUES } from '../format/record.ts';
import {
  encodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from '../format/segment-header.ts';
import { SegmentScanner, STEP_MORE, STEP_RECORD } from '../log/segment-scanner.ts';
import { readFully } from './record-search.ts';

const WRITE_BYTES = 1 << 20;
const DIRTY_BYTES_MAX = 8 << 20;

export interface RewriteInput {
  readonly file: FileHandle;
  readonly salt: number;
  /** Record boundaries in the old segment. */
  readonly start: number;
  readonly end: number;
  readonly header: SegmentHeader;
  /** Of the new segment, without the suffix of an unfinished file. */
  readonly path: string;
}

/**
 * Writes the records of `[start, end)` to `path` + `.tmp`, durably, and returns its length. The
 * caller publishes the manifest and renames the file.
 */
export async function rewriteTail(environment: Environment, input: RewriteInput): Promise<number> {
  const { fs } = environment;
  const tmp = input.path + TMP_SUFFIX;
  if ((await fs.sizeOf(tmp)) !== undefined) await fs.unlink(tmp);
  const target = await fs.open(tmp, 'create');
  try {
    const header = encodeSegmentHeader(input.header);
    await target.write(header, 0, header.length, 0);
    const bytes = await copyRecords(input, target);
    await target.sync();
    return bytes;
  } finally {
    await target.close();
  }
}

async function copyRecords(input: RewriteInput, target: FileHandle): Promise<number> {
  const range = { start: input.start, end: input.end, withValues: true };
  const scanner = new SegmentScanner(input.file, input.salt, range);
  let buffer = Buffer.allocUnsafeSlow(WRITE_BYTES);
  let filled = 0;
  let position = SEGMENT_HEADER_BYTES;
  let dirty = 0;
  const flush = async (): Promise<void> => {
    await target.write(buffer, 0, filled, position);
    position += filled;
    dirty += filled;
    filled = 0;
    if (dirty < DIRTY_BYTES_MAX) return;
    await target.datasync();
    dirty = 0;
  };
  for (;;) {
    const step = scanner.step();
    if (step === STEP_MORE) {
      await scanner.fill();
      continue;
    }
    if (step !== STEP_RECORD) break;
    const { view } = scanner;
    if (filled + view.recordBytes > buffer.length && filled > 0) await flush();
    if (view.recordBytes > buffer.length) buffer = Buffer.allocUnsafeSlow(view.recordBytes);
    filled = encodeRecord(
      buffer,
      filled,
      input.header.salt,
      position + filled,
      view.type,
      view.flags & FLAG_BATCH_CONTINUES,
      scanner.buffer,
      view.keyStart,
      view.keyBytes,
      scanner.buffer,
      view.valueStart,
      view.valueBytes,
      view.sequence,
      0,
      view.version,
      view.createdAt,
      view.updatedAt,
      view.expiresAt,
      view.valueSequence,
    );
  }
  if (filled > 0) await flush();
  return position;
}

/**
 * Keeps what is cut from a tail beside it, for people. Returns the file's name, or undefined
 * when there was nothing but zeros.
 */
export async function keepTorn(
  environment: Environment,
  directory: string,
  file: FileHandle,
  segmentId: number,
  start: number,
  fileBytes: number,
): Promise<string | undefined> {
  const { fs } = environment;
  const end = await endOfData(file, start, fileBytes);
  if (end <= start) return undefined;
  let piece = 0;
  while ((await fs.sizeOf(`${directory}/${tornName(segmentId, piece)}`)) !== undefined) piece += 1;
  const name = tornName(segmentId, piece);
  const target = await fs.open(`${directory}/${name}`, 'create');
  try {
    const buffer = Buffer.allocUnsafeSlow(WRITE_BYTES);
    for (let at = start; at < end; at += buffer.length) {
      const count = await readFully(file, buffer, Math.min(buffer.length, end - at), at);
      if (count === 0) break;
      await target.write(buffer, 0, count, at - start);
    }
    await target.sync();
  } finally {
    await target.close();
  }
  return name;
}

/** Where the last byte that is not zero ends, from `start` on. */
async function endOfData(file: FileHandle, start: number, fileBytes: number): Promise<number> {
  const buffer = Buffer.allocUnsafeSlow(WRITE_BYTES);
  let end = start;
  for (let at = start; at < fileBytes; at += buffer.length) {
    const count = await readFully(file, buffer, Math.min(buffer.length, fileBytes - at), at);
    if (count === 0) break;
    let last = count - 1;
    while (last >= 0 && buffer[last] === 0) last -= 1;
    if (last >= 0) end = at + last + 1;
  }
  return end;
}
