/**
 * After the manifest says so: points the keydir at the copies, where it still points at what
 * was copied (rule 24), and removes what expired. Works from the outputs' hints, in slices.
 */

import { type Environment, nextTurn } from '../disk/environment.ts';
import { HintReader } from '../format/hint-reader.ts';
import { RECORD_DELETE, RECORD_PUT, RECORD_TOUCH } from '../format/record.ts';
import type { Keydir } from '../keydir/keydir.ts';
import type { Segment } from '../log/segment.ts';
import type { SegmentCatalog } from '../log/segment-catalog.ts';
import type { SegmentFiles } from '../log/segment-files.ts';

const SLICE_MS = 2;
const LOOK_ENTRIES = 64;

export interface InstallParts {
  readonly environment: Environment;
  readonly catalog: SegmentCatalog;
  readonly files: SegmentFiles;
  readonly keydir: Keydir;
  readonly uuid: Uint8Array;
}

export async function installOutput(parts: InstallParts, output: Segment): Promise<void> {
  const { environment, files, keydir, catalog, uuid } = parts;
  const { clock, scheduler } = environment;
  const { id: segmentId, salt, bytes: segmentBytes } = output;
  const binding = { uuid, segmentId, salt, segmentBytes };
  const reader = await HintReader.open(environment.fs, files.hintPathOf(output), binding);
  try {
    let deadline = clock.monotonicMs() + SLICE_MS;
    let sinceLook = 0;
    for (;;) {
      const block = await reader.nextBlock();
      if (block === undefined) return;
      while (block.next()) {
        install(keydir, catalog, output, block);
        sinceLook += 1;
        if (sinceLook < LOOK_ENTRIES) continue;
        sinceLook = 0;
        if (clock.monotonicMs() < deadline) continue;
        await nextTurn(scheduler);
        deadline = clock.monotonicMs() + SLICE_MS;
      }
    }
  } finally {
    await reader.close();
  }
}

type Entry = Readonly<{
  type: number;
  keyBuffer: Uint8Array;
  keyStart: number;
  keyBytes: number;
  sequence: number;
  offset: number;
  recordBytes: number;
  expiresAt: number;
}>;

function install(keydir: Keydir, catalog: SegmentCatalog, output: Segment, entry: Entry): void {
  const { type, keyBuffer, keyStart, keyBytes, sequence, offset, recordBytes, expiresAt } = entry;
  const key = [keyBuffer, keyStart, keyBytes, sequence] as const;
  if (type === RECORD_PUT || type === RECORD_TOUCH) {
    const place = [output.slot, offset, recordBytes] as const;
    const isMoved =
      type === RECORD_PUT
        ? keydir.relocate(...key, ...place) || keydir.relocateTouched(...key, ...place, expiresAt)
        : keydir.relocateTouch(...key, ...place);
    if (!isMoved) return;
    output.liveBytes += recordBytes;
    catalog.subtractDisplaced(keydir);
  } else if (type === RECORD_DELETE && keydir.removeIfSequence(...key)) {
    // The copy is a tombstone: of a key that is gone already, or of one that expired.
    catalog.subtractDisplaced(keydir);
  }
}
