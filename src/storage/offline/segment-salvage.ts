/**
 * Writes what can be read of a segment into a fresh merged one: the same records under their own
 * sequences, re-encoded with a new salt.
 *
 * A record that is lost but whose key is known (its value alone is damaged, or the hint has it)
 * becomes a tombstone with its sequence, which keeps an older value, or a deleted key, from coming
 * back in its place. A delete, a touch or a clear is all in the hint, and so not lost at all.
 */

import { segmentName } from '../format/file-names.ts';
import type { HintEntry } from '../format/hint-writer.ts';
import { readU32 } from '../format/integers.ts';
import type { ManifestSegment } from '../format/manifest.ts';
import {
  NO_EXPIRY,
  RECORD_DELETE,
  RECORD_PUT,
  RECORD_TOUCH,
  RecordView,
  recordBytes,
} from '../format/record.ts';
import { SEGMENT_BYTES_LIMIT } from '../format/segment-header.ts';
import { MergedWriter } from '../merge/merged-writer.ts';
import { walkSegment } from '../recovery/segment-walk.ts';
import { TolerantFile } from '../recovery/tolerant-file.ts';
import { eachHintEntry, isLost } from './hint-check.ts';
import type { Examination } from './offline-directory.ts';
import type { SegmentCheck } from './segment-check.ts';

export interface SalvageTarget {
  readonly directory: string;
  readonly uuid: Uint8Array;
  readonly id: number;
  readonly epoch: number;
}

export interface Salvage {
  /** Undefined: there was nothing to write. */
  readonly segment: ManifestSegment | undefined;
  readonly records: number;
  /** Tombstones, touches and clears written again from what the hint knows. */
  readonly tombstonesRestored: number;
  /** Lost puts, in whose place there is a tombstone now. */
  readonly putsBuried: number;
}

export function salvageSegment(
  examination: Examination,
  check: SegmentCheck,
  target: SalvageTarget,
): Promise<Salvage> {
  return new Salvager(examination, check, target).run();
}

class Salvager {
  readonly #examination: Examination;
  readonly #check: SegmentCheck;
  readonly #target: SalvageTarget;
  #writer: MergedWriter | undefined;
  #records = 0;
  #tombstonesRestored = 0;
  #putsBuried = 0;

  constructor(examination: Examination, check: SegmentCheck, target: SalvageTarget) {
    this.#examination = examination;
    this.#check = check;
    this.#target = target;
  }

  async run(): Promise<Salvage> {
    let segment: ManifestSegment | undefined;
    try {
      await this.#copyRecords();
      await this.#buryLost();
      segment = await this.#finish();
    } catch (error) {
      // What was written is listed nowhere; the next start removes it.
      await this.#writer?.abandon().catch(() => {});
      throw error;
    }
    const [records, tombstonesRestored] = [this.#records, this.#tombstonesRestored];
    return { segment, records, tombstonesRestored, putsBuried: this.#putsBuried };
  }

  async #copyRecords(): Promise<void> {
    const { environment, directory, signal } = this.#examination;
    const { fileName, segment, end } = this.#check.task;
    if (fileName === undefined) return;
    const file = await TolerantFile.open(environment.fs, `${directory}/${fileName}`);
    const bounds =
      segment.state === 'sealed' ? { sequenceMin: segment.min, sequenceMax: segment.last } : {};
    const tombstone = new RecordView();
    try {
      await walkSegment(
        file,
        { salt: segment.salt, end, signal, ...bounds },
        {
          record: (scanner, isValueRight) => {
            const isKept = isValueRight || scanner.view.type !== RECORD_PUT;
            this.#records += isKept ? 1 : 0;
            this.#putsBuried += isKept ? 0 : 1;
            // Without a value there is nothing wrong but its checksum.
            if (isValueRight || scanner.view.type !== RECORD_PUT) {
              return this.#write(scanner.buffer, scanner.view);
            }
            return this.#write(scanner.buffer, asTombstone(tombstone, scanner.view));
          },
          damage: () => {},
        },
      );
    } finally {
      await file.close();
    }
  }

  /** Lost records that the hint knows; puts as tombstones. */
  async #buryLost(): Promise<void> {
    const { hint, lost, task } = this.#check;
    if (hint !== 'good' || lost.count === 0) return;
    const tombstone = new RecordView();
    await eachHintEntry(this.#examination, task, (entry) => {
      if (!isLost(lost, entry)) return undefined;
      if (entry.type === RECORD_PUT) this.#putsBuried += 1;
      else this.#tombstonesRestored += 1;
      return this.#write(entry.keyBuffer, restored(tombstone, entry));
    });
  }

  /** Waits only where a write is due. */
  #write(buffer: Uint8Array, view: RecordView): Promise<void> | undefined {
    const writer = this.#writer;
    if (writer === undefined || writer.mustFlushFor(view)) return this.#writeLater(buffer, view);
    writer.add(buffer, view, false);
    return undefined;
  }

  async #writeLater(buffer: Uint8Array, view: RecordView): Promise<void> {
    this.#writer ??= await this.#createWriter();
    if (this.#writer.mustFlushFor(view)) await this.#writer.flush();
    this.#writer.add(buffer, view, false);
  }

  #createWriter(): Promise<MergedWriter> {
    const { environment } = this.#examination;
    const { directory, uuid, id, epoch } = this.#target;
    return MergedWriter.create(environment, directory, uuid, {
      id,
      salt: readU32(environment.random.bytes(4), 0),
      epoch,
      createdAt: Math.floor(environment.clock.wallMs()),
      baseSequence: 1,
      segmentBytes: SEGMENT_BYTES_LIMIT,
    });
  }

  async #finish(): Promise<ManifestSegment | undefined> {
    if (this.#writer === undefined) return undefined;
    const { id, kind, salt, bytes, records, min, last } = await this.#writer.finish();
    return { id, kind, state: 'sealed', salt, base: min, last, min, bytes, records };
  }
}

function asTombstone(target: RecordView, view: RecordView): RecordView {
  return Object.assign(target, view, {
    type: RECORD_DELETE,
    valueBytes: 0,
    expiresAt: NO_EXPIRY,
    recordBytes: recordBytes(view.keyBytes, 0, false),
  });
}

/**
 * The time of a delete or clear is its `createdAt`; of a lost put it is the nearest that is known.
 */
function restored(target: RecordView, entry: HintEntry): RecordView {
  const { type, keyStart, keyBytes, sequence, createdAt } = entry;
  const isTouch = type === RECORD_TOUCH;
  return Object.assign(target, {
    type: type === RECORD_PUT ? RECORD_DELETE : type,
    keyStart,
    keyBytes,
    sequence,
    version: entry.version,
    createdAt,
    updatedAt: isTouch ? (entry.updatedAt ?? createdAt) : createdAt,
    expiresAt: isTouch ? entry.expiresAt : NO_EXPIRY,
    valueSequence: entry.valueSequence ?? 0,
    valueBytes: 0,
    recordBytes: isTouch ? entry.recordBytes : recordBytes(keyBytes, 0, false),
  });
}

/** The name that a salvaged segment has. */
export function salvageName(id: number): string {
  return segmentName('merged', id);
}
