/**
 * Fills the keydir from a sealed segment: from its hint, or, where that is missing or wrong, by
 * scanning the segment itself. Loading by either gives the same state.
 */

import { CaskError } from '../../errors/cask-error.ts';
import type { EngineClock } from '../disk/engine-clock.ts';
import { nextTurn, type Scheduler } from '../disk/environment.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { systemErrorCode } from '../disk/file-system.ts';
import { type HintBlock, HintReader } from '../format/hint-reader.ts';
import type { DamageFacts } from '../format/manifest.ts';
import {
  NO_EXPIRY,
  RECORD_CLEAR,
  RECORD_DELETE,
  RECORD_HEADER_BYTES,
  RECORD_PUT,
  RECORD_TOUCH,
} from '../format/record.ts';
import { SEGMENT_HEADER_BYTES } from '../format/segment-header.ts';
import type { Keydir } from '../keydir/keydir.ts';
import type { Segment } from '../log/segment.ts';
import type { SegmentCatalog } from '../log/segment-catalog.ts';
import type { SegmentFiles } from '../log/segment-files.ts';
import {
  SegmentScanner,
  STEP_END,
  STEP_MORE,
  STEP_RECORD,
  STEP_UNSUPPORTED,
} from '../log/segment-scanner.ts';
import type { StoreLogger } from '../store-options.ts';
import { searchRecords } from './record-search.ts';

/** Entries that are settled in one turn: 1 to 3 ms, with millions of keys. */
const SETTLED_PER_TURN = 15_000;

export interface SegmentLoaderParts {
  readonly fs: FileSystem;
  readonly scheduler: Scheduler;
  readonly uuid: Uint8Array;
  readonly keydir: Keydir;
  readonly catalog: SegmentCatalog;
  readonly files: SegmentFiles;
  readonly clock: EngineClock;
  readonly logger: StoreLogger;
}

export interface LoadedSegment {
  readonly byHint: boolean;
  /** Ranges of a scanned segment that hold no valid record; their keys are unknown. */
  readonly damage: readonly DamageFacts[];
}

/** What hint and scan both know of a record. */
interface LoadedRecord {
  readonly type: number;
  readonly keyStart: number;
  readonly keyBytes: number;
  readonly recordBytes: number;
  readonly sequence: number;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt: number;
  readonly valueSequence: number;
}

export class SegmentLoader {
  readonly #parts: SegmentLoaderParts;

  constructor(parts: SegmentLoaderParts) {
    this.#parts = parts;
  }

