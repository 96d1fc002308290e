/**
 * Reads msgpack by hand within the bounds of one message. It never reads past the end, never
 * allocates by a count that the message claims, and refuses extension types.
 *
 * Two kinds of failure: bytes that are not msgpack are BAD_FRAME; a value of another type than
 * the one asked for is BAD_REQUEST and names what was expected where.
 */

import { CaskError } from '../errors/cask-error.ts';
import { isInt64 } from '../vocabulary/integer-text.ts';

/** Arrays and maps nested deeper than this are refused. */
export const NESTING_MAX = 8;

const TWO_32 = 2 ** 32;
const EMPTY = Buffer.alloc(0);

/** Type bytes with a fixed number of bytes after them; extension types are absent. */
const SCALAR_BYTES: Readonly<Record<number, number>> = {
  192: 0,
  194: 0,
  195: 0,
  202: 4,
  203: 8,
  204: 1,
  205: 2,
  206: 4,
  207: 8,
  208: 1,
  209: 2,
  210: 4,
  211: 8,
};

/** Type bytes of `bin` and `str` with the width of their length field. */
const LENGTH_WIDTH: Readonly<Record<number, number>> = {
  196: 1,
  197: 2,
  198: 4,
  217: 1,
  218: 2,
  219: 4,
};

export class MsgpackReader {
  buffer: Buffer = EMPTY;
  at = 0;
  end = 0;
  /** Where the bytes lie that `readBytes` found. */
  bytesStart = 0;
  bytesLength = 0;
  /** Where the whole message starts. */
  #bodyStart = 0;
  /** The buffer holds this message and nothing else. */
  #isKept = false;
  /** With `keep`: slices below this lie in copies that are smaller than this. */
  #keptBelow = 0;
  /** The last of these copies, and where it begins in the buffer. */
  #window: Buffer = EMPTY;
  #windowStart = 0;

  open(buffer: Buffer, start: number, end: number): void {
    this.buffer = buffer;
    this.#bodyStart = start;
    this.at = start;
    this.end = end;
    this.#isKept = false;
    this.#keptBelow = 0;
    this.#window = EMPTY;
    this.#windowStart = 0;
  }

