/**
 * Which revision a restore goes back to. A state is told by the newest record of each key up to
 * a revision; a batch is in it whole or not at all; and merges have left what is needed for that
 * from `historyFloor` on.
 */

import { CaskError } from '../../errors/cask-error.ts';
import { segmentName } from '../format/file-names.ts';
import { historyFloorTimeOf, type ManifestSegment } from '../format/manifest.ts';
import { FLAG_BATCH_CONTINUES, type RecordView } from '../format/record.ts';
import { SEGMENT_HEADER_BYTES } from '../format/segment-header.ts';
import { SegmentScanner, STEP_END, STEP_MORE, STEP_RECORD } from '../log/segment-scanner.ts';
import { readHintHeader } from './manifest-rebuild.ts';
import type { Examination } from './offline-directory.ts';
import type { BackupSource, RestorePoint } from './restore-source.ts';

/** @throws CaskError BELOW_HISTORY_FLOOR, INVALID_OPTION, CORRUPT, CANCELLED */
export async function revisionOf(
  examination: Examination,
  source: BackupSource,
  { toRevision, toTime }: RestorePoint,
): Promise<number> {
  const { revision: newest, time: end } = source.list;
  if (toTime !== undefined) {
    if (toTime > end) {
      throw beyond(source, `at ${timeText(toTime)}`, `ends at ${timeText(end)}`);
    }
    return atTime(examination, source, toTime);
  }
  if (toRevision === undefined || toRevision === newest) return newest;
  if (toRevision > newest) {
    throw beyond(source, `at revision ${toRevision}`, `ends at revision ${newest}`);
  }
  if (toRevision < source.manifest.historyFloor) {
    throw belowFloor(source, `at revision ${toRevision}`);
  }
  const whole = await beforeCutBatch(examination, source, toRevision);
  if (whole < source.manifest.historyFloor) throw belowFloor(source, `at revision ${whole}`);
  return whole;
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

function beyond({ path }: BackupSource, asked: string, end: string): CaskError {
  const message = `${path} does not have the state ${asked}: it ${end}; take a later backup`;
  return new CaskError('INVALID_OPTION', message);
}

function belowFloor({ path, manifest }: BackupSource, asked: string): CaskError {
  const { historyFloor } = manifest;
  const time = historyFloorTimeOf(manifest);
  const since = time === 0 ? '' : ` (${timeText(time)})`;
  const floor = `it goes back to revision ${historyFloor}${since}`;
  const message = `${path} cannot tell the state ${asked}: ${floor}, since merges dropped what was superseded before; take an earlier backup, and keep more with retainHistoryMs`;
  const details = { historyFloor, historyFloorTime: time };
  return new CaskError('BELOW_HISTORY_FLOOR', message, { details });
}

/** Times ascend with sequences: the last record of that time or before says it. */
async function atTime(
  examination: Examination,
  source: BackupSource,
  time: number,
): Promise<number> {
  const { manifest, path } = source;
  let revision = 0;
  for (const segment of manifest.segments) {
    if (segment.last <= revision) continue;
    const hint = await readHintHeader({ ...examination, directory: path }, segment.id);
    if (hint !== undefined && hint.latestUpdatedAt <= time) {
      revision = segment.last;
      continue;
    }
    await eachHead(examination, path, segment, ({ updatedAt, sequence }) => {
      if (updatedAt <= time) revision = Math.max(revision, sequence);
    });
  }
  const floorTime = historyFloorTimeOf(manifest);
  if (floorTime > 0 && time >= floorTime) revision = Math.max(revision, manifest.historyFloor);
  if (revision < manifest.historyFloor) throw belowFloor(source, `at ${timeText(time)}`);
  return revision;
}

/** The revision; if it lies within a batch, that before the batch. */
async function beforeCutBatch(
  examination: Examination,
  { manifest, path }: BackupSource,
  revision: number,
): Promise<number> {
  const within = ({ kind, min, last }: ManifestSegment): boolean =>
    kind === 'log' && min <= revision && revision < last;
  const segment = manifest.segments.find(within);
  if (segment === undefined) return revision;
  let isInBatch = false;
  let batchStart = 0;
  let whole = revision;
  await eachHead(examination, path, segment, ({ sequence, flags }) => {
    if (!isInBatch) batchStart = sequence;
    isInBatch = (flags & FLAG_BATCH_CONTINUES) !== 0;
    if (sequence === revision && isInBatch) whole = batchStart - 1;
  });
  return whole;
}

/** @throws CaskError CORRUPT where a record cannot be read; CANCELLED */
async function eachHead(
  { environment, signal }: Examination,
  path: string,
  segment: ManifestSegment,
  take: (view: RecordView) => void,
): Promise<void> {
  const name = segmentName(segment.kind, segment.id);
  const file = await environment.fs.open(`${path}/${name}`, 'read');
  try {
    const range = { start: SEGMENT_HEADER_BYTES, end: segment.bytes, withValues: false };
    const scanner = new SegmentScanner(file, segment.salt, range);
    for (;;) {
      const step = scanner.step();
      if (step === STEP_END) return;
      if (step === STEP_RECORD) {
        take(scanner.view);
        continue;
      }
      if (signal?.aborted) throw new CaskError('CANCELLED', 'cancelled');
      if (step !== STEP_MORE) {
        throw new CaskError('CORRUPT', `${path}/${name} is damaged at offset ${scanner.offset}`);
      }
      await scanner.fill();
    }
  } finally {
    await file.close();
  }
}
