/** What the engine and its background jobs say to each other. Plain data: it is cloned. */

import type { SegmentKind } from '../format/file-names.ts';

/** A sealed segment as a job needs to know it. */
export interface JobSegment {
  readonly id: number;
  readonly kind: SegmentKind;
  readonly salt: number;
  readonly bytes: number;
}

export interface HintJobInput {
  readonly directory: string;
  readonly uuid: Uint8Array;
  readonly segment: JobSegment;
}

/** The last message of a hint job. */
export interface HintJobResult {
  readonly type: 'hint-built';
  readonly hintBytes: number;
}

export interface MergeJobInput {
  readonly directory: string;
  readonly uuid: Uint8Array;
  readonly epoch: number;
  readonly segments: readonly JobSegment[];
  /** Outputs are rolled before they grow past this. */
  readonly segmentBytes: number;
  /** The time of the whole merge: what has expired by it becomes a tombstone. */
  readonly now: number;
  /** No surviving segment holds a lower sequence: tombstones at or below it may be dropped. */
  readonly survivorMin: number;
  /** Up to the horizon there is a clear with this sequence: what comes before it is void. */
  readonly clearedBelow: number;
  /** Every state from this sequence on is kept; all of the inputs lie below. */
  readonly horizon: number;
  /** Of what expired by this time, no touch but in the inputs and in `touched` can tell more. */
  readonly touchesKnownTo: number;
  /** While history is kept: other segments with touches. Their hints, or else they, tell them. */
  readonly touched: readonly JobSegment[];
  /** 0: no limit. */
  readonly bytesPerSecond: number;
}

/** The job asks which of these records are still current; see `verdicts.ts`. */
export interface VerdictRequest {
  readonly type: 'verdicts?';
  readonly count: number;
  readonly records: Uint8Array;
  /** Input bytes read so far. */
  readonly bytesDone: number;
}

export interface VerdictReply {
  readonly type: 'verdicts';
  readonly verdicts: Uint8Array;
  /** The touches that copies take in; see `verdicts.ts`. */
  readonly touches: Float64Array;
  /** The limit as it is now: it may have changed since the job began. */
  readonly bytesPerSecond: number;
}

/** The job asks for the name of a new output. */
export interface OutputRequest {
  readonly type: 'output?';
}

export interface OutputReply {
  readonly type: 'output';
  readonly id: number;
  readonly salt: number;
}

/** A merged segment, durable together with its hint, listed nowhere yet. */
export interface MergeOutput extends JobSegment {
  readonly records: number;
  readonly min: number;
  readonly last: number;
  readonly tombstoneBytes: number;
  readonly hintBytes: number;
  readonly latestUpdatedAt: number;
  readonly hasTouches: boolean;
}

/** An output of a merge, and how much of it is kept for history alone. */
export interface MergeJobOutput extends MergeOutput {
  readonly historyBytes: number;
}

/** The last message of a merge job. */
export interface MergeJobResult {
  readonly type: 'merged';
  readonly outputs: readonly MergeJobOutput[];
  /** Something superseded, a tombstone, or where a batch ends was left out. */
  readonly dropped: boolean;
}

export type MergeJobMessage = VerdictRequest | OutputRequest | MergeJobResult;
export type MergeEngineMessage = VerdictReply | OutputReply;