  /**
   * Slices from here on stay as they are: those of a message that is shorter than this lie in a copy
   * of it; those of a longer one that are shorter than this, in copies of parts of it.
   */
  keep(bytesBelow: number): void {
    const length = this.end - this.#bodyStart;
    this.#keptBelow = bytesBelow;
    if (this.#isKept || length >= bytesBelow) return;
    const copy = Buffer.allocUnsafeSlow(length);
    this.buffer.copy(copy, 0, this.#bodyStart, this.end);
    this.buffer = copy;
    this.at -= this.#bodyStart;
    this.end = length;
    this.#bodyStart = 0;
    this.#isKept = true;
  }

  /** The type byte of the next value. */
  peek(): number {
    if (this.at >= this.end) throw truncated();
    return this.buffer[this.at] as number;
  }

  /** If the next value is nil: steps over it. */
  skipNil(): boolean {
    if (this.peek() !== 0xc0) return false;
    this.at += 1;
    return true;
  }

  /** True or false if the next value is one, and steps over it; undefined otherwise. */
  tryBool(): boolean | undefined {
    const type = this.peek();
    if (type !== 0xc2 && type !== 0xc3) return undefined;
    this.at += 1;
    return type === 0xc3;
  }

  readBool(what: string): boolean {
    return this.tryBool() ?? this.mismatch(what, 'a bool');
  }

  /** An integer 0 .. 2^53 - 1 in any encoding. */
  readUint(what: string): number {
    const type = this.peek();
    if (type < 0x80) {
      this.at += 1;
      return type;
    }
    if (type === 0xcf) return this.#readU64(what);
    const value = this.readInt(what);
    return value >= 0 ? value : this.mismatch(what, 'an integer of at least 0');
  }

  /** `readUint`, or undefined for nil. */
  readUintOrNil(what: string): number | undefined {
    return this.skipNil() ? undefined : this.readUint(what);
  }

  /** A safe integer in any encoding. */
  readInt(what: string): number {
    const type = this.peek();
    if (type < 0x80 || type >= 0xe0) {
      this.at += 1;
      return type < 0x80 ? type : type - 0x100;
    }
    if (type < 0xcc || type > 0xd3) return this.mismatch(what, 'an integer');
    const start = this.at + 1;
    const width = SCALAR_BYTES[type] as number;
    this.#need(1 + width);
    if (width === 8) return this.#readWide(type, start, what);
    this.at = start + width;
    return type < 0xd0 ? this.buffer.readUIntBE(start, width) : this.buffer.readIntBE(start, width);
  }

  /** An integer of 64 bits with sign in any encoding: a bigint where a number might not be exact. */
  readInt64(what: string): number | bigint {
    const type = this.peek();
    if (type !== 0xcf && type !== 0xd3) return this.readInt(what);
    this.#need(9);
    const start = this.at + 1;
    const value =
      type === 0xcf ? this.buffer.readBigUInt64BE(start) : this.buffer.readBigInt64BE(start);
    if (!isInt64(value)) return this.mismatch(what, 'an integer of 64 bits with sign');
    this.at = start + 8;
    const short = Number(value);
    return Number.isSafeInteger(short) ? short : value;
  }

  #readU64(what: string): number {
    const { buffer, at } = this;
    this.#need(9);
    const high = this.#u32(at + 1);
    if (high >= 0x20_0000) return this.mismatch(what, 'an integer below 2^53');
    const low =
      (((buffer[at + 5] as number) << 24) |
        ((buffer[at + 6] as number) << 16) |
        ((buffer[at + 7] as number) << 8) |
        (buffer[at + 8] as number)) >>>
      0;
    this.at = at + 9;
    return high * TWO_32 + low;
  }

  #readWide(type: number, start: number, what: string): number {
    const high = type === 0xcf ? this.#u32(start) : this.buffer.readInt32BE(start);
    const value = high * TWO_32 + this.#u32(start + 4);
    if (!Number.isSafeInteger(value)) return this.mismatch(what, 'an integer below 2^53');
    this.at = start + 8;
    return value;
  }

  /** `bin` or `str`: sets `bytesStart` and `bytesLength`, copies nothing. */
  readBytes(what: string): void {
    const type = this.peek();
    let start = this.at + 1;
    let length: number;
    if (type === 0xc4) {
      this.#need(2);
      length = this.buffer[start] as number;
      start += 1;
    } else if (type >= 0xa0 && type < 0xc0) {
      length = type & 0x1f;
    } else {
      const width = LENGTH_WIDTH[type] ?? this.mismatch(what, 'bin or str');
      this.#need(1 + width);
      length = this.buffer.readUIntBE(start, width);
      start += width;
    }
    if (length > this.end - start) throw truncated();
    this.bytesStart = start;
    this.bytesLength = length;
    this.at = start + length;
  }

