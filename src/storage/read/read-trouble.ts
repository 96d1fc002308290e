/**
 * Reads that found damage or that the system refused: all are counted, and told in the log, one
 * line a second at most, because a damaged key may be asked for thousands of times.
 */

import type { Clock } from '../disk/environment.ts';
import type { Segment } from '../log/segment.ts';
import type { StoreLogger } from '../store-options.ts';

const TELL_INTERVAL_MS = 1000;

export class ReadTrouble {
  /** Records that failed their checksum, counted by read. */
  corrupt = 0;
  /** Reads that the system answered with an error. */
  failed = 0;
  readonly #clock: Clock;
  readonly #logger: StoreLogger;
  #quietUntilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, logger: StoreLogger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  noteCorrupt({ id }: Segment, offset: number, bytes: number): void {
    this.corrupt += 1;
    if (!this.#mayTell()) return;
    this.#logger('error', 'record-damaged', { segment: id, offset, bytes, reads: this.corrupt });
  }

  noteFailed({ id }: Segment, offset: number, reason: string): void {
    this.failed += 1;
    if (!this.#mayTell()) return;
    this.#logger('error', 'read-failed', { segment: id, offset, reason, reads: this.failed });
  }

  #mayTell(): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#quietUntilMs) return false;
    this.#quietUntilMs = nowMs + TELL_INTERVAL_MS;
    return true;
  }
}