  /** @throws CaskError UNSUPPORTED_FORMAT; system errors of the segment's own file */
  async load(segment: Segment): Promise<LoadedSegment> {
    if (await this.#loadHint(segment)) return { byHint: true, damage: [] };
    return { byHint: false, damage: await this.#scan(segment) };
  }

  /**
   * True when the hint was right, from its first byte to its last. If it was not, what was loaded
   * of it stays: every block was verified, so its entries are what the scan will find, too.
   */
  async #loadHint(segment: Segment): Promise<boolean> {
    const { fs, files, uuid, logger, clock, keydir } = this.#parts;
    let reader: HintReader | undefined;
    try {
      const { id: segmentId, salt, bytes: segmentBytes } = segment;
      const binding = { uuid, segmentId, salt, segmentBytes };
      reader = await HintReader.open(fs, files.hintPathOf(segment), binding);
      segment.touches = 'unseen';
      // the reader refuses a hint whose keys do not ascend
      keydir.loadRunBegin(true);
      try {
        await this.#loadBlocks(segment, reader);
      } finally {
        await this.#settle(segment);
        keydir.loadRunEnd();
      }
      const { header } = reader;
      segment.tombstoneBytes = header.tombstoneBytes;
      segment.hintBytes = header.fileBytes;
      segment.latestUpdatedAt = header.latestUpdatedAt;
      clock.advanceTo(header.latestUpdatedAt);
      return true;
    } catch (error) {
      const isMissing = systemErrorCode(error) === 'ENOENT';
      const isWrong = error instanceof CaskError;
      if (!isMissing && !isWrong) throw error;
      const reason = isMissing ? 'it is missing' : (error as CaskError).message;
      logger('warn', 'hint-rejected', {
        segment: segment.id,
        reason,
        action: 'the segment is scanned',
      });
      return false;
    } finally {
      await reader?.close();
    }
  }

  async #loadBlocks(segment: Segment, reader: HintReader): Promise<void> {
    for (;;) {
      const block = await reader.nextBlock();
      if (block === undefined) break;
      if (!this.#parts.keydir.hasLoadRoomFor(block.entries)) await this.#settle(segment);
      while (block.next()) {
        const isPlain = block.type === RECORD_PUT && block.expiresAt === NO_EXPIRY;
        if (isPlain) this.#loadLater(segment, block);
        else this.#load(segment, block.keyBuffer, block, block.offset);
      }
    }
  }

  /** Takes a put that does not expire, as almost all do, until `#settle`. */
  #loadLater(segment: Segment, block: HintBlock): void {
    const { recordBytes } = block;
    const isTaken = this.#parts.keydir.loadLater(
      block.keyView,
      block.keyStart,
      block.keyBytes,
      segment.slot,
      block.offset,
      recordBytes,
      block.sequence,
      block.version,
      block.createdAt,
    );
    if (isTaken) segment.liveBytes += recordBytes;
  }

  async #settle(segment: Segment): Promise<void> {
    const { keydir, catalog, scheduler } = this.#parts;
    const settled = (isNewest: boolean, recordBytes: number): void => {
      if (isNewest) catalog.subtractDisplaced(keydir);
      else segment.liveBytes -= recordBytes;
    };
    while (!keydir.loadSettleStep(SETTLED_PER_TURN, settled)) await nextTurn(scheduler);
  }

  /** Takes a record, of which this is what is known. */
  #load(segment: Segment, buffer: Uint8Array, record: LoadedRecord, offset: number): void {
    const { keydir, catalog } = this.#parts;
    const { type, keyStart, keyBytes, recordBytes, sequence, version, createdAt, expiresAt } =
      record;
    if (type === RECORD_CLEAR) {
      keydir.loadClear(sequence);
      return;
    }
    if (type === RECORD_TOUCH) segment.touches = 'some';
    const isNewest =
      type === RECORD_TOUCH
        ? keydir.loadTouch(
            buffer,
            keyStart,
            keyBytes,
            segment.slot,
            offset,
            recordBytes,
            sequence,
            version,
            createdAt,
            record.updatedAt,
            expiresAt,
            record.valueSequence,
          )
        : keydir.loadEntry(
            buffer,
            keyStart,
            keyBytes,
            type === RECORD_DELETE,
            segment.slot,
            offset,
            recordBytes,
            sequence,
            version,
            createdAt,
            expiresAt,
          );
    if (!isNewest) return;
    if (type !== RECORD_DELETE) segment.liveBytes += recordBytes;
    catalog.subtractDisplaced(keydir);
  }

  async #scan(segment: Segment): Promise<DamageFacts[]> {
    const { files, keydir } = this.#parts;
    keydir.loadRunBegin(false);
    const damage = await files.use(segment, async (file) => {
      const range = { start: SEGMENT_HEADER_BYTES, end: segment.bytes, withValues: false };
      const scanner = new SegmentScanner(file, segment.salt, range);
      const damaged: DamageFacts[] = [];
      let last = Math.max(0, segment.min - 1);
      segment.latestUpdatedAt = 0;
      for (;;) {
        const step = scanner.step();
        if (step === STEP_END) return damaged;
        if (step === STEP_MORE) {
          await scanner.fill();
        } else if (step === STEP_RECORD) {
          last = scanner.view.sequence;
          this.#loadRecord(segment, scanner);
        } else if (step === STEP_UNSUPPORTED) {
          const message = `segment ${segment.id} holds a record of a newer caskd at ${scanner.offset}`;
          throw new CaskError('UNSUPPORTED_FORMAT', message);
        } else {
          const next = await this.#findNext(segment, file, scanner.offset);
          damaged.push(damageOf(segment, scanner.offset, next, last));
          scanner.seek(next.offset);
        }
      }
    });
    keydir.loadRunEnd();
    if (damage.length > 0) segment.latestUpdatedAt = Number.MAX_SAFE_INTEGER;
    return damage;
  }

  #loadRecord(segment: Segment, { view, buffer, offset }: SegmentScanner): void {
    this.#parts.clock.advanceTo(view.updatedAt);
    segment.latestUpdatedAt = Math.max(segment.latestUpdatedAt, view.updatedAt);
    const isTombstone = view.type === RECORD_DELETE || view.type === RECORD_CLEAR;
    if (isTombstone) segment.tombstoneBytes += view.recordBytes;
    this.#load(segment, buffer, view, offset);
  }

  /** The next valid record behind damage, or the end of the segment. */
  async #findNext(
    segment: Segment,
    file: Parameters<typeof searchRecords>[0],
    from: number,
  ): Promise<{ offset: number; sequence: number }> {
    let next = { offset: segment.bytes, sequence: 0 };
    const range = {
      start: from + 1,
      end: segment.bytes,
      sequenceMin: segment.min,
      sequenceMax: () => segment.last,
    };
    await searchRecords(file, segment.salt, range, (offset, view) => {
      next = { offset, sequence: view.sequence };
      return false;
    });
    return next;
  }
}

function damageOf(
  segment: Segment,
  offset: number,
  next: { offset: number; sequence: number },
  last: number,
): DamageFacts {
  const bytes = next.offset - offset;
  const mostRecords = Math.ceil(bytes / RECORD_HEADER_BYTES);
  // In a log segment sequences are consecutive; in a merged one the neighbours only bound them.
  const upTo = next.sequence > 0 ? next.sequence - 1 : segment.last;
  const lastSequence = segment.kind === 'log' ? upTo : Math.max(upTo, last + mostRecords);
  return { segment: segment.id, offset, bytes, firstSequence: last + 1, lastSequence };
}
