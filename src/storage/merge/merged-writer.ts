/** Writes merged segments: records with their own sequences, then a hint, all durable. */

import type { Environment } from '../disk/environment.ts';
import type { FileHandle } from '../disk/file-system.ts';
import { segmentName } from '../format/file-names.ts';
import { writeHint } from '../format/hint-writer.ts';
import {
  encodeRecord,
  NO_EXPIRY,
  RECORD_CLEAR,
  RECORD_DELETE,
  RECORD_TOUCH,
  RecordView,
  recordBytes,
  touchBytes,
  viewTrustedRecord,
} from '../format/record.ts';
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES } from '../format/segment-header.ts';
import { HintCollector } from './hint-collector.ts';
import type { MergeOutput } from './job-input.ts';

const WRITE_BYTES = 1 << 20;
/** No more than this is ever dirty: a backlog of dirty pages is what stalls the foreground. */
const DIRTY_BYTES_MAX = 8 << 20;
const NOTHING = new Uint8Array(0);

export interface OutputFacts {
  readonly id: number;
  readonly salt: number;
  readonly epoch: number;
  readonly createdAt: number;
  readonly baseSequence: number;
  /** It is not to grow past this, unless for one record. */
  readonly segmentBytes: number;
}

export class MergedWriter {
  readonly #environment: Environment;
  readonly #directory: string;
  readonly #uuid: Uint8Array;
  readonly #facts: OutputFacts;
  readonly #collector = new HintCollector();
  readonly #view = new RecordView();
  readonly #file: FileHandle;
  #buffer = Buffer.allocUnsafeSlow(WRITE_BYTES);
  #filled = 0;
  /** In the file, of the buffer's start. */
  #position = SEGMENT_HEADER_BYTES;
  #dirty = 0;

  private constructor(
    environment: Environment,
    directory: string,
    uuid: Uint8Array,
    facts: OutputFacts,
    file: FileHandle,
  ) {
    this.#environment = environment;
    this.#directory = directory;
    this.#uuid = uuid;
    this.#facts = facts;
    this.#file = file;
  }

  static async create(
    environment: Environment,
    directory: string,
    uuid: Uint8Array,
    facts: OutputFacts,
  ): Promise<MergedWriter> {
    const path = `${directory}/${segmentName('merged', facts.id)}`;
    const file = await environment.fs.open(path, 'create');
    const { id, baseSequence, epoch, createdAt, salt } = facts;
    const head = { kind: 'merged', uuid, id, baseSequence, epoch, createdAt, salt } as const;
    const header = encodeSegmentHeader(head);
    await file.write(header, 0, header.length, 0);
    return new MergedWriter(environment, directory, uuid, facts, file);
  }

  /** Where the next record goes, and so how long the segment is by now. */
  get bytes(): number {
    return this.#position + this.#filled;
  }

  hasRoomFor(source: RecordView): boolean {
    return this.bytes + source.recordBytes <= this.#facts.segmentBytes;
  }

  /** True: `flush` comes before `add`. */
  mustFlushFor(source: RecordView): boolean {
    return this.#filled > 0 && this.#filled + source.recordBytes > this.#buffer.length;
  }

  /** Adds a record as it is, or a tombstone in place of what expired or was deleted. */
  add(buffer: Uint8Array, source: RecordView, asTombstone: boolean): void {
    const type = asTombstone ? RECORD_DELETE : source.type;
    const isDelete = type === RECORD_DELETE || type === RECORD_CLEAR;
    const valueBytes = isDelete ? 0 : source.valueBytes;
    const expiresAt = isDelete ? NO_EXPIRY : source.expiresAt;
    const expires = expiresAt !== NO_EXPIRY;
    const bytes =
      type === RECORD_TOUCH
        ? touchBytes(source.keyBytes, expires)
        : recordBytes(source.keyBytes, valueBytes, expires);
    if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(bytes);
    const offset = this.bytes;
    // Its time stays that of its sequence: times ascend with sequences.
    const { updatedAt } = source;
    const createdAt = isDelete ? updatedAt : source.createdAt;
    const version = isDelete ? 0 : source.version;
    this.#filled = encodeRecord(
      this.#buffer,
      this.#filled,
      this.#facts.salt,
      offset,
      type,
      0,
      buffer,
      source.keyStart,
      source.keyBytes,
      isDelete ? NOTHING : buffer,
      isDelete ? 0 : source.valueStart,
      valueBytes,
      source.sequence,
      0,
      version,
      createdAt,
      updatedAt,
      expiresAt,
      type === RECORD_TOUCH ? source.valueSequence : 0,
    );
    // What was encoded is what the hint says.
    viewTrustedRecord(this.#buffer, this.#filled - bytes, this.#view);
    this.#collector.add(this.#buffer, this.#view, offset);
  }

  /** Makes segment and hint durable. */
  async finish(): Promise<MergeOutput> {
    await this.flush();
    await this.#file.sync();
    await this.#file.close();
    const { fs } = this.#environment;
    await fs.syncDirectory(this.#directory);
    const { id, salt } = this.#facts;
    const collector = this.#collector;
    const { lowestSequence, highestSequence, latestUpdatedAt, tombstoneBytes } = collector;
    const binding = { uuid: this.#uuid, segmentId: id, salt, segmentBytes: this.bytes };
    const facts = { ...binding, lowestSequence, highestSequence, latestUpdatedAt, tombstoneBytes };
    const hint = await writeHint(fs, this.#directory, facts, collector.sorted());
    return {
      id,
      kind: 'merged',
      salt,
      bytes: this.bytes,
      records: collector.count,
      min: lowestSequence,
      last: highestSequence,
      tombstoneBytes,
      hintBytes: hint.fileBytes,
      latestUpdatedAt,
      hasTouches: collector.hasTouches,
    };
  }

  /** Closes the file after a failure; the engine removes it. */
  async abandon(): Promise<void> {
    await this.#file.close();
  }

  async flush(): Promise<void> {
    if (this.#filled === 0) return;
    if (this.#dirty + this.#filled > DIRTY_BYTES_MAX) {
      await this.#file.datasync();
      this.#dirty = 0;
    }
    await this.#file.write(this.#buffer, 0, this.#filled, this.#position);
    this.#position += this.#filled;
    this.#dirty += this.#filled;
    this.#filled = 0;
  }
}
