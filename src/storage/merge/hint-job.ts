/** Builds the hint of a sealed segment by scanning it. A function over the seam. */

import { CaskError } from '../../errors/cask-error.ts';
import type { Environment, JobPort } from '../disk/environment.ts';
import { segmentName } from '../format/file-names.ts';
import { writeHint } from '../format/hint-writer.ts';
import { SEGMENT_HEADER_BYTES } from '../format/segment-header.ts';
import { SegmentScanner, STEP_END, STEP_MORE, STEP_RECORD } from '../log/segment-scanner.ts';
import { HintCollector } from './hint-collector.ts';
import type { HintJobInput, HintJobResult } from './job-input.ts';

/** @throws CaskError CORRUPT when the segment is damaged: it gets no hint then */
export async function runHintJob(
  environment: Environment,
  port: JobPort,
  input: HintJobInput,
): Promise<void> {
  const { directory, uuid, segment } = input;
  const collector = await collect(environment, input);
  const facts = {
    uuid,
    segmentId: segment.id,
    salt: segment.salt,
    segmentBytes: segment.bytes,
    lowestSequence: collector.lowestSequence,
    highestSequence: collector.highestSequence,
    latestUpdatedAt: collector.latestUpdatedAt,
    tombstoneBytes: collector.tombstoneBytes,
  };
  const header = await writeHint(environment.fs, directory, facts, collector.sorted());
  const result: HintJobResult = { type: 'hint-built', hintBytes: header.fileBytes };
  port.post({ ...result });
}

async function collect(environment: Environment, input: HintJobInput): Promise<HintCollector> {
  const { directory, segment } = input;
  const path = `${directory}/${segmentName(segment.kind, segment.id)}`;
  const file = await environment.fs.open(path, 'read');
  try {
    const range = { start: SEGMENT_HEADER_BYTES, end: segment.bytes, withValues: false };
    const scanner = new SegmentScanner(file, segment.salt, range);
    const collector = new HintCollector();
    for (;;) {
      const step = scanner.step();
      if (step === STEP_END) return collector;
      if (step === STEP_MORE) await scanner.fill();
      else if (step === STEP_RECORD) collector.add(scanner.buffer, scanner.view, scanner.offset);
      else throw damaged(segment.id, scanner.offset);
    }
  } finally {
    await file.close();
  }
}

export function damaged(segmentId: number, offset: number): CaskError {
  const message = `segment ${segmentId} is damaged at offset ${offset}`;
  return new CaskError('CORRUPT', message, { details: { segment: segmentId, offset } });
}
