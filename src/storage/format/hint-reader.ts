/** Reading hint files (`hint-layout.ts` has the format) in blocks, trusting nothing. */

import { assert } from '../../errors/cask-error.ts';
import type { FileHandle, FileSystem } from '../disk/file-system.ts';
import { compareBytes } from './byte-ranges.ts';
import { crc32 } from './checksum.ts';
import {
  BLOCK_CRC_AT,
  BLOCK_ENTRIES_AT,
  BLOCK_ENTRY_BYTES_AT,
  BLOCK_ENTRY_BYTES_MAX,
  BLOCK_HEADER_BYTES,
  checkHintBinding,
  decodeHintHeader,
  ENTRY_CREATED_AT,
  ENTRY_EXPIRES_AT,
  ENTRY_FLAGS_AT,
  ENTRY_HEADER_BYTES,
  ENTRY_KEY_BYTES_AT,
  ENTRY_OFFSET_AT,
  ENTRY_RECORD_BYTES_AT,
  ENTRY_SEQUENCE_AT,
  ENTRY_TOUCH_BYTES,
  ENTRY_TYPE_AT,
  ENTRY_VERSION_AT,
  HINT_HEADER_BYTES,
  type HintBinding,
  type HintHeader,
  hintDamage,
} from './hint-layout.ts';
import { entryHeadBytes, type HintEntry, isOrderOk } from './hint-writer.ts';
import { readU32 } from './integers.ts';
import {
  FLAG_EXPIRES,
  isRecordType,
  NO_EXPIRY,
  RECORD_CLEAR,
  RECORD_PUT,
  RECORD_TOUCH,
  recordBytes,
  touchBytes,
} from './record.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';

const READ_BYTES = 256 * 1024;
const TWO_32 = 0x1_0000_0000;
const BLOCK_BYTES_MAX = BLOCK_HEADER_BYTES + BLOCK_ENTRY_BYTES_MAX;

/**
 * A cursor over the entries of the block at hand: `next()` moves it, its fields are the entry.
 * There is one per reader; it and the key bytes stand until the next `nextBlock()`.
 */
export class HintBlock implements HintEntry {
  readonly keyBuffer: Uint8Array;
  /** Over all of `keyBuffer`: entries are read by wide loads. */
  readonly keyView: DataView;
  keyStart = 0;
  keyBytes = 0;
  type = 0;
  offset = 0;
  recordBytes = 0;
  version = 0;
  sequence = 0;
  createdAt = 0;
  expiresAt = 0;
  /** Of a touch; 0 otherwise. */
  valueSequence = 0;
  updatedAt = 0;
  /** Entries of this block. */
  entries = 0;
  /** Bytes of the tombstones and clears seen so far, in all blocks. */
  tombstoneBytes = 0;

  readonly #header: HintHeader;
  readonly #lastKey: Buffer = Buffer.allocUnsafeSlow(BLOCK_ENTRY_BYTES_MAX);
  #lastKeyBytes = 0; // of the block before; 0: there was none
  #isFirst = true;
  #at = 0;
  #end = 0;
  #left = 0;

  constructor(buffer: Uint8Array, header: HintHeader) {
    this.keyBuffer = buffer;
    this.keyView = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    this.#header = header;
  }