  /** `bin` or `str` as a slice of the message's buffer, or of a copy: see `keep`. */
  readSlice(what: string): Buffer {
    this.readBytes(what);
    const { bytesStart, bytesLength } = this;
    if (!this.#isKept && bytesLength < this.#keptBelow) return this.#keptSlice();
    return this.buffer.subarray(bytesStart, bytesStart + bytesLength);
  }

  /** What `readBytes` found, in a copy of it and of what follows. */
  #keptSlice(): Buffer {
    let at = this.bytesStart - this.#windowStart;
    if (at + this.bytesLength > this.#window.length) {
      const length = Math.min(this.#keptBelow - 1, this.end - this.bytesStart);
      this.#windowStart = this.bytesStart;
      this.#window = Buffer.allocUnsafeSlow(length);
      this.buffer.copy(this.#window, 0, this.#windowStart, this.#windowStart + length);
      at = 0;
    }
    return this.#window.subarray(at, at + this.bytesLength);
  }

  readSliceOrNil(what: string): Buffer | undefined {
    return this.skipNil() ? undefined : this.readSlice(what);
  }

  /** `str` or `bin` as text. */
  readText(what: string): string {
    this.readBytes(what);
    return this.buffer.toString('utf8', this.bytesStart, this.bytesStart + this.bytesLength);
  }

  /** @returns the number of items; each takes a byte at least, so more than that is refused */
  readArrayHeader(what: string): number {
    const type = this.peek();
    if (type >= 0x90 && type < 0xa0) {
      this.at += 1;
      return type & 0x0f;
    }
    if (type !== 0xdc && type !== 0xdd) return this.mismatch(what, 'an array');
    return this.#readCount(type === 0xdc ? 2 : 4);
  }

  /** @returns the number of pairs */
  readMapHeader(what: string): number {
    const type = this.peek();
    if (type >= 0x80 && type < 0x90) {
      this.at += 1;
      return type & 0x0f;
    }
    if (type !== 0xde && type !== 0xdf) return this.mismatch(what, 'a map');
    return this.#readCount(type === 0xde ? 2 : 4);
  }

  #readCount(width: number): number {
    this.#need(1 + width);
    const count = this.buffer.readUIntBE(this.at + 1, width);
    this.at += 1 + width;
    if (count > this.end - this.at) throw truncated();
    return count;
  }

  /**
   * Steps over one value of any type.
   * @param depth how many arrays and maps are around it already
   * @throws CaskError BAD_FRAME
   */
  skip(depth: number): void {
    const type = this.peek();
    if (type < 0x80 || type >= 0xe0) {
      this.at += 1;
      return;
    }
    if ((type >= 0xa0 && type < 0xc0) || LENGTH_WIDTH[type] !== undefined) {
      this.readBytes('');
      return;
    }
    const scalar = SCALAR_BYTES[type];
    if (scalar === undefined) {
      this.#skipContainer(type, depth);
      return;
    }
    this.#need(1 + scalar);
    this.at += 1 + scalar;
  }

  #skipContainer(type: number, depth: number): void {
    const isMap = type < 0x90 || type === 0xde || type === 0xdf;
    const isArray = type < 0xa0 || type === 0xdc || type === 0xdd;
    if (!isMap && !isArray) {
      throw new CaskError('BAD_FRAME', `msgpack type 0x${type.toString(16)} is not allowed here`);
    }
    if (depth >= NESTING_MAX) {
      throw new CaskError('BAD_FRAME', `nested deeper than ${NESTING_MAX} levels`);
    }
    let items = isMap ? this.readMapHeader('') * 2 : this.readArrayHeader('');
    for (; items > 0; items--) this.skip(depth + 1);
  }

  /** Steps over the items left of the message's array; then the message must be over. */
  finish(itemsLeft: number): void {
    for (let left = itemsLeft; left > 0; left--) this.skip(1);
    if (this.at !== this.end) {
      throw new CaskError('BAD_FRAME', `${this.end - this.at} bytes are left over after the body`);
    }
  }

  /** @throws CaskError, always: BAD_FRAME if the message is no msgpack at all, else BAD_REQUEST */
  mismatch(what: string, expected: string): never {
    checkBody(this.buffer, this.#bodyStart, this.end);
    throw new CaskError('BAD_REQUEST', `${what} must be ${expected}`, { details: { field: what } });
  }

  #u32(at: number): number {
    const { buffer } = this;
    return (
      (((buffer[at] as number) << 24) |
        ((buffer[at + 1] as number) << 16) |
        ((buffer[at + 2] as number) << 8) |
        (buffer[at + 3] as number)) >>>
      0
    );
  }

  #need(bytes: number): void {
    if (this.end - this.at < bytes) throw truncated();
  }
}

function truncated(): CaskError {
  return new CaskError('BAD_FRAME', 'the body ends in the middle of a value');
}

const checker = new MsgpackReader();

/**
 * Is this one well-formed plain msgpack array that fills its bounds?
 * @throws CaskError BAD_FRAME
 */
export function checkBody(buffer: Buffer, start: number, end: number): void {
  checker.open(buffer, start, end);
  const type = checker.peek();
  if (!((type >= 0x90 && type < 0xa0) || type === 0xdc || type === 0xdd)) {
    throw new CaskError('BAD_FRAME', 'the body is not an array');
  }
  checker.skip(0);
  checker.finish(0);
}
