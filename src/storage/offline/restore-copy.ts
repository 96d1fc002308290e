/**
 * Copies the segments of a backup into a new store. Records are bound to their segment by its
 * salt, not by the store's UUID, so a segment is copied as it is, but for its header. One that
 * goes beyond the point that is restored is written anew without the records behind it.
 */

import { CaskError } from '../../errors/cask-error.ts';
import { copyFile, digestFile, type Rewrite } from '../backup/file-copy.ts';
import type { BackupFile } from '../format/backup-list.ts';
import { hintName, segmentName } from '../format/file-names.ts';
import { decodeHintHeader, encodeHintHeader } from '../format/hint-layout.ts';
import { readU32 } from '../format/integers.ts';
import type { ManifestSegment } from '../format/manifest.ts';
import { verifyRecordValue } from '../format/record.ts';
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  SEGMENT_BYTES_LIMIT,
  SEGMENT_HEADER_BYTES,
} from '../format/segment-header.ts';
import { SegmentScanner, STEP_END, STEP_MORE, STEP_RECORD } from '../log/segment-scanner.ts';
import { MergedWriter } from '../merge/merged-writer.ts';
import type { Examination } from './offline-directory.ts';
import type { BackupSource } from './restore-source.ts';

export class RestoreCopy {
  readonly #examination: Examination;
  readonly #source: BackupSource;
  readonly #uuid: Uint8Array;
  readonly #revision: number;
  readonly #bytesTotal: number;
  #bytesDone = 0;

  /** @param revision of the state that is restored */
  constructor(examination: Examination, source: BackupSource, uuid: Uint8Array, revision: number) {
    this.#examination = examination;
    this.#source = source;
    this.#uuid = uuid;
    this.#revision = revision;
    this.#bytesTotal = source.manifest.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** @returns undefined when nothing of it belongs to the state */
  async copySegment(segment: ManifestSegment): Promise<ManifestSegment | undefined> {
    const done = this.#bytesDone;
    let restored: ManifestSegment | undefined;
    if (segment.last <= this.#revision) restored = await this.#copyWhole(segment);
    else if (segment.min <= this.#revision) restored = await this.#copyUpTo(segment);
    this.#bytesDone = done + segment.bytes;
    this.#examination.onProgress?.(this.#bytesDone, this.#bytesTotal);
    return restored;
  }

  #advance = (count: number): void => {
    const { signal, onProgress } = this.#examination;
    if (signal?.aborted) throw new CaskError('CANCELLED', 'cancelled');
    this.#bytesDone += count;
    onProgress?.(Math.min(this.#bytesDone, this.#bytesTotal), this.#bytesTotal);
  };

  async #copyWhole(segment: ManifestSegment): Promise<ManifestSegment> {
    const name = segmentName(segment.kind, segment.id);
    await this.#copy(this.#listed(name), (first) => this.#rewriteHeader(first, name));
    const hint = this.#source.files.get(hintName(segment.id));
    if (hint !== undefined) await this.#copyHint(hint);
    return segment;
  }

  #listed(name: string): BackupFile {
    const listed = this.#source.files.get(name);
    if (listed !== undefined) return listed;
    throw new CaskError('NOT_A_BACKUP', `the list of ${this.#source.path} does not have ${name}`);
  }

  /** @throws CaskError CORRUPT when the file is not as it was backed up */
  async #copy({ name, bytes, sha256 }: BackupFile, rewrite: Rewrite): Promise<void> {
    const { environment, directory } = this.#examination;
    const { fs } = environment;
    const source = `${this.#source.path}/${name}`;
    await this.#checkLength(name, bytes);
    const target = `${directory}/${name}`;
    const found = await copyFile(fs, source, target, bytes, this.#advance, rewrite);
    if (found !== sha256) throw this.#differs(name, 'its SHA-256 is another');
  }

  async #checkLength(name: string, bytes: number): Promise<void> {
    const found = await this.#examination.environment.fs.sizeOf(`${this.#source.path}/${name}`);
    if (found === bytes) return;
    const what = found === undefined ? 'it is missing' : `it has ${found} bytes, not ${bytes}`;
    throw this.#differs(name, what);
  }

  #differs(name: string, what: string): CaskError {
    const { path } = this.#source;
    const message = `${path}/${name} is not as it was backed up: ${what}; take another backup`;
    return new CaskError('CORRUPT', message, { details: { file: name } });
  }