  /**
   * Moves to the next entry; false when there are no more in this block.
   * @throws CaskError CORRUPT when the entry breaks a rule of the format
   */
  next(): boolean {
    if (this.#left === 0) {
      if (this.#at !== this.#end) throw hintDamage('a block has bytes behind its last entry');
      return false;
    }
    const view = this.keyView;
    const at = this.#at;
    if (this.#end - at < ENTRY_HEADER_BYTES) throw hintDamage('an entry passes its block');
    const flags = view.getUint8(at + ENTRY_FLAGS_AT);
    if ((flags & ~FLAG_EXPIRES) !== 0) throw hintDamage(`an entry has the flags ${flags}`);
    const expires = flags === FLAG_EXPIRES;
    const type = view.getUint8(at + ENTRY_TYPE_AT);
    if (!isRecordType(type)) throw hintDamage(`an entry has type ${type}`);
    const keyStart = at + entryHeadBytes(type, expires);
    const keyBytes = view.getUint16(at + ENTRY_KEY_BYTES_AT, true);
    const isKeyOk = type === RECORD_CLEAR ? keyBytes === 0 && this.#isFirst : keyBytes > 0;
    if (!isKeyOk || keyStart + keyBytes > this.#end) {
      throw hintDamage('the key of an entry is empty or passes its block');
    }
    if (!this.#isFirst) this.#checkOrder(keyStart, keyBytes, type);
    this.#isFirst = false;
    this.keyStart = keyStart;
    this.keyBytes = keyBytes;
    this.type = type;
    this.offset = view.getUint32(at + ENTRY_OFFSET_AT, true);
    this.recordBytes = view.getUint32(at + ENTRY_RECORD_BYTES_AT, true);
    this.version = view.getUint32(at + ENTRY_VERSION_AT, true);
    this.sequence = this.#u64(at + ENTRY_SEQUENCE_AT);
    this.createdAt = this.#u48(at + ENTRY_CREATED_AT);
    this.expiresAt = expires ? this.#u48(at + ENTRY_EXPIRES_AT) : NO_EXPIRY;
    this.#readTouch(keyStart - ENTRY_TOUCH_BYTES);
    this.#checkRecord(expires);
    this.#at = keyStart + keyBytes;
    this.#left -= 1;
    return true;
  }

  /** Goes to the entries in `[start, end)` of the buffer. For the reader. */
  enter(start: number, end: number, entries: number): void {
    this.entries = entries;
    this.#at = start;
    this.#end = end;
    this.#left = entries;
    this.keyBytes = 0;
  }

  /** Checks what the caller did not look at and saves the last key. For the reader. */
  leave(): void {
    while (this.next());
    if (this.keyBytes === 0) return; // before the first block
    this.#lastKey.set(this.keyBuffer.subarray(this.keyStart, this.keyStart + this.keyBytes));
    this.#lastKeyBytes = this.keyBytes;
    this.keyBytes = 0;
  }

  #readTouch(at: number): void {
    const isTouch = this.type === RECORD_TOUCH;
    this.valueSequence = isTouch ? this.#u64(at) : 0;
    this.updatedAt = isTouch ? this.#u48(at + 8) : 0;
    if (!isTouch) return;
    const isNamed = this.valueSequence > 0 && this.valueSequence < this.sequence;
    if (!isNamed || this.version === 0) throw hintDamage('a touch names no put before it');
  }

  #u48(at: number): number {
    return this.keyView.getUint32(at, true) + this.keyView.getUint16(at + 4, true) * TWO_32;
  }

  #u64(at: number): number {
    return this.keyView.getUint32(at, true) + this.keyView.getUint32(at + 4, true) * TWO_32;
  }

  #checkOrder(keyStart: number, keyBytes: number, type: number): void {
    const bytes = this.keyBuffer;
    let order: number;
    if (this.keyBytes === 0) {
      order = compareBytes(this.#lastKey, 0, this.#lastKeyBytes, bytes, keyStart, keyBytes);
    } else {
      // neighbours share much of their start
      const same = this.#sharedWords(keyStart, Math.min(this.keyBytes, keyBytes));
      const { keyStart: start, keyBytes: length } = this;
      order = compareBytes(
        bytes,
        start + same,
        length - same,
        bytes,
        keyStart + same,
        keyBytes - same,
      );
    }
    if (!isOrderOk(order, this.type, type)) throw hintDamage('its keys do not ascend');
  }

  /** Bytes, in words of 4, that the key before shares with this one at their starts. */
  #sharedWords(keyStart: number, length: number): number {
    const view = this.keyView;
    const before = this.keyStart;
    let same = 0;
    while (same + 4 <= length && view.getInt32(before + same) === view.getInt32(keyStart + same)) {
      same += 4;
    }
    return same;
  }

  #checkLength(expires: boolean): void {
    const { type, keyBytes } = this;
    const isTouch = type === RECORD_TOUCH;
    const bytesMin = isTouch ? touchBytes(keyBytes, expires) : recordBytes(keyBytes, 0, expires);
    if (this.recordBytes < bytesMin) throw hintDamage('a record is shorter than its key');
    if (type === RECORD_PUT) return;
    const what = isTouch ? 'touch' : 'tombstone';
    if (this.recordBytes !== bytesMin) throw hintDamage(`a ${what} has a value`);
    if (isTouch) return;
    if (expires) throw hintDamage('a tombstone expires');
    this.tombstoneBytes += this.recordBytes;
  }

  #checkRecord(expires: boolean): void {
    const { lowestSequence, highestSequence, segmentBytes } = this.#header;
    this.#checkLength(expires);
    if (this.offset < SEGMENT_HEADER_BYTES || this.offset + this.recordBytes > segmentBytes) {
      throw hintDamage('a record lies outside the segment');
    }
    if (this.sequence < lowestSequence || this.sequence > highestSequence) {
      throw hintDamage('a sequence is outside the range in the header');
    }
    if (expires && this.expiresAt === NO_EXPIRY) throw hintDamage('an expiry is 0');
    if (this.type === RECORD_PUT && this.version === 0) throw hintDamage('a version is 0');
  }
}

/**
 * Reads one hint file from front to back; while a part is looked at, the next is read already.
 * Memory: about 0.7 MiB.
 */
