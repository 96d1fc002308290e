/** The offline tools: what `caskctl verify`, `repair` and `dump-segment` do. */

export { type CompactOptions, type CompactSummary, compactStore } from './compact.ts';
export {
  type DumpedHeader,
  type DumpedRecord,
  type DumpedStretch,
  type DumpOptions,
  type DumpVisitor,
  dumpSegment,
} from './dump-segment.ts';
export type { Finding, FindingKind, FindingLevel, FindingSink } from './finding.ts';
export { type CopyOptions, type CopySummary, copyStore } from './repair-copy.ts';
export { type RepairOptions, type RepairSummary, repairInPlace } from './repair-in-place.ts';
export { type RestoreOptions, type RestoreSummary, restoreStore } from './restore.ts';
export type { RestorePoint } from './restore-source.ts';
export { type OfflineOptions, type VerifySummary, verifyStore } from './verify.ts';
