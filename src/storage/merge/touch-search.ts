/** Which keys the touches of a segment are of: as its hint says, or, without one, the segment. */

import type { Environment } from '../disk/environment.ts';
import { hintName, segmentName } from '../format/file-names.ts';
import { HintReader } from '../format/hint-reader.ts';
import { SEGMENT_HEADER_BYTES } from '../format/segment-header.ts';
import { SegmentScanner, STEP_END, STEP_MORE, STEP_RECORD } from '../log/segment-scanner.ts';
import type { JobSegment } from './job-input.ts';

/** The directory and the UUID of its store. */
export interface SearchedStore {
  readonly environment: Environment;
  readonly directory: string;
  readonly uuid: Uint8Array;
}

/** Is told the sequence of a touch, and its key. */
export type TouchVisitor = (
  sequence: number,
  buffer: Uint8Array,
  keyStart: number,
  keyBytes: number,
) => void;

/** False: not all of them could be read; a damaged segment is for others to tell of. */
export async function eachTouch(
  store: SearchedStore,
  segment: JobSegment,
  visit: TouchVisitor,
): Promise<boolean> {
  return (await byHint(store, segment, visit)) || (await byScan(store, segment, visit));
}

async function byHint(
  { environment, directory, uuid }: SearchedStore,
  { id: segmentId, salt, bytes: segmentBytes }: JobSegment,
  visit: TouchVisitor,
): Promise<boolean> {
  const path = `${directory}/${hintName(segmentId)}`;
  let reader: HintReader | undefined;
  try {
    reader = await HintReader.open(environment.fs, path, { uuid, segmentId, salt, segmentBytes });
    for (;;) {
      const block = await reader.nextBlock();
      if (block === undefined) return true;
      while (block.next()) {
        const { valueSequence, sequence, keyBuffer, keyStart, keyBytes } = block;
        if (valueSequence > 0) visit(sequence, keyBuffer, keyStart, keyBytes);
      }
    }
  } catch {
    return false;
  } finally {
    await reader?.close();
  }
}

async function byScan(
  { environment, directory }: SearchedStore,
  { kind, id, salt, bytes: end }: JobSegment,
  visit: TouchVisitor,
): Promise<boolean> {
  const path = `${directory}/${segmentName(kind, id)}`;
  const file = await environment.fs.open(path, 'read').catch(() => undefined);
  if (file === undefined) return false;
  try {
    const range = { start: SEGMENT_HEADER_BYTES, end, withValues: false };
    const scanner = new SegmentScanner(file, salt, range);
    for (;;) {
      const step = scanner.step();
      if (step === STEP_END) return true;
      if (step === STEP_MORE) await scanner.fill();
      else if (step !== STEP_RECORD) return false;
      else if (scanner.view.valueSequence > 0) visitView(scanner, visit);
    }
  } catch {
    return false;
  } finally {
    await file.close();
  }
}

function visitView({ view, buffer }: SegmentScanner, visit: TouchVisitor): void {
  visit(view.sequence, buffer, view.keyStart, view.keyBytes);
}
