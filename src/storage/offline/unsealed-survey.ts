/** Where the log of an unclean store ends, found out without changing anything. */

import { segmentName } from '../format/file-names.ts';
import type { Manifest, ManifestSegment } from '../format/manifest.ts';
import { RECORD_HEADER_BYTES } from '../format/record.ts';
import { type Survey, surveySegment } from '../recovery/segment-survey.ts';
import { lastSequenceOf } from '../recovery/unsealed-recovery.ts';
import type { Examination } from './offline-directory.ts';
import { TolerantFile } from './tolerant-file.ts';

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
  examination: Pick<Examination, 'environment' | 'directory'>,
  manifest: Manifest,
): Promise<Map<number, SurveyedSegment>> {
  const { environment, directory } = examination;
  const sealed = manifest.segments.filter((segment) => segment.state === 'sealed');
  const known = lastSequenceOf({ ...manifest, segments: sealed });
  const sizes = new Map<ManifestSegment, number>();
  for (const segment of manifest.segments) {
    if (segment.state === 'sealed') continue;
    const bytes = await environment.fs.sizeOf(`${directory}/${segmentName('log', segment.id)}`);
    if (bytes !== undefined) sizes.set(segment, bytes);
  }
  const roomBytes = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  const surveyed = new Map<number, SurveyedSegment>();
  let nextFirstSequence: number | undefined;
  for (const [segment, fileBytes] of [...sizes].toReversed()) {
    const path = `${directory}/${segmentName('log', segment.id)}`;
    const file = await TolerantFile.open(environment.fs, path);
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
