/** What a scrub is asked for, and what it has found. */

export interface ScrubResult {
  /** Segments read, and their bytes. */
  readonly segments: number;
  readonly bytes: number;
  /** Ids of segments in which damage was found. */
  readonly damaged: readonly number[];
  /** Hints that were wrong, and are written anew. */
  readonly hintsRejected: number;
  readonly ms: number;
}

export interface ScrubStatus {
  readonly running: boolean;
  /** Of the scrub that runs. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** Scrubs that came to their end since the start, and those that did not. */
  readonly runs: number;
  readonly failures: number;
  /** In all of them. */
  readonly bytesRead: number;
  readonly damagedSegments: number;
  readonly lastError: string | null;
  /** When the last one ended, ms since 1970, over restarts; null: there was none. */
  readonly lastEndedAt: number | null;
  /** When the next one begins by itself; null: none does. */
  readonly nextAt: number | null;
}
