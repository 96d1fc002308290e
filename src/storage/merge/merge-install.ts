/**
 * After the manifest says so: points the keydir at the copies, where it still points at what
 * was copied (rule 24), and removes what expired. Works from the outputs' hints, in slices.
 */

import { type Environment, nextTurn } from '../disk/environment.ts';
import { HintReader } from '../format/hint-reader.ts';
import { RECORD_DELETE } from '../format/record.ts';
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
        if (block.type === RECORD_DELETE) buryEntry(keydir, catalog, block);
        else moveEntry(keydir, catalog, output, block);
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
  keyBuffer: Uint8Array;
  keyStart: number;
  keyBytes: number;
  sequence: number;
  offset: number;
  recordBytes: number;
}>;

function moveEntry(keydir: Keydir, catalog: SegmentCatalog, output: Segment, entry: Entry): void {
  const { keyBuffer, keyStart, keyBytes, sequence, offset, recordBytes } = entry;
  const ref = keydir.find(keyBuffer, keyStart, keyBytes);
  if (ref === 0 || keydir.sequence(ref) !== sequence) return;
  catalog.subtractLive(keydir.segmentSlot(ref), keydir.recordBytes(ref));
  keydir.relocate(keyBuffer, keyStart, keyBytes, sequence, output.slot, offset, recordBytes);
  output.liveBytes += recordBytes;
}

/** The copy is a tombstone: of a key that is gone already, or of one that expired. */
function buryEntry(keydir: Keydir, catalog: SegmentCatalog, entry: Entry): void {
  const { keyBuffer, keyStart, keyBytes, sequence } = entry;
  if (!keydir.removeIfSequence(keyBuffer, keyStart, keyBytes, sequence)) return;
  catalog.subtractLive(keydir.previousSlot, keydir.previousRecordBytes);
}
