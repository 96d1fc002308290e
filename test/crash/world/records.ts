/** The records of a directory, as they lie in its segments. */

import { segmentName } from '../../../src/storage/format/file-names.ts';
import type { RecordTypeName } from '../../../src/storage/format/record.ts';
import { dumpSegment } from '../../../src/storage/offline/index.ts';
import { manifestOf } from './inspect.ts';

export interface Kept {
  readonly sequence: number;
  readonly type: RecordTypeName;
  readonly key: string;
  readonly value: string;
  /** 0: never. */
  readonly expiresAt: number;
  /** Of a touch. */
  readonly valueSequence: number;
}

/** Every record that the store has now, by sequence. */
export async function recordsOf(directory: string): Promise<Kept[]> {
  const records: Kept[] = [];
  for (const { kind, id } of (await manifestOf(directory)).segments) {
    await dumpSegment({
      path: `${directory}/${segmentName(kind, id)}`,
      visitor: {
        header() {},
        record({ sequence, type, key, value, expiresAt = 0, valueSequence = 0 }) {
          const text = Buffer.from(value).toString();
          const name = Buffer.from(key).toString();
          records.push({ sequence, type, key: name, value: text, expiresAt, valueSequence });
        },
        stretch() {},
      },
    });
  }
  return records.sort((a, b) => a.sequence - b.sequence);
}