  #rewriteHeader(first: Uint8Array, name: string): void {
    try {
      const header = decodeSegmentHeader(first.subarray(0, SEGMENT_HEADER_BYTES));
      if (header === undefined) throw new CaskError('CORRUPT', 'it has no segment header');
      first.set(encodeSegmentHeader({ ...header, uuid: this.#uuid }));
    } catch (error) {
      if (!(error instanceof CaskError)) throw error;
      throw this.#differs(name, error.message);
    }
  }

  /** A hint is a cache: a wrong one is left out, and said. */
  async #copyHint(file: BackupFile): Promise<void> {
    const { environment, directory, report } = this.#examination;
    try {
      await this.#copy(file, (first) => {
        first.set(encodeHintHeader({ ...decodeHintHeader(first), uuid: this.#uuid }));
      });
    } catch (error) {
      if (!(error instanceof CaskError) || error.code === 'CANCELLED') throw error;
      await environment.fs.unlink(`${directory}/${file.name}`).catch(() => {});
      const message = `it is left out, the new store writes its own: ${error.message}`;
      await report({ level: 'info', kind: 'hint-damaged', file: file.name, message });
    }
  }

  /** The records up to the point, in a merged segment, which may have gaps. */
  async #copyUpTo(segment: ManifestSegment): Promise<ManifestSegment | undefined> {
    const { environment, directory } = this.#examination;
    const { fs, clock, random } = environment;
    const name = segmentName(segment.kind, segment.id);
    const { bytes, sha256 } = this.#listed(name);
    await this.#checkLength(name, bytes);
    const path = `${this.#source.path}/${name}`;
    if ((await digestFile(fs, path, bytes, this.#advance)) !== sha256) {
      throw this.#differs(name, 'its SHA-256 is another');
    }
    const writer = await MergedWriter.create(environment, directory, this.#uuid, {
      id: segment.id,
      salt: readU32(random.bytes(4), 0),
      epoch: this.#source.manifest.epochs.at(-1)?.[0] ?? 1,
      createdAt: Math.floor(clock.wallMs()),
      baseSequence: 1,
      segmentBytes: SEGMENT_BYTES_LIMIT,
    });
    const file = await fs.open(path, 'read');
    let isFinished = false;
    try {
      const range = { start: SEGMENT_HEADER_BYTES, end: segment.bytes, withValues: true };
      await this.#writeUpTo(new SegmentScanner(file, segment.salt, range), segment, writer);
      if (writer.bytes === SEGMENT_HEADER_BYTES) return undefined;
      const { id, kind, salt, bytes: written, records, min, last } = await writer.finish();
      isFinished = true;
      return { id, kind, state: 'sealed', salt, base: min, last, min, bytes: written, records };
    } finally {
      await file.close();
      if (!isFinished) await writer.abandon();
      if (!isFinished) await fs.unlink(`${directory}/${segmentName('merged', segment.id)}`);
    }
  }

  async #writeUpTo(
    scanner: SegmentScanner,
    segment: ManifestSegment,
    writer: MergedWriter,
  ): Promise<void> {
    for (;;) {
      const step = scanner.step();
      if (step === STEP_END) return;
      if (step === STEP_MORE) {
        this.#advance(0);
        await scanner.fill();
        continue;
      }
      const isRecord = step === STEP_RECORD;
      if (!isRecord || !verifyRecordValue(scanner.buffer, scanner.view, segment.salt)) {
        const what = `a record at ${scanner.offset} was damaged before it was backed up`;
        throw this.#differs(segmentName(segment.kind, segment.id), what);
      }
      if (scanner.view.sequence > this.#revision) continue;
      if (writer.mustFlushFor(scanner.view)) await writer.flush();
      writer.add(scanner.buffer, scanner.view, false);
    }
  }
}
