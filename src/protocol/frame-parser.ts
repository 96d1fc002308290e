/**
 * Finds frames in the chunks of a socket, in place: a frame that lies in one chunk is not copied.
 * Only one that is split over chunks is assembled, in a buffer of its own.
 *
 *     parser.push(chunk);
 *     while (parser.next()) handle(parser.buffer, parser.start, parser.end);
 *
 * After `next()` returned false nothing of the chunk is referenced, so the caller may reuse it.
 */

import { CaskError } from '../errors/cask-error.ts';
import { limitError } from '../errors/limit-error.ts';
import {
  FLAG_COMPRESSED,
  FLAG_MORE,
  FRAME_FLAGS_BYTES,
  FRAME_HEADER_BYTES,
  FRAME_LENGTH_BYTES,
  FRAME_LENGTH_MIN,
} from './frame.ts';

const EMPTY = Buffer.alloc(0);
const always = (): boolean => true;

/** What a peer that announces a big frame and sends nothing costs at most. */
const FIRST_ALLOCATION_BYTES = 64 * 1024;

export class FrameParser {
  /** Where the body of the frame found lies. Valid until the next `next()` or `push()`. */
  buffer: Buffer = EMPTY;
  start = 0;
  end = 0;
  flags = 0;
  /** The limit for the next frame's length. Raise it when HELLO is done. */
  maxFrameBytes: number;
  /**
   * Asked before anything of a frame is kept that is not all there, with its length. As long as
   * it says no, `next()` finds nothing and keeps the chunk; it asks again each time.
   */
  admits: (bytes: number) => boolean = always;

  /** Allocated for a frame that is not all there, before more than this has come of it. */
  firstBytes = FIRST_ALLOCATION_BYTES;

  readonly #allowedFlags: number;
  #chunk: Buffer = EMPTY;
  #at = 0;
  /** The length field of a frame whose header is split. */
  #lengthSoFar = 0;
  #lengthBytes = 0;
  /** The frame under assembly; its length once known, otherwise 0. */
  #expected = 0;
  #filled = 0;
  #isAdmitted = false;
  #partial: Buffer = EMPTY;

  /**
   * @param maxFrameBytes the most that a length field may say
   * @param allowedFlags FLAG_PUSH for a client, 0 for a server
   */
  constructor(maxFrameBytes: number, allowedFlags: number) {
    this.maxFrameBytes = maxFrameBytes;
    this.#allowedFlags = allowedFlags;
  }

  /** Is a frame begun and not yet complete? */
  get midFrame(): boolean {
    return this.#lengthBytes > 0 || this.#expected > 0 || this.#at < this.#chunk.length;
  }

  /** Bytes that have come of the frame under assembly. */
  get filledBytes(): number {
    return this.#filled;
  }

  /** Bytes held in memory for a frame under assembly. */
  get heldBytes(): number {
    return this.#partial.length + (this.#chunk.length - this.#at);
  }

  /** Gives the next bytes. Normally `next()` has said false before; if not, the rest is joined. */
  push(chunk: Buffer): void {
    const rest = this.#chunk.length - this.#at;
    this.#chunk = rest === 0 ? chunk : Buffer.concat([this.#chunk.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  /** Forgets what it holds: nothing is read on. */
  clear(): void {
    this.#partial = EMPTY;
    this.#starve();
  }

  /**
   * Moves on to the next complete frame.
   * @returns false: more bytes are needed
   * @throws CaskError BAD_FRAME, FRAME_TOO_LARGE, UNSUPPORTED (reserved flags). The stream cannot
   *   be read on after that: close it
   */
  next(): boolean {
    const chunk = this.#chunk;
    const at = this.#at;
    if (this.#lengthBytes > 0 || this.#expected > 0 || chunk.length - at < FRAME_HEADER_BYTES) {
      return this.#assemble();
    }
    const length =
      (((chunk[at] as number) << 24) |
        ((chunk[at + 1] as number) << 16) |
        ((chunk[at + 2] as number) << 8) |
        (chunk[at + 3] as number)) >>>
      0;
    this.#checkLength(length);
    const flags = chunk[at + FRAME_LENGTH_BYTES] as number;
    if (flags !== 0) this.#checkFlags(flags);
    const end = at + FRAME_LENGTH_BYTES + length;
    if (end > chunk.length) return this.#assemble();
    this.buffer = chunk;
    this.start = at + FRAME_HEADER_BYTES;
    this.end = end;
    this.flags = flags;
    this.#at = end;
    return true;
  }

  #assemble(): boolean {
    const chunk = this.#chunk;
    if (this.#expected === 0 && !this.#gatherLength(chunk)) return this.#starve();
    this.#isAdmitted ||= this.admits(this.#expected);
    if (!this.#isAdmitted) return false;
    const taken = Math.min(this.#expected - this.#filled, chunk.length - this.#at);
    this.#grow(this.#filled + taken);
    chunk.copy(this.#partial, this.#filled, this.#at, this.#at + taken);
    if (this.#filled === 0 && taken > 0) this.#checkFlags(this.#partial[0] as number);
    this.#filled += taken;
    this.#at += taken;
    if (this.#filled < this.#expected) return this.#starve();
    this.buffer = this.#partial;
    this.start = FRAME_FLAGS_BYTES;
    this.end = this.#expected;
    this.flags = this.#partial[0] as number;
    this.#partial = EMPTY;
    this.#expected = 0;
    this.#filled = 0;
    this.#isAdmitted = false;
    return true;
  }

  /** Reads what is there of the length field; true when it is complete. */
  #gatherLength(chunk: Buffer): boolean {
    while (this.#lengthBytes < FRAME_LENGTH_BYTES && this.#at < chunk.length) {
      this.#lengthSoFar = this.#lengthSoFar * 256 + (chunk[this.#at] as number);
      this.#at += 1;
      this.#lengthBytes += 1;
    }
    if (this.#lengthBytes < FRAME_LENGTH_BYTES) return false;
    this.#checkLength(this.#lengthSoFar);
    this.#expected = this.#lengthSoFar;
    this.#lengthSoFar = 0;
    this.#lengthBytes = 0;
    return true;
  }

  /** Doubling, so that memory follows what really arrived; ends at exactly the frame's size. */
  #grow(bytes: number): void {
    const held = this.#partial.length;
    if (bytes <= held) return;
    const wanted = Math.max(bytes, held * 2, this.firstBytes);
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#expected, wanted));
    this.#partial.copy(grown, 0, 0, this.#filled);
    this.#partial = grown;
  }

  #starve(): boolean {
    this.#chunk = EMPTY;
    this.#at = 0;
    this.buffer = EMPTY;
    return false;
  }

  #checkLength(length: number): void {
    if (length < FRAME_LENGTH_MIN) {
      throw new CaskError('BAD_FRAME', `a frame of length ${length}; the least is 2`);
    }
    if (length > this.maxFrameBytes) {
      const message = `a frame of ${length} bytes; the limit here is ${this.maxFrameBytes}`;
      throw limitError('FRAME_TOO_LARGE', message, 'maxFrameBytes', this.maxFrameBytes);
    }
  }

  #checkFlags(flags: number): void {
    const strange = flags & ~this.#allowedFlags;
    if (strange === 0) return;
    const reserved = (strange & ~(FLAG_COMPRESSED | FLAG_MORE)) === 0;
    throw new CaskError(
      reserved ? 'UNSUPPORTED' : 'BAD_FRAME',
      `frame flags 0x${flags.toString(16).padStart(2, '0')} are not understood in version 1`,
    );
  }
}
