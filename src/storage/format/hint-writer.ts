/** Writing hint files (`hint-layout.ts` has the format): a pure encoder, and one over the seam. */

import { assert } from '../../errors/cask-error.ts';
import type { FileHandle, FileSystem } from '../disk/file-system.ts';
import { replaceFile } from '../disk/replace-file.ts';
import { compareBytes, copyBytes } from './byte-ranges.ts';
import { crc32 } from './checksum.ts';
import { hintName } from './file-names.ts';
import {
  BLOCK_CRC_AT,
  BLOCK_ENTRIES_AT,
  BLOCK_ENTRY_BYTES_AT,
  BLOCK_ENTRY_BYTES_MAX,
  BLOCK_ENTRY_BYTES_TARGET,
  BLOCK_HEADER_BYTES,
  ENTRY_CREATED_AT,
  ENTRY_EXPIRES_AT,
  ENTRY_EXPIRES_BYTES,
  ENTRY_FLAGS_AT,
  ENTRY_HEADER_BYTES,
  ENTRY_KEY_BYTES_AT,
  ENTRY_OFFSET_AT,
  ENTRY_RECORD_BYTES_AT,
  ENTRY_SEQUENCE_AT,
  ENTRY_TOUCH_BYTES,
  ENTRY_TYPE_AT,
  ENTRY_VERSION_AT,
  encodeHintHeader,
  HINT_HEADER_BYTES,
  type HintFacts,
  type HintHeader,
} from './hint-layout.ts';
import { U48_END, writeU16, writeU32, writeU48, writeU64 } from './integers.ts';
import {
  FLAG_EXPIRES,
  isRecordType,
  KEY_BYTES_MAX,
  NO_EXPIRY,
  RECORD_CLEAR,
  RECORD_TOUCH,
} from './record.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';

/** Blocks are gathered into writes of about this size. */
const WRITE_BYTES = 256 * 1024;
/** No more than this is ever dirty, so that a sync of the log never waits for a hint. */
const DIRTY_BYTES_MAX = 8 * 1024 * 1024;

/** A record that a hint tells of. An iterator may yield the same object again. */
export interface HintEntry {
  readonly keyBuffer: Uint8Array;
  readonly keyStart: number;
  readonly keyBytes: number;
  readonly type: number;
  /** Of the record in the segment. */
  readonly offset: number;
  readonly recordBytes: number;
  readonly version: number;
  readonly sequence: number;
  readonly createdAt: number;
  /** NO_EXPIRY when there is none. */
  readonly expiresAt: number;
  /** Of a touch: the sequence of the put whose value stays, and its own time. */
  readonly valueSequence?: number;
  readonly updatedAt?: number;
}

/** What an entry has before its key. */
export function entryHeadBytes(type: number, expires: boolean): number {
  const touch = type === RECORD_TOUCH ? ENTRY_TOUCH_BYTES : 0;
  return ENTRY_HEADER_BYTES + (expires ? ENTRY_EXPIRES_BYTES : 0) + touch;
}

/** Keys ascend; only behind a touch there may be another record of the same key. */
export function isOrderOk(order: number, typeBefore: number, type: number): boolean {
  return order < 0 || (order === 0 && typeBefore === RECORD_TOUCH && type !== RECORD_TOUCH);
}

/** Turns entries, ascending by key, into blocks and at last a header. */
export class HintEncoder {
  readonly #facts: HintFacts;
  readonly #block: Buffer = Buffer.alloc(BLOCK_HEADER_BYTES + BLOCK_ENTRY_BYTES_MAX);
  #end: number = BLOCK_HEADER_BYTES;
  #blockEntries = 0;
  #lastType = 0;
  #lastKeyStart = 0;
  #lastKeyBytes = 0;
  #entries = 0;
  #fileBytes: number = HINT_HEADER_BYTES;

  constructor(facts: HintFacts) {
    this.#facts = facts;
  }

  /**
   * Takes in the next entry. Returns a block when that one is complete and goes to the file now.
   * @throws CaskError INTERNAL when the keys do not ascend or a number is out of bounds
   */
  add(entry: HintEntry): Uint8Array | undefined {
    this.#assertEntry(entry);
    const expires = entry.expiresAt !== NO_EXPIRY;
    const headBytes = entryHeadBytes(entry.type, expires);
    const full =
      this.#end - BLOCK_HEADER_BYTES + headBytes + entry.keyBytes > BLOCK_ENTRY_BYTES_TARGET;
    const finished = full ? this.finishBlock() : undefined;
    const block = this.#block;
    const at = this.#end;
    block[at + ENTRY_TYPE_AT] = entry.type;
    block[at + ENTRY_FLAGS_AT] = expires ? FLAG_EXPIRES : 0;
    writeU16(block, at + ENTRY_KEY_BYTES_AT, entry.keyBytes);
    writeU32(block, at + ENTRY_OFFSET_AT, entry.offset);
    writeU32(block, at + ENTRY_RECORD_BYTES_AT, entry.recordBytes);
    writeU32(block, at + ENTRY_VERSION_AT, entry.version);
    writeU64(block, at + ENTRY_SEQUENCE_AT, entry.sequence);
    writeU48(block, at + ENTRY_CREATED_AT, entry.createdAt);
    if (expires) writeU48(block, at + ENTRY_EXPIRES_AT, entry.expiresAt);
    if (entry.type === RECORD_TOUCH) {
      writeU64(block, at + headBytes - ENTRY_TOUCH_BYTES, entry.valueSequence ?? 0);
      writeU48(block, at + headBytes - ENTRY_TOUCH_BYTES + 8, entry.updatedAt ?? 0);
    }
    copyBytes(block, at + headBytes, entry.keyBuffer, entry.keyStart, entry.keyBytes);
    this.#lastType = entry.type;
    this.#lastKeyStart = at + headBytes;
    this.#lastKeyBytes = entry.keyBytes;
    this.#end = at + headBytes + entry.keyBytes;
    this.#blockEntries += 1;
    this.#entries += 1;
    return finished;
  }

