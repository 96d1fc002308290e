/** What the store is doing when it touches a file: for the figures, and to aim faults. */

import { basename } from 'node:path';

export type Phase = 'append' | 'roll' | 'merge' | 'recovery' | 'manifest';
export const PHASES: readonly Phase[] = ['append', 'roll', 'merge', 'recovery', 'manifest'];

export type OperationKind =
  | 'open'
  | 'create'
  | 'read'
  | 'write'
  | 'truncate'
  | 'sync'
  | 'close'
  | 'rename'
  | 'unlink'
  | 'link'
  | 'list'
  | 'stat'
  | 'syncDirectory'
  | 'makeDirectory'
  | 'removeDirectory'
  | 'lock';

/** What is known of an operation and of the state that the store is in. */
export interface OperationFacts {
  readonly kind: OperationKind;
  /** For `syncDirectory`: the file whose entry changed last. */
  readonly path: string;
  readonly offset: number;
  /** Length of the file before. */
  readonly fileBytes: number;
  readonly isOpening: boolean;
  readonly isMergedSegment: (id: number) => boolean;
}

const SEGMENT_HEADER_BYTES = 80;

export function phaseOf(facts: OperationFacts): Phase {
  if (facts.isOpening) return 'recovery';
  const name = basename(facts.path);
  if (name.startsWith('MANIFEST')) return 'manifest';
  const parts = /^seg-(\d+)\.(\w+)/.exec(name);
  if (parts === null) return 'append';
  const suffix = parts[2];
  if (suffix === 'merged') return 'merge';
  // A hint is built when its segment is sealed, or written by the merge.
  if (suffix === 'hint') return facts.isMergedSegment(Number(parts[1])) ? 'merge' : 'roll';
  if (facts.kind === 'unlink') return 'merge';
  const isRecord = facts.fileBytes > SEGMENT_HEADER_BYTES || facts.offset > 0;
  const isAppend = facts.kind === 'write' || facts.kind === 'sync' || facts.kind === 'read';
  return isAppend && isRecord ? 'append' : 'roll';
}
