/**
 * Open descriptors of segments: at most `openMax`, the least recently used closed first, never
 * one with an operation in flight. A pinned segment's file is not unlinked (rule 27).
 */

import { assert, CaskError } from '../../errors/cask-error.ts';
import type { FileHandle, FileSystem } from '../disk/file-system.ts';
import { hintName, segmentName } from '../format/file-names.ts';
import type { Segment } from './segment.ts';

export interface OpenFile {
  readonly segment: Segment;
  readonly file: FileHandle;
  lastUse: number;
  operations: number;
}

export class SegmentFiles {
  readonly #fs: FileSystem;
  readonly #directory: string;
  #openMax: number;
  readonly #open = new Map<number, OpenFile>();
  readonly #opening = new Map<number, Promise<OpenFile>>();
  /** Closes that are underway. */
  readonly #closing = new Set<Promise<void>>();
  #isClosed = false;
  #tick = 0;
  openHigh = 0;
  /** Files that were closed to make room for others. */
  surplusClosed = 0;
  /** Called when a pin was released and the segment has no more: it may be unlinkable. */
  onUnpinned: (segment: Segment) => void = () => {};

  constructor(fs: FileSystem, directory: string, openMax: number) {
    this.#fs = fs;
    this.#directory = directory;
    this.#openMax = openMax;
  }

  /** More that are open now are closed as soon as nothing is going on in them. */
  set openMax(openMax: number) {
    this.#openMax = openMax;
    this.#closeSurplus();
  }

  get openCount(): number {
    return this.#open.size;
  }

  pathOf(segment: Pick<Segment, 'id' | 'kind'>): string {
    return `${this.#directory}/${segmentName(segment.kind, segment.id)}`;
  }

  hintPathOf(segment: Pick<Segment, 'id'>): string {
    return `${this.#directory}/${hintName(segment.id)}`;
  }

  /** The file if it is open already: what a synchronous read may use within this turn. */
  peek(segment: Segment): FileHandle | undefined {
    const open = this.#open.get(segment.id);
    if (open === undefined) return undefined;
    this.#tick += 1;
    open.lastUse = this.#tick;
    return open.file;
  }

  /** Hands over a file that is open already (the appender's). */
  adopt(segment: Segment, file: FileHandle): void {
    assert(!this.#open.has(segment.id), `segment ${segment.id} is not open yet`);
    this.#tick += 1;
    this.#open.set(segment.id, { segment, file, lastUse: this.#tick, operations: 0 });
    this.#noteOpened();
    this.#closeSurplus();
  }

  /** Runs one operation on the segment's file, which stays open and on disk meanwhile. */
  async use<T>(segment: Segment, operation: (file: FileHandle) => Promise<T>): Promise<T> {
    this.pin(segment);
    try {
      const entered = await this.enter(segment);
      try {
        return await operation(entered.file);
      } finally {
        this.leave(entered);
      }
    } finally {
      this.unpin(segment);
    }
  }

  /**
   * The file of a pinned segment, which stays open until `leave`; at once if it is open already.
   * @throws later: the system's error when it cannot be opened, CaskError CLOSED
   */
  enter(segment: Segment): OpenFile | Promise<OpenFile> {
    const open = this.#open.get(segment.id);
    if (open !== undefined) return this.#entered(open);
    return this.#openFile(segment).then((opened) => this.#entered(opened));
  }

  leave(open: OpenFile): void {
    open.operations -= 1;
    this.#closeSurplus();
  }

  #entered(open: OpenFile): OpenFile {
    open.operations += 1;
    this.#tick += 1;
    open.lastUse = this.#tick;
    return open;
  }

  pin(segment: Segment): void {
    segment.pins += 1;
  }

  unpin(segment: Segment): void {
    segment.pins -= 1;
    assert(segment.pins >= 0, 'pins and unpins balance');
    if (segment.pins === 0) this.onUnpinned(segment);
  }

  /** Closes the segment's file if it is open; nothing may be using it. */
  async close(segment: Segment): Promise<void> {
    const open = this.#open.get(segment.id);
    if (open === undefined) return;
    assert(open.operations === 0, `segment ${segment.id} has no operation in flight`);
    this.#open.delete(segment.id);
    await this.#closeFile(open.file);
  }

  /** For good. */
  async closeAll(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#opening.values());
    // How they end is the matter of who asked for them.
    await Promise.allSettled(this.#closing);
    const files = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(files.map((open) => open.file.close()));
  }

  async #openFile(segment: Segment): Promise<OpenFile> {
    if (this.#isClosed) throw new CaskError('CLOSED', 'the store is closed');
    const underway = this.#opening.get(segment.id);
    if (underway !== undefined) return underway;
    const opening = this.#fs.open(this.pathOf(segment), 'read').then((file) => {
      const open = { segment, file, lastUse: this.#tick, operations: 0 };
      this.#open.set(segment.id, open);
      this.#noteOpened();
      return open;
    });
    this.#opening.set(segment.id, opening);
    try {
      return await opening;
    } finally {
      this.#opening.delete(segment.id);
    }
  }

  #noteOpened(): void {
    this.openHigh = Math.max(this.openHigh, this.#open.size);
  }

  #closeSurplus(): void {
    while (this.#open.size > this.#openMax) {
      let oldest: OpenFile | undefined;
      for (const open of this.#open.values()) {
        const busy = open.operations > 0 || !['sealed', 'obsolete'].includes(open.segment.state);
        if (!busy && (oldest === undefined || open.lastUse < oldest.lastUse)) oldest = open;
      }
      if (oldest === undefined) return;
      this.#open.delete(oldest.segment.id);
      this.surplusClosed += 1;
      // A failed close of a file that was only read loses nothing.
      this.#closeFile(oldest.file).catch(() => {});
    }
  }

  /** Who closes the store waits for it, too. */
  #closeFile(file: FileHandle): Promise<void> {
    const closing = file.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
    return closing;
  }
}
