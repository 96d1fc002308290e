/**
 * How far the file of an open segment reaches ahead of the log. A sync of bytes that lengthen a
 * file, or fill a hole in it, has to make the file's metadata durable, too, which takes the file
 * system's journal. Where every group is synced, zeros are therefore written and synced ahead, a
 * piece at a time in the thread pool, and the log overwrites them: PostgreSQL does the same with
 * its log (`wal_init_zero`). A reader finds zeros ahead of the log either way.
 *
 * The log is never written where a piece is on its way: a late zero would take a record's place.
 */

import { type FileHandle, isShortage } from '../disk/file-system.ts';
import type { Segment } from './segment.ts';

/** Small, as a sync of the log beside it may have to wait for it. */
const PIECE_BYTES = 256 * 1024;
/** Zeros are kept ahead by as much as the segment holds, so that a small store stays small. */
const AHEAD_BYTES_MIN = 1 << 20;
/** They are filled up again when less than this share of them is left. */
const REFILLED_BELOW = 0.5;

const zeros = new Uint8Array(PIECE_BYTES);

export interface LogExtentParts {
  readonly segmentBytes: number;
  /** How far to reach ahead; 0: not at all. */
  readonly preallocateBytes: number;
  /** Write zeros ahead. Else the file is only made longer. */
  readonly zeroAhead: boolean;
  /** Syncs the file. */
  readonly sync: () => Promise<void>;
  /** Zeros could not be written or synced, though there was room. */
  readonly onFailure: (error: unknown) => void;
}

export class LogExtent {
  readonly #parts: LogExtentParts;
  readonly #segment: Segment;
  readonly #file: FileHandle;
  /** The end of the log. */
  #logged: number;
  /** Up to here the log may be written. */
  #reach: number;
  /** The file is not longer than this. */
  #length: number;
  /** Zeros are being written; and the piece that is on its way, which may fail. */
  #zeroing: Promise<void> | undefined;
  #piece: Promise<void> | undefined;
  /** No more zeros: there was no room for them, or the segment is complete. */
  #isOver = false;

  /** @param file of the segment, in which nothing is behind the log */
  constructor(parts: LogExtentParts, segment: Segment, file: FileHandle) {
    this.#parts = parts;
    this.#segment = segment;
    this.#file = file;
    this.#logged = segment.bytes;
    this.#reach = segment.bytes;
    this.#length = segment.bytes;
  }

  /**
   * Reaches ahead of a new segment; the caller syncs. Zeros wait until the segment is listed: what
   * a power cut leaves of them might be taken for records of an unknown one.
   */
  async begin(): Promise<void> {
    const { preallocateBytes, zeroAhead } = this.#parts;
    if (preallocateBytes === 0) return;
    await this.#lengthen(zeroAhead ? Math.min(PIECE_BYTES, preallocateBytes) : preallocateBytes);
  }

  /** Whether so many bytes of the log can be written now. */
  hasRoomFor(bytes: number): boolean {
    return this.#parts.preallocateBytes === 0 || this.#logged + bytes <= this.#reach;
  }

  /** Makes room for so many bytes of the log, if it has to. */
  async makeRoom(bytes: number): Promise<void> {
    while (!this.hasRoomFor(bytes) && this.#piece !== undefined) {
      // what it fails of is told where zeros are; the log may fit without them
      await this.#piece.catch(() => {});
    }
    if (!this.hasRoomFor(bytes)) await this.#lengthen(bytes + this.#parts.preallocateBytes);
  }

  /** The log was written up to there. */
  written(end: number): void {
    this.#logged = end;
    this.#length = Math.max(this.#length, end);
    this.#noteReach(Math.max(this.#reach, end));
    if (this.#zeroing === undefined && this.#hasLessThan(REFILLED_BELOW)) {
      this.#zeroing = this.#zeroAhead();
    }
  }

  /** Settles when nothing goes on in the background, and nothing will. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#zeroing;
  }

  /**
   * Gives the file the length of the log, not durably; nothing may be going on in the background.
   * @returns false: it had it
   */
  async cut(): Promise<boolean> {
    if (this.#length <= this.#logged) return false;
    await this.#file.truncate(this.#logged);
    this.#length = this.#logged;
    this.#noteReach(this.#logged);
    return true;
  }

  /** Takes back what a failed write may have left behind the log, not durably. */
  async cutBack(): Promise<void> {
    await this.end();
    this.#length = Number.MAX_SAFE_INTEGER;
    await this.cut();
  }

  #noteReach(reach: number): void {
    this.#reach = reach;
    this.#segment.preallocatedBytes = reach - this.#logged;
  }

  /** Whether less than that share of what should be ahead of the log is. */
  #hasLessThan(share: number): boolean {
    const { zeroAhead, preallocateBytes, segmentBytes } = this.#parts;
    if (!zeroAhead || this.#isOver || this.#reach >= segmentBytes) return false;
    const wanted = Math.min(Math.max(AHEAD_BYTES_MIN, this.#logged), preallocateBytes);
    return this.#reach - this.#logged < wanted * share;
  }

  async #zeroAhead(): Promise<void> {
    try {
      while (this.#hasLessThan(1)) {
        this.#piece = this.#zeroPiece();
        await this.#piece;
      }
    } catch (error) {
      this.#isOver = true;
      if (!isShortage(error)) this.#parts.onFailure(error);
    } finally {
      this.#piece = undefined;
      this.#zeroing = undefined;
    }
  }

  async #zeroPiece(): Promise<void> {
    const { segmentBytes, preallocateBytes, sync } = this.#parts;
    const start = this.#reach;
    const end = Math.min(start + Math.min(PIECE_BYTES, preallocateBytes), segmentBytes);
    this.#length = Math.max(this.#length, end);
    await this.#file.write(zeros, 0, end - start, start);
    await sync();
    this.#noteReach(end);
  }

  /** Makes the file reach so far ahead of the log, if it does not, without zeros in it. */
  async #lengthen(bytes: number): Promise<void> {
    const end = Math.min(this.#logged + bytes, this.#parts.segmentBytes);
    if (end <= this.#reach) return;
    if (end > this.#length) {
      this.#length = end;
      await this.#file.truncate(end);
    }
    this.#noteReach(end);
  }
}
