/** What the offline tools have to say, one thing at a time: a stream of findings. */

import type { RecordTypeName } from '../format/record.ts';

/**
 * - `damage`: something is not as it was written
 * - `info`: worth knowing, and in order
 * - `done`: what repair changed
 */
export type FindingLevel = 'damage' | 'info' | 'done';

/** Stable names, for scripts: never rename one. docs/offline.md says what each means. */
export type FindingKind =
  | 'manifest-missing'
  | 'manifest-damaged'
  | 'segment-missing'
  | 'segment-unusable'
  | 'segment-header-damaged'
  | 'segment-too-short'
  | 'segment-facts-differ'
  | 'records-unreadable'
  | 'read-error'
  | 'value-damaged'
  | 'record-lost'
  | 'sequence-gap'
  | 'sequence-wrong'
  | 'batch-incomplete'
  | 'damage-listed'
  | 'hint-damaged'
  | 'hint-disagrees'
  | 'hint-missing'
  | 'segment-too-long'
  | 'log-end'
  | 'rename-pending'
  | 'leftover'
  | 'unlisted-segment'
  | 'backup-list-damaged'
  | 'backup-file-differs'
  | 'kept-file'
  | 'foreign-file'
  | 'segment-replaced'
  | 'segment-copied'
  | 'segment-dropped'
  | 'log-recovered'
  | 'quarantined'
  | 'hint-removed'
  | 'damage-cleared'
  | 'manifest-rebuilt'
  | 'manifest-written';

export interface Finding {
  readonly level: FindingLevel;
  readonly kind: FindingKind;
  /** A sentence for people; it does not repeat the facts below. */
  readonly message: string;
  /** Name of the file within the directory. */
  readonly file?: string;
  readonly segment?: number;
  /** A stretch of that file. */
  readonly offset?: number;
  readonly bytes?: number;
  /** The record, as far as it is known. */
  readonly type?: RecordTypeName;
  readonly key?: Uint8Array;
  readonly firstSequence?: number;
  readonly lastSequence?: number;
}

/** Takes findings as they come; a promise slows the check down to the speed of its reader. */
export type FindingSink = (finding: Finding) => Promise<void> | void;

/** A stretch of sequences, if the two numbers make one. */
export function sequences(
  first: number,
  last: number,
): Pick<Finding, 'firstSequence' | 'lastSequence'> {
  return first > 0 && last >= first ? { firstSequence: first, lastSequence: last } : {};
}
