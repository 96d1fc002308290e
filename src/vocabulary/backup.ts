/** What is asked of a backup, and what became of it. */

export interface BackupRequest {
  /** Where backups are kept. A client leaves it out for the server's `backupDirectory`. */
  readonly directory?: string | undefined;
  /** Complete backups of this store that stay, this one included. @default all */
  readonly keep?: number | undefined;
  /** Copies every file, where a second name of the store's file would do. @default false */
  readonly copies?: boolean | undefined;
  /** Takes nothing from the backup before. @default false */
  readonly full?: boolean | undefined;
}

export interface BackupResult {
  /** Of the backup, on the server's machine. */
  readonly path: string;
  /** It holds the state at this revision. */
  readonly revision: number;
  /** Engine time of that state, ms since 1970. */
  readonly time: number;
  /** The states from this revision on can be restored from it. */
  readonly historyFloor: number;
  readonly files: number;
  readonly bytes: number;
  /** What was copied; all else has a second name. */
  readonly bytesCopied: number;
  /** Taken from the backup before. */
  readonly bytesReused: number;
  /** Segments with damage: what is damaged in the store is so in the backup. */
  readonly damaged: readonly number[];
  /** Names of older backups that were removed, as `keep` asked. */
  readonly removed: readonly string[];
  readonly ms: number;
}
