/**
 * A segment as the engine knows it: what the manifest says of it, and how many of its bytes are
 * live. One object per segment, never per key.
 */

export type SegmentKind = 'log' | 'merged';

/**
 * - `planned`: known in memory only; its file is being created
 * - `prepared`: listed and durable, no record yet
 * - `open`: records are, or were when we died, appended
 * - `sealed`: complete; `bytes` is exact and durable
 * - `obsolete`: merged away; readable until unpinned, then unlinked
 */
export type SegmentState = 'planned' | 'prepared' | 'open' | 'sealed' | 'obsolete';

export class Segment {
  readonly id: number;
  readonly kind: SegmentKind;
  /** Index in the catalogue; what the keydir stores. Reused after the segment is gone. */
  readonly slot: number;
  readonly salt: number;
  state: SegmentState;
  /** Sequence of the first record of a log segment; 0 while there is none. */
  base = 0;
  /** Highest sequence present; 0 while there is none. */
  last = 0;
  /** Lowest sequence present, dead and damaged records included; 0 while there is none. */
  min = 0;
  /** End of the last record: what is written, header included. */
  bytes: number;
  records = 0;
  /** Bytes of records that the keydir points at. */
  liveBytes = 0;
  /** Bytes of tombstones in it. Counted as dead, but a merge may have to keep them. */
  tombstoneBytes = 0;
  hintBytes = 0;
  /** The time of its last record; until it is known, any time. */
  latestUpdatedAt = Number.MAX_SAFE_INTEGER;
  /** Whether touches are in it; `unseen`: none but such as a later record in it supersedes. */
  touches: 'none' | 'unseen' | 'some' = 'none';
  /** Bytes of dead records that a merge kept for the sake of history. */
  historyBytes = 0;
  /** Once every write up to this sequence is older than the retention, they may go. */
  historyUntil = 0;
  /** Length of the file beyond `bytes`, extended ahead of the log. */
  preallocatedBytes = 0;
  /** It has quarantined ranges or failed to be read: merges leave it alone. */
  damaged = false;
  /** A merge is reading it. */
  merging = false;
  /** Readers, pages and backups that need the file. */
  pins = 0;

  constructor(facts: {
    readonly id: number;
    readonly kind: SegmentKind;
    readonly slot: number;
    readonly salt: number;
    readonly state: SegmentState;
    readonly bytes: number;
  }) {
    this.id = facts.id;
    this.kind = facts.kind;
    this.slot = facts.slot;
    this.salt = facts.salt;
    this.state = facts.state;
    this.bytes = facts.bytes;
  }

  get deadBytes(): number {
    return this.bytes - this.liveBytes;
  }

  /** Takes note of a record that is being appended. */
  addRecord(sequence: number, end: number): void {
    if (this.records === 0) {
      this.base = sequence;
      this.min = sequence;
    }
    this.last = sequence;
    this.records += 1;
    this.bytes = end;
  }
}
