/**
 * Where frames are written on their way out: a slab that fills up, whose filled part is handed
 * to the socket without a copy while writing goes on in the rest.
 *
 *     out.beginFrame(bodyBytesMax);           // room is certain from here
 *     out.at = writeUint(out.bytes, out.at, id);
 *     out.endFrame();
 *     for (let part = out.take(); part !== undefined; part = out.take()) socket.write(part);
 *
 * Bytes that were handed out are never written again, unless `rewind()` says that all of them
 * have left.
 */

import { assert } from '../errors/cask-error.ts';
import { FRAME_HEADER_BYTES, FRAME_LENGTH_BYTES } from './frame.ts';

/** Slabs start small, so that an idle connection costs little, and grow to this. */
const SLAB_BYTES_MIN = 4 * 1024;
const SLAB_BYTES_MAX = 64 * 1024;
const SLAB_GROWTH = 4;

/** One larger slab is kept for whichever buffer needs one next, up to this size. */
const SPARE_BYTES_MAX = 5 * 1024 * 1024;

const EMPTY = Buffer.alloc(0);
let spare: Buffer = EMPTY;

export class OutputBuffer {
  /** The slab, and where the next byte goes. Encoders write here directly within a frame. */
  bytes: Buffer = EMPTY;
  at = 0;

  #slabBytes = SLAB_BYTES_MIN;
  /** Up to here the slab has been handed out. */
  #taken = 0;
  /** Filled parts of earlier slabs, not yet handed out. */
  #sealed: Buffer[] = [];
  #sealedBytes = 0;
  #frameStart = 0;

  /** Bytes of complete frames that `take()` has not handed out yet. */
  get pendingBytes(): number {
    return this.#sealedBytes + this.at - this.#taken;
  }

  /** Starts a frame whose body takes at most so many bytes. */
  beginFrame(bodyBytesMax: number, flags = 0): void {
    const needed = FRAME_HEADER_BYTES + bodyBytesMax;
    if (this.bytes.length - this.at < needed) this.#newSlab(needed);
    this.#frameStart = this.at;
    this.bytes[this.at + FRAME_LENGTH_BYTES] = flags;
    this.at += FRAME_HEADER_BYTES;
  }

  /** Ends the frame: writes its length. */
  endFrame(): void {
    const { bytes } = this;
    const start = this.#frameStart;
    const length = this.at - start - FRAME_LENGTH_BYTES;
    assert(this.at <= bytes.length, 'a frame stays within the room reserved for it');
    bytes[start] = length >>> 24;
    bytes[start + 1] = length >>> 16;
    bytes[start + 2] = length >>> 8;
    bytes[start + 3] = length;
  }

  /** Takes back the frame begun last. */
  abandonFrame(): void {
    this.at = this.#frameStart;
  }

  /** The body's size so far of the frame begun last. */
  get bodyBytes(): number {
    return this.at - this.#frameStart - FRAME_HEADER_BYTES;
  }

  /**
   * Makes room for more bytes within the frame begun, moving it to a bigger slab if need be. For
   * messages whose size is not known beforehand.
   */
  ensure(bytes: number): void {
    if (this.bytes.length - this.at >= bytes) return;
    const begun = this.bytes.subarray(this.#frameStart, this.at);
    this.at = this.#frameStart;
    this.#newSlab(Math.max(begun.length * 2, begun.length + bytes));
    begun.copy(this.bytes, 0);
    this.#frameStart = 0;
    this.at = begun.length;
  }

  /** Makes room for so many bytes that are no frame; the caller writes at `at` and moves it on. */
  reserve(bytes: number): void {
    if (this.bytes.length - this.at < bytes) this.#newSlab(bytes);
  }

  /** Adds bytes that are no frame, or frames already encoded. */
  append(chunk: Uint8Array): void {
    if (this.bytes.length - this.at < chunk.length) this.#newSlab(chunk.length);
    this.bytes.set(chunk, this.at);
    this.at += chunk.length;
  }

  /** The next part to write, oldest first; undefined when nothing is left. */
  take(): Buffer | undefined {
    const sealed = this.#sealed.shift();
    if (sealed !== undefined) {
      this.#sealedBytes -= sealed.length;
      return sealed;
    }
    if (this.at === this.#taken) return undefined;
    const part = this.bytes.subarray(this.#taken, this.at);
    this.#taken = this.at;
    return part;
  }

  /** Says that everything handed out has been written, so that the slab may be used again. */
  rewind(): void {
    if (this.pendingBytes > 0) return;
    this.at = 0;
    this.#taken = 0;
    if (this.bytes.length <= SLAB_BYTES_MAX) return;
    const isBest = this.bytes.length <= SPARE_BYTES_MAX && this.bytes.length > spare.length;
    if (isBest) spare = this.bytes;
    this.bytes = EMPTY;
  }

  /** Nothing follows soon: keeps no memory, unless something is still to be handed out. */
  rest(): void {
    if (this.pendingBytes === 0 && this.bytes.length > 0) this.clear();
  }

  /** Forgets everything, written or not. */
  clear(): void {
    this.#sealed = [];
    this.#sealedBytes = 0;
    this.bytes = EMPTY;
    this.at = 0;
    this.#taken = 0;
    this.#slabBytes = SLAB_BYTES_MIN;
  }

  #newSlab(needed: number): void {
    if (this.at > this.#taken) {
      this.#sealed.push(this.bytes.subarray(this.#taken, this.at));
      this.#sealedBytes += this.at - this.#taken;
    }
    if (needed > SLAB_BYTES_MAX && needed <= spare.length) {
      this.bytes = spare;
      spare = EMPTY;
    } else {
      this.bytes = Buffer.allocUnsafeSlow(Math.max(needed, this.#slabBytes));
    }
    this.#slabBytes = Math.min(this.#slabBytes * SLAB_GROWTH, SLAB_BYTES_MAX);
    this.at = 0;
    this.#taken = 0;
  }
}
