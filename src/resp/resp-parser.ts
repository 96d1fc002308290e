/**
 * Finds commands in the chunks of a socket, in place: one that lies in one chunk is not copied,
 * and its words are offsets. One that is split over chunks is assembled in a buffer of its own,
 * and looking at it goes on where it stopped.
 *
 *     *2\r\n $3\r\nGET\r\n $5\r\nhello\r\n        an array of bulk strings
 *     GET hello\r\n                               or a line of words
 */

import { CaskError } from '../errors/cask-error.ts';
import type { RequestParser } from '../server/request-parser.ts';
import { shortInteger } from '../vocabulary/integer-text.ts';
import { inlineWords } from './inline-words.ts';
import { RespArguments } from './resp-arguments.ts';

const EMPTY = Buffer.alloc(0);
const always = (): boolean => true;

const CR = 0x0d;
const LF = 0x0a;
const ASTERISK = 0x2a;
const DOLLAR = 0x24;

/** A line that is longer is none. */
const LINE_BYTES_MAX = 64 * 1024;
const COUNT_MAX = 0x7fff_ffff;
/** The least that a word takes: `$0\r\n\r\n`. */
const WORD_BYTES_MIN = 6;
const PARTIAL_BYTES_MIN = 16 * 1024;
/** Up to this a command is kept without asking. */
const SMALL_BYTES = 64 * 1024;
/** What a client may send before it is known who it is. */
const STRANGER_WORDS_MAX = 10;
const STRANGER_WORD_BYTES_MAX = 16_384;

const NOT_READ = -1;

export class RespParser implements RequestParser {
  buffer: Buffer = EMPTY;
  start = 0;
  end = 0;
  maxFrameBytes: number;
  admits: (bytes: number) => boolean = always;
  /** The client has not said who it is. */
  isStranger = false;
  /** Of the command found. */
  readonly words = new RespArguments();

  #chunk: Buffer = EMPTY;
  #at = 0;
  #partial: Buffer = EMPTY;
  #filled = 0;
  #isAdmitted = false;

  // how far the command at hand has been read; offsets are from its first byte
  #wordsLeft = NOT_READ;
  #wordBytes = NOT_READ;
  #pos = 0;
  /** Where the search for the end of a line goes on. */
  #searched = 0;

  constructor(maxFrameBytes: number) {
    this.maxFrameBytes = maxFrameBytes;
  }

  get midFrame(): boolean {
    return this.#filled > 0 || this.#at < this.#chunk.length;
  }

  get filledBytes(): number {
    return this.#filled;
  }

  push(chunk: Buffer): void {
    const rest = this.#chunk.length - this.#at;
    this.#chunk = rest === 0 ? chunk : Buffer.concat([this.#chunk.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  clear(): void {
    this.#partial = EMPTY;
    this.#filled = 0;
    this.#starve();
  }

  /** @throws CaskError BAD_FRAME with the words of Redis: the stream cannot be read on */
  next(): boolean {
    while (this.#filled > 0 ? this.#assemble() : this.#readInPlace()) {
      // an empty line or array asks for nothing
      if (this.words.count > 0) return true;
    }
    return false;
  }

  #readInPlace(): boolean {
    const chunk = this.#chunk;
    if (this.#at >= chunk.length) return this.#starve();
    if (!this.#read(chunk, this.#at, chunk.length)) return this.#keepRest();
    this.#found(chunk, this.#at);
    this.#at = this.end;
    return true;
  }

  #found(buffer: Buffer, start: number): void {
    this.buffer = buffer;
    this.start = start;
    this.end = start + this.#pos;
    this.#wordsLeft = NOT_READ;
    this.#wordBytes = NOT_READ;
    this.#pos = 0;
    this.#searched = 0;
  }

