/** `caskctl verify`: reads a whole store that nobody has open, and says what is wrong with it. */

import type { Environment } from '../disk/environment.ts';
import { createNodeEnvironment } from '../disk/node-environment.ts';
import { examineStore, type StoreExamination } from './examine-store.ts';
import type { FindingSink } from './finding.ts';
import { type Examination, withLock } from './offline-directory.ts';

export interface OfflineOptions {
  readonly directory: string;
  readonly report: FindingSink;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytesDone: number, bytesTotal: number) => void) | undefined;
  /** @default the real world */
  readonly environment?: Environment;
}

export interface VerifySummary {
  /** Nothing is damaged. */
  readonly clean: boolean;
  /** The store was closed, so that the next start has nothing to recover. */
  readonly closed: boolean;
  readonly segments: number;
  readonly records: number;
  readonly bytes: number;
  /** Findings of level `damage`. */
  readonly damaged: number;
  /** Stretches that hold no readable record. */
  readonly lostRanges: number;
  /** Keys whose newest record of a segment is lost, as far as they are known. */
  readonly lostKeys: number;
}

/**
 * @throws CaskError DIRECTORY_MISSING, NOT_A_STORE, NOT_WRITABLE, LOCKED, LOCK_UNAVAILABLE,
 * UNSUPPORTED_FORMAT, CANCELLED; system errors as they are
 */
export async function verifyStore(options: OfflineOptions): Promise<VerifySummary> {
  let damaged = 0;
  const examination = examinationOf(options, (finding) => {
    if (finding.level === 'damage') damaged += 1;
    return options.report(finding);
  });
  const found = await withLock(examination, () => examineStore(examination));
  return summaryOf(found, damaged);
}

export function examinationOf(options: OfflineOptions, report: FindingSink): Examination {
  const { directory, signal, onProgress, environment = createNodeEnvironment() } = options;
  return { environment, directory, report, signal, onProgress };
}

export function summaryOf(found: StoreExamination, damaged: number): VerifySummary {
  const { checks, manifest } = found;
  const sum = (figure: (check: (typeof checks)[number]) => number): number =>
    checks.reduce((total, check) => total + figure(check), 0);
  return {
    clean: damaged === 0,
    closed: manifest.segments.every((segment) => segment.state === 'sealed'),
    segments: checks.length,
    records: sum((check) => check.records),
    bytes: sum((check) => check.bytes),
    damaged,
    lostRanges: sum((check) => check.lost.unreadableCount),
    lostKeys: sum((check) => check.lostKeys),
  };
}
