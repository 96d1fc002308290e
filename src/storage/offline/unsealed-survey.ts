/** Where the log of an unclean store ends, found out without changing anything. */

import { segmentName } from '../format/file-names.ts';
import type { Manifest, ManifestSegment } from '../format/manifest.ts';
import { RECORD_HEADER_BYTES } from '../format/record.ts';
import { SEGMENT_HEADER_BYTES } from '../format/segment-header.ts';
import { searchRecords } from '../recovery/record-search.ts';
import { type Survey, surveySegment } from '../recovery/segment-survey.ts';
import { TolerantFile } from '../recovery/tolerant-file.ts';
import { lastSequenceOf } from '../recovery/unsealed-recovery.ts';
import type { Examination } from './offline-directory.ts';

type Place = Pick<Examination, 'environment' | 'directory'>;

export interface SurveyedSegment {
  readonly segment: ManifestSegment;
  readonly survey: Survey;
  readonly fileBytes: number;
}

/**
 * Surveys every unsealed segment whose file is there, as the next start will: from the newest to
 * the oldest, since whether a segment is followed by records decides how it is read.
 */
export async function surveyUnsealed(
  place: Place,
  given: Manifest,
): Promise<Map<number, SurveyedSegment>> {
  const manifest = await withoutMissing(place, given);
  const known = knownSequence(manifest);
  const sizes = await sizesOfUnsealed(place, manifest);
  const roomBytes = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  const surveyed = new Map<number, SurveyedSegment>();
  let nextFirstSequence: number | undefined;
  for (const [segment, fileBytes] of [...sizes].toReversed()) {
    const file = await openSegment(place, segment);
    try {
      const survey = await surveySegment({
        file,
        segmentId: segment.id,
        salt: segment.salt,
        fileBytes,
        sequenceMin: known + 1,
        sequenceMax: known + Math.ceil(roomBytes / RECORD_HEADER_BYTES),
        nextFirstSequence,
      });
      surveyed.set(segment.id, { segment, survey, fileBytes });
      if (survey.first > 0) nextFirstSequence = survey.first;
    } finally {
      await file.close();
    }
  }
  return surveyed;
}

/**
 * The manifest without unsealed segments whose file is missing. What they held counts as known,
 * so that the records behind it are not taken for impossible ones.
 */
export async function withoutMissing(place: Place, manifest: Manifest): Promise<Manifest> {
  const sizes = await sizesOfUnsealed(place, manifest);
  const segments = manifest.segments.filter(
    (segment) => segment.state === 'sealed' || sizes.has(segment),
  );
  if (segments.length === manifest.segments.length) return manifest;
  const gone = manifest.segments.filter((segment) => !segments.includes(segment));
  let lastSequence = Math.max(manifest.lastSequence, ...gone.map(({ last }) => last));
  for (const [segment, fileBytes] of sizes) {
    const first = await firstSequence(place, segment, fileBytes);
    if (first === 0) continue;
    lastSequence = Math.max(lastSequence, first - 1);
    break;
  }
  return { ...manifest, segments, lastSequence };
}

function knownSequence(manifest: Manifest): number {
  const sealed = manifest.segments.filter((segment) => segment.state === 'sealed');
  return lastSequenceOf({ ...manifest, segments: sealed });
}

/** The unsealed segments that have a file, in the order of their ids, and its length. */
async function sizesOfUnsealed(
  { environment, directory }: Place,
  manifest: Manifest,
): Promise<Map<ManifestSegment, number>> {
  const sizes = new Map<ManifestSegment, number>();
  for (const segment of manifest.segments) {
    if (segment.state === 'sealed') continue;
    const bytes = await environment.fs.sizeOf(`${directory}/${segmentName('log', segment.id)}`);
    if (bytes !== undefined) sizes.set(segment, bytes);
  }
  return sizes;
}

/** Of the first record that can be read; 0: none can. */
async function firstSequence(
  place: Place,
  segment: ManifestSegment,
  fileBytes: number,
): Promise<number> {
  const file = await openSegment(place, segment);
  let first = 0;
  try {
    const range = {
      start: SEGMENT_HEADER_BYTES,
      end: fileBytes,
      sequenceMin: 1,
      sequenceMax: () => Number.MAX_SAFE_INTEGER,
    };
    await searchRecords(file, segment.salt, range, (_offset, view) => {
      first = view.sequence;
      return false;
    });
  } finally {
    await file.close();
  }
  return first;
}

function openSegment({ environment, directory }: Place, { id }: ManifestSegment) {
  return TolerantFile.open(environment.fs, `${directory}/${segmentName('log', id)}`);
}
