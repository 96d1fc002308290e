/** What the engine and a backup job say to each other. Plain data: it is cloned. */

import type { BackupFacts } from '../format/backup-list.ts';
import type { Manifest } from '../format/manifest.ts';
import type { CheckedSegment } from '../scrub/record-check.ts';

export interface BackupJobInput {
  /** The store's. */
  readonly directory: string;
  /** Where backups are kept; it exists, and nobody else writes to it meanwhile. */
  readonly target: string;
  /** Of this one, within `target`. */
  readonly name: string;
  readonly segments: readonly CheckedSegment[];
  /** What the store consists of, at this moment. */
  readonly manifest: Manifest;
  readonly facts: Omit<BackupFacts, 'isLinked' | 'damaged'>;
  /** Segments that are known to be damaged. */
  readonly damaged: readonly number[];
  /** No file may be one of the store's under a second name. */
  readonly copies: boolean;
  /** Earlier backups are of no use: every file is taken from the store. */
  readonly full: boolean;
  /** Complete backups of this store that stay, this one included; 0: all. */
  readonly keep: number;
  /** 0: no limit. */
  readonly bytesPerSecond: number;
}

/** The files of the segment are in the backup: the store's own are needed no more. */
export interface SegmentPlaced {
  readonly type: 'placed';
  readonly segment: number;
}

export interface BackupProgress {
  readonly type: 'progress';
  readonly bytesDone: number;
}

/** The last message of a backup job. */
export interface BackupJobResult {
  readonly type: 'backed-up';
  readonly files: number;
  readonly bytes: number;
  /** What was copied; all else has a second name. */
  readonly bytesCopied: number;
  /** What an earlier backup had already. */
  readonly bytesReused: number;
  /** Segments with damage, known before or found now. */
  readonly damaged: readonly number[];
  /** Found now. */
  readonly damage: Manifest['damage'];
  /** Names of older backups that were removed. */
  readonly removed: readonly string[];
}

export type BackupJobMessage = SegmentPlaced | BackupProgress | BackupJobResult;
