/**
 * Writes many records with a bounded number in flight, in the order given.
 *
 * Records travel in chunks; every record of a chunk is a pipelined put. When a chunk fails for a
 * reason that passes (server busy, connection lost), the window is played again from that chunk
 * on, in order ("go back N"): a record that was applied already is written once more, which an
 * import may do, and no older record ever lands after a newer one of the same key.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { type CaskError, toCaskError } from '../errors/cask-error.ts';
import type { ErrorCode } from '../errors/error-codes.ts';
import type { ShellClient } from './shell-client.ts';

export interface ImportRecord {
  /** Line of the file, for messages. */
  readonly line: number;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly ttlMs: number | undefined;
}

const CHUNK_RECORDS = 512;
const CHUNK_BYTES = 1024 * 1024;
/** Records and bytes on their way; one chunk is always allowed. */
const WINDOW_CHUNKS = 8;
const WINDOW_BYTES = 16 * 1024 * 1024;
const ATTEMPTS = 6;
const BACKOFF_MS = 100;

/** The record is wrong; the others are not. */
const RECORD_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BAD_REQUEST',
  'KEY_EMPTY',
  'KEY_TOO_LONG',
  'VALUE_TOO_LARGE',
  'BATCH_TOO_LARGE',
  'LIMIT_EXCEEDED',
  'INVALID_OPTION',
]);

/** Passing troubles that do not say "certainly not applied": here the write is simply repeated. */
const REPEATABLE_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['OUTCOME_UNKNOWN', 'TIMEOUT']);

interface Chunk {
  readonly records: ImportRecord[];
  bytes: number;
  /** One outcome per record; never rejects. */
  outcomes: Promise<(CaskError | undefined)[]>;
}

export interface WindowReport {
  /** A record was refused for good. */
  refused(record: ImportRecord, error: CaskError): void;
}

export class ImportWindow {
  readonly #client: ShellClient;
  readonly #report: WindowReport;
  readonly #backoffMs: number;
  /** Sent and not settled yet, oldest first. */
  readonly #flying: Chunk[] = [];
  #bytesFlying = 0;
  #gathering = newChunk();
  #written = 0;

  constructor(client: ShellClient, report: WindowReport, backoffMs: number = BACKOFF_MS) {
    this.#client = client;
    this.#report = report;
    this.#backoffMs = backoffMs;
  }

  /** Records written so far. */
  get written(): number {
    return this.#written;
  }

  /** Returns a promise when the window is full: wait for it before the next record. */
  add(record: ImportRecord): Promise<void> | undefined {
    const chunk = this.#gathering;
    chunk.records.push(record);
    chunk.bytes += record.key.length + record.value.length;
    if (chunk.records.length < CHUNK_RECORDS && chunk.bytes < CHUNK_BYTES) return undefined;
    return this.#sendGathered();
  }

  /** Resolves when everything is settled. Throws what no repetition mended. */
  async finish(): Promise<void> {
    if (this.#gathering.records.length > 0) await this.#sendGathered();
    while (this.#flying.length > 0) await this.#settleOldest();
  }

  async #sendGathered(): Promise<void> {
    const chunk = this.#gathering;
    this.#gathering = newChunk();
    this.#flying.push(chunk);
    this.#bytesFlying += chunk.bytes;
    this.#send(chunk);
    while (this.#flying.length > WINDOW_CHUNKS || this.#isOverBytes()) await this.#settleOldest();
  }

  #isOverBytes(): boolean {
    return this.#flying.length > 1 && this.#bytesFlying > WINDOW_BYTES;
  }

  #send(chunk: Chunk): void {
    chunk.outcomes = Promise.all(chunk.records.map((record) => putRecord(this.#client, record)));
  }

  async #settleOldest(): Promise<void> {
    const [chunk] = this.#flying;
    if (chunk === undefined) return;
    const outcomes = await this.#outcomesOf(chunk);
    this.#flying.shift();
    this.#bytesFlying -= chunk.bytes;
    for (const [index, record] of chunk.records.entries()) {
      const error = outcomes[index];
      if (error === undefined) this.#written += 1;
      else if (RECORD_CODES.has(error.code)) this.#report.refused(record, error);
      else throw error;
    }
  }

  /** The outcomes of the oldest chunk, after as many repetitions as it takes or are allowed. */
  async #outcomesOf(oldest: Chunk): Promise<(CaskError | undefined)[]> {
    for (let attempt = 1; ; attempt += 1) {
      const outcomes = await oldest.outcomes;
      if (!outcomes.some(isPassing) || attempt === ATTEMPTS) return outcomes;
      await Promise.all(this.#flying.map((chunk) => chunk.outcomes));
      await sleep(this.#backoffMs * 2 ** (attempt - 1));
      for (const chunk of this.#flying) this.#send(chunk);
    }
  }
}

function newChunk(): Chunk {
  return { records: [], bytes: 0, outcomes: Promise.resolve([]) };
}

async function putRecord(
  client: ShellClient,
  { key, value, ttlMs }: ImportRecord,
): Promise<CaskError | undefined> {
  try {
    await client.put(key, value, ttlMs === undefined ? {} : { ttlMs });
    return undefined;
  } catch (thrown) {
    return toCaskError(thrown);
  }
}

function isPassing(error: CaskError | undefined): boolean {
  return error !== undefined && (error.retryable || REPEATABLE_CODES.has(error.code));
}
