/** What the connections of Redis clients share, beyond what all connections do. */

import type { ScanCursors } from './scan-cursors.ts';
import type { ContendedTurn } from './transact.ts';

/** Counters as they were at CONFIG RESETSTAT. */
export interface Baseline {
  readonly connectionsAccepted: number;
  readonly requests: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface RespServer {
  readonly cursors: ScanCursors;
  readonly turn: ContendedTurn;
  /** Where clients connect. */
  readonly port: number;
  /** Stops the daemon; undefined: there is none. */
  readonly shutdown: (() => void) | undefined;
  /** When SAVE or BGSAVE was done last, ms since 1970; the start before that. */
  savedAt: number;
  isSaving: boolean;
  baseline: Baseline;
}