  /** Begins the assembly of a command of which the chunk has the beginning. */
  #keepRest(): boolean {
    const chunk = this.#chunk;
    const bytes = chunk.length - this.#at;
    if (!this.#isKept(bytes)) return false;
    this.#grow(bytes);
    chunk.copy(this.#partial, 0, this.#at);
    this.#filled = bytes;
    return this.#starve();
  }

  /** Takes from the chunk what the command lacks. @returns is it complete now */
  #assemble(): boolean {
    for (;;) {
      const chunk = this.#chunk;
      const available = chunk.length - this.#at;
      if (available === 0) return this.#starve();
      const taken = Math.min(this.#lacking(chunk), available);
      if (!this.#isKept(this.#filled + taken)) return false;
      this.#grow(this.#filled + taken);
      chunk.copy(this.#partial, this.#filled, this.#at, this.#at + taken);
      this.#filled += taken;
      this.#at += taken;
      const partial = this.#partial;
      if (!this.#read(partial, 0, this.#filled)) continue;
      this.#found(partial, 0);
      this.#partial = EMPTY;
      this.#filled = 0;
      this.#isAdmitted = false;
      return true;
    }
  }

  /** Bytes to the end of the word or of the line that is being read. */
  #lacking(chunk: Buffer): number {
    if (this.#wordBytes !== NOT_READ) return this.#pos + this.#wordBytes + 2 - this.#filled;
    const isInline = this.#wordsLeft === NOT_READ && this.#partial[0] !== ASTERISK;
    if (isInline) return bytesTo(chunk, this.#at, LF) + 1;
    // As Redis has it, a line ends with CR and one byte more, whatever that is: none may be taken
    // that belongs to what follows.
    const hasReturn = this.#filled > this.#pos && this.#partial[this.#filled - 1] === CR;
    return hasReturn ? 1 : bytesTo(chunk, this.#at, CR) + 2;
  }

  #isKept(bytes: number): boolean {
    if (bytes > this.maxFrameBytes) throw broken('too big request');
    const isLarge = bytes > SMALL_BYTES || this.#wordBytes > SMALL_BYTES;
    if (!isLarge || this.#isAdmitted) return true;
    const isLast = this.#wordsLeft === 1 && this.#wordBytes !== NOT_READ;
    const most = isLast ? this.#pos + this.#wordBytes + 2 : this.maxFrameBytes;
    this.#isAdmitted = this.admits(Math.max(bytes, most));
    return this.#isAdmitted;
  }

  /** Doubling, so that memory follows what really arrived. */
  #grow(bytes: number): void {
    const held = this.#partial.length;
    if (bytes <= held) return;
    const wanted = Math.max(bytes, held * 2, PARTIAL_BYTES_MIN);
    const whole = this.#wordsLeft === 1 ? this.#pos + this.#wordBytes + 2 : 0;
    const size = whole >= bytes ? Math.min(whole, wanted) : wanted;
    const grown = Buffer.allocUnsafeSlow(size);
    this.#partial.copy(grown, 0, 0, this.#filled);
    this.#partial = grown;
  }

  #starve(): false {
    this.#chunk = EMPTY;
    this.#at = 0;
    this.buffer = EMPTY;
    return false;
  }

  // ---- reading; each goes on where the bytes ended before

  /** @returns is the command complete; then `#pos` is its length */
  #read(buffer: Buffer, base: number, limit: number): boolean {
    if (this.#wordsLeft === NOT_READ) {
      if (buffer[base] !== ASTERISK) return this.#readInline(buffer, base, limit);
      if (!this.#readCount(buffer, base, limit)) return false;
    }
    const { words } = this;
    while (this.#wordsLeft > 0) {
      if (this.#wordBytes === NOT_READ && !this.#readWordBytes(buffer, base, limit)) return false;
      const start = base + this.#pos;
      const bytes = this.#wordBytes;
      if (start + bytes + 2 > limit) return false;
      words.add(this.#pos, bytes);
      this.#pos += bytes + 2;
      this.#wordBytes = NOT_READ;
      this.#wordsLeft -= 1;
    }
    words.buffer = buffer;
    if (base > 0) {
      const { starts } = words;
      for (let index = 0; index < words.count; index++) (starts[index] as number) += base;
    }
    return true;
  }

  /** The end of the line that begins at `#pos`; negative: it is not there. */
  #lineEnd(buffer: Buffer, base: number, limit: number, tooLong: string): number {
    const from = Math.max(base + this.#pos, base + this.#searched);
    for (let at = from; at < limit; at++) {
      if (buffer[at] !== CR) continue;
      // both bytes of the end must be there
      if (at + 1 < limit) return at;
      this.#searched = at - base;
      return -1;
    }
    this.#searched = limit - base;
    if (limit - base - this.#pos > LINE_BYTES_MAX) throw broken(tooLong);
    return -1;
  }

  #readCount(buffer: Buffer, base: number, limit: number): boolean {
    const end = this.#lineEnd(buffer, base, limit, 'too big mbulk count string');
    if (end < 0) return false;
    const count = shortInteger(buffer, base + 1, end - base - 1);
    if (count === undefined || count > COUNT_MAX) throw broken('invalid multibulk length');
    if (count > STRANGER_WORDS_MAX && this.isStranger)
      throw broken('unauthenticated multibulk length');
    if (count * WORD_BYTES_MIN > this.maxFrameBytes) throw broken('invalid multibulk length');
    this.words.clear();
    this.#wordsLeft = Math.max(0, count);
    this.#pos = end + 2 - base;
    return true;
  }

  #readWordBytes(buffer: Buffer, base: number, limit: number): boolean {
    const at = base + this.#pos;
    if (at >= limit) return false;
    const end = this.#lineEnd(buffer, base, limit, 'too big bulk count string');
    if (end < 0) return false;
    const first = buffer[at] as number;
    if (first !== DOLLAR) {
      throw broken(`expected '$', got '${String.fromCharCode(first)}'`);
    }
    const bytes = shortInteger(buffer, at + 1, end - at - 1);
    if (bytes === undefined || bytes < 0 || bytes > this.maxFrameBytes) {
      throw broken('invalid bulk length');
    }
    if (bytes > STRANGER_WORD_BYTES_MAX && this.isStranger) {
      throw broken('unauthenticated bulk length');
    }
    this.#wordBytes = bytes;
    this.#pos = end + 2 - base;
    return true;
  }

  #readInline(buffer: Buffer, base: number, limit: number): boolean {
    const newline = buffer.subarray(base, limit).indexOf(LF, this.#searched);
    // however it is cut, one answer
    if ((newline < 0 ? limit - base : newline) > LINE_BYTES_MAX) {
      throw broken('too big inline request');
    }
    if (newline < 0) {
      this.#searched = limit - base;
      return false;
    }
    const hasReturn = newline > 0 && buffer[base + newline - 1] === CR;
    const line = buffer.toString('latin1', base, base + newline - (hasReturn ? 1 : 0));
    const texts = inlineWords(line);
    if (texts === undefined) throw broken('unbalanced quotes in request');
    const { words } = this;
    words.clear();
    let at = 0;
    for (const text of texts) {
      words.add(at, text.length);
      at += text.length;
    }
    words.buffer = Buffer.from(texts.join(''), 'latin1');
    this.#pos = newline + 1;
    return true;
  }
}

/** Bytes before that one, or all that are left. */
function bytesTo(chunk: Buffer, from: number, byte: number): number {
  const at = chunk.indexOf(byte, from);
  return (at < 0 ? chunk.length : at) - from;
}

function broken(what: string): CaskError {
  return new CaskError('BAD_FRAME', `Protocol error: ${what}`);
}