  /** The block that has been gathered, if there is one: the last one after all entries. */
  finishBlock(): Uint8Array | undefined {
    if (this.#blockEntries === 0) return undefined;
    const bytes = Buffer.from(this.#block.subarray(0, this.#end));
    writeU32(bytes, BLOCK_ENTRY_BYTES_AT, this.#end - BLOCK_HEADER_BYTES);
    writeU32(bytes, BLOCK_ENTRIES_AT, this.#blockEntries);
    const seed = crc32(bytes, 0, BLOCK_CRC_AT, this.#facts.salt);
    writeU32(bytes, BLOCK_CRC_AT, crc32(bytes, BLOCK_HEADER_BYTES, bytes.length, seed));
    this.#fileBytes += bytes.length;
    this.#end = BLOCK_HEADER_BYTES;
    this.#blockEntries = 0;
    return bytes;
  }

  /** The header, once the last block has been taken. */
  header(): HintHeader {
    assert(this.#blockEntries === 0, 'the last block of a hint has been taken');
    return {
      ...this.#facts,
      entries: this.#entries,
      fileBytes: this.#fileBytes,
    };
  }

  #assertEntry(entry: HintEntry): void {
    const { keyBuffer, keyStart, keyBytes, type, offset, sequence, expiresAt } = entry;
    assert(isRecordType(type), 'a hint entry is of a known type');
    const hasKey = keyBytes > 0 && keyBytes <= KEY_BYTES_MAX;
    const isFirst = this.#entries === 0;
    assert(type === RECORD_CLEAR ? keyBytes === 0 && isFirst : hasKey, 'the key of a hint entry');
    assert(keyStart >= 0 && keyStart + keyBytes <= keyBuffer.length, 'the key is in its buffer');
    assert(
      offset >= SEGMENT_HEADER_BYTES && offset + entry.recordBytes <= this.#facts.segmentBytes,
      'the record of a hint entry lies in its segment',
    );
    assert(
      sequence >= this.#facts.lowestSequence && sequence <= this.#facts.highestSequence,
      'the sequence of a hint entry is one of its segment',
    );
    assert(expiresAt >= 0 && expiresAt < U48_END, 'expiresAt is a u48');
    const order = isFirst
      ? -1
      : compareBytes(
          this.#block,
          this.#lastKeyStart,
          this.#lastKeyBytes,
          keyBuffer,
          keyStart,
          keyBytes,
        );
    assert(isOrderOk(order, this.#lastType, type), 'the keys of a hint ascend');
  }
}

/** Gathers blocks into few writes, and syncs before much is dirty. */
class BlockSink {
  readonly #file: FileHandle;
  readonly #chunk: Buffer = Buffer.allocUnsafeSlow(
    WRITE_BYTES + BLOCK_HEADER_BYTES + BLOCK_ENTRY_BYTES_MAX,
  );
  #chunkBytes = 0;
  #position: number = HINT_HEADER_BYTES;
  #dirtyBytes = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async add(block: Uint8Array): Promise<void> {
    this.#chunk.set(block, this.#chunkBytes);
    this.#chunkBytes += block.length;
    if (this.#chunkBytes >= WRITE_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#chunkBytes === 0) return;
    await this.#file.write(this.#chunk, 0, this.#chunkBytes, this.#position);
    this.#position += this.#chunkBytes;
    this.#dirtyBytes += this.#chunkBytes;
    this.#chunkBytes = 0;
    if (this.#dirtyBytes + this.#chunk.length <= DIRTY_BYTES_MAX) return;
    await this.#file.datasync();
    this.#dirtyBytes = 0;
  }
}

/**
 * Writes the hint of a segment, whose own bytes are durable already; when this resolves, the
 * hint is durable under its name. Memory: about 0.5 MiB.
 *
 * @param entries ascending by key (unsigned bytewise), one for each key
 */
export async function writeHint(
  fs: FileSystem,
  directory: string,
  facts: HintFacts,
  entries: Iterable<HintEntry>,
): Promise<HintHeader> {
  const encoder = new HintEncoder(facts);
  await replaceFile(fs, directory, hintName(facts.segmentId), async (file) => {
    const sink = new BlockSink(file);
    for (const entry of entries) {
      const block = encoder.add(entry);
      if (block !== undefined) await sink.add(block);
    }
    const last = encoder.finishBlock();
    if (last !== undefined) await sink.add(last);
    await sink.flush();
    const header = encodeHintHeader(encoder.header());
    await file.write(header, 0, header.length, 0);
  });
  return encoder.header();
}
