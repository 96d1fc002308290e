/** Writes merged segments: records with their own sequences, then a hint, all durable. */

import type { Environment } from '../disk/environment.ts';
import type { FileHandle } from '../disk/file-system.ts';
import { copyBytes } from '../format/byte-ranges.ts';
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
  resealRecord,
  touchBytes,
  viewTrustedRecord,
} from '../format/record.ts';
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES } from '../format/segment-header.ts';
import { HintCollector } from './hint-collector.ts';
import type { MergeOutput } from './job-input.ts';

const WRITE_BYTES = 1 << 20;
/** No more than this is ever dirty: a backlog of dirty pages is what stalls the foreground. */
const DIRTY_BYTES_MAX = 2 << 20;
/** With so much dirty a sync begins, and writing goes on meanwhile. */
const SYNC_BYTES = DIRTY_BYTES_MAX / 2;
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
  #buffer = new Uint8Array(WRITE_BYTES);
  /** What is being written, or nothing of worth. */
  #spare = new Uint8Array(WRITE_BYTES);
  #writing: Promise<void> = Promise.resolve();
  #syncing: Promise<void> = Promise.resolve();
  #isSyncing = false;
  #filled = 0;
  /** In the file, of the buffer's start. */
  #position = SEGMENT_HEADER_BYTES;
  /** Written, and not covered by a sync that is done. */
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
    if (bytes > this.#buffer.length) this.#buffer = new Uint8Array(bytes);
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

  /**
   * Adds a record as it is, whose value was verified.
   * @param at where it starts in the buffer that `source` is of
   */
  copy(buffer: Uint8Array, at: number, source: RecordView, fromSalt: number): void {
    const { recordBytes: bytes } = source;
    if (bytes > this.#buffer.length) this.#buffer = new Uint8Array(bytes);
    const offset = this.bytes;
    copyBytes(this.#buffer, this.#filled, buffer, at, bytes);
    resealRecord(this.#buffer, this.#filled, source, fromSalt, this.#facts.salt, offset);
    this.#filled += bytes;
    this.#collector.add(buffer, source, offset);
  }

  /** Makes segment and hint durable. */
  async finish(): Promise<MergeOutput> {
    await this.flush();
    await this.#writing;
    await this.#syncing;
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
    await Promise.allSettled([this.#writing, this.#syncing]);
    await this.#file.close();
  }

  /** Hands what is gathered to a write that goes on meanwhile, once the one before is done. */
  async flush(): Promise<void> {
    if (this.#filled === 0) return;
    await this.#writing;
    const written = this.#buffer;
    this.#writing = this.#write(written, this.#filled, this.#position);
    this.#writing.catch(() => {}); // told by the next flush
    this.#position += this.#filled;
    this.#filled = 0;
    this.#buffer = this.#spare;
    this.#spare = written;
  }

  async #write(buffer: Uint8Array, length: number, position: number): Promise<void> {
    if (this.#dirty + length > DIRTY_BYTES_MAX) await this.#syncing;
    if (this.#dirty + length > DIRTY_BYTES_MAX) await this.#sync();
    await this.#file.write(buffer, 0, length, position);
    this.#dirty += length;
    if (this.#dirty < SYNC_BYTES || this.#isSyncing) return;
    this.#syncing = this.#sync();
    this.#syncing.catch(() => {}); // told by who needs it to be done
  }

  /** What is written by now is clean once this resolves. */
  async #sync(): Promise<void> {
    const covered = this.#dirty;
    this.#isSyncing = true;
    await this.#file.datasync();
    this.#isSyncing = false;
    this.#dirty -= covered;
  }
}