export class HintReader {
  readonly header: HintHeader;
  readonly #file: FileHandle;
  readonly #buffer: Buffer;
  /** Where the next part of the file goes, and the bytes it has once it is there. */
  readonly #ahead: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  /** Undefined: nothing is being read. */
  #reading: Promise<number> | undefined;
  readonly #block: HintBlock;
  #start = 0; // unread bytes in the buffer: [start, end)
  #end = 0;
  #position: number = HINT_HEADER_BYTES; // in the file, of what is read next
  #entriesSeen = 0;

  private constructor(file: FileHandle, header: HintHeader) {
    this.#file = file;
    this.header = header;
    this.#buffer = Buffer.allocUnsafeSlow(READ_BYTES + BLOCK_BYTES_MAX);
    this.#block = new HintBlock(this.#buffer, header);
  }

  /**
   * Opens a hint and checks its header and length.
   *
   * @throws CaskError CORRUPT (or UNSUPPORTED_FORMAT) when it is not the valid hint of that
   * segment; system errors as they are (ENOENT when there is none). Either way: scan the segment.
   */
  static async open(fs: FileSystem, path: string, expected: HintBinding): Promise<HintReader> {
    const file = await fs.open(path, 'read');
    try {
      const fileBytes = await file.size();
      const head = Buffer.alloc(HINT_HEADER_BYTES);
      const count = await file.read(head, 0, HINT_HEADER_BYTES, 0);
      const header = decodeHintHeader(head.subarray(0, count));
      checkHintBinding(header, expected);
      if (header.fileBytes !== fileBytes) {
        throw hintDamage(`it has ${fileBytes} bytes and says ${header.fileBytes}`);
      }
      return new HintReader(file, header);
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  /**
   * The next block; undefined after the last one, when all counts have been found right: only
   * then may what was read be relied upon as complete.
   * @throws CaskError CORRUPT
   */
  async nextBlock(): Promise<HintBlock | undefined> {
    this.#block.leave();
    if (!(await this.#fill(BLOCK_HEADER_BYTES))) return this.#atEnd();
    const bytes = this.#buffer;
    const entryBytes = readU32(bytes, this.#start + BLOCK_ENTRY_BYTES_AT);
    const entries = readU32(bytes, this.#start + BLOCK_ENTRIES_AT);
    if (entryBytes > BLOCK_ENTRY_BYTES_MAX || entries === 0) {
      throw hintDamage(`a block claims ${entries} entries in ${entryBytes} bytes`);
    }
    if (!(await this.#fill(BLOCK_HEADER_BYTES + entryBytes))) throw hintDamage('it is cut short');
    const start = this.#start + BLOCK_HEADER_BYTES;
    const seed = crc32(bytes, this.#start, this.#start + BLOCK_CRC_AT, this.header.salt);
    const crc = crc32(bytes, start, start + entryBytes, seed);
    if (crc !== readU32(bytes, this.#start + BLOCK_CRC_AT)) {
      throw hintDamage('the checksum of a block does not match');
    }
    this.#block.enter(start, start + entryBytes, entries);
    this.#start = start + entryBytes;
    this.#entriesSeen += entries;
    return this.#block;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Makes `bytes` unread bytes available; false when the file has not that many. */
  async #fill(bytes: number): Promise<boolean> {
    assert(bytes <= BLOCK_BYTES_MAX, 'no more than a block is asked for');
    if (this.#end - this.#start >= bytes) return true;
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    while (this.#end < bytes) {
      if (this.#reading === undefined) this.#readAhead();
      const count = await this.#reading;
      this.#reading = undefined;
      if (count === undefined || count === 0) return false;
      this.#buffer.set(this.#ahead.subarray(0, count), this.#end);
      this.#end += count;
      this.#position += count;
      this.#readAhead();
    }
    return true;
  }

  /** Begins to read the next part, unless there is none. */
  #readAhead(): void {
    const wanted = Math.min(this.header.fileBytes - this.#position, this.#ahead.length);
    if (wanted === 0) return;
    this.#reading = this.#file.read(this.#ahead, 0, wanted, this.#position);
    this.#reading.catch(() => {}); // told by who needs the part, if anybody does
  }

  #atEnd(): undefined {
    if (this.#end !== this.#start || this.#position !== this.header.fileBytes) {
      throw hintDamage('it does not end with a whole block');
    }
    if (this.#entriesSeen !== this.header.entries) {
      throw hintDamage(`it has ${this.#entriesSeen} entries and says ${this.header.entries}`);
    }
    // Superseded tombstones are in the segment and not among the entries.
    if (this.#block.tombstoneBytes > this.header.tombstoneBytes) {
      throw hintDamage('the bytes of its tombstones do not add up');
    }
    return undefined;
  }
}
