/** Settings that the store's merge acts on. Types, ranges and defaults are those of its table. */

import { MERGE_OPTION_TABLE } from '../../storage/store-option-table.ts';
import { type Setting, settingOf } from './setting.ts';

type MergeName = keyof typeof MERGE_OPTION_TABLE;

function merge<N extends MergeName>(name: N, help: string, cost: string) {
  const about = { section: 'merge', help, cost } as const;
  const spec: (typeof MERGE_OPTION_TABLE)[N] = MERGE_OPTION_TABLE[name];
  return settingOf('store', `merge.${name}`, spec, about);
}

export const MERGE_SETTINGS = {
  mergeAutomatic: merge(
    'automatic',
    'merge when there is reason to',
    'Without it dead records keep their space until a merge by hand. One that runs goes on.',
  ),
  mergeTriggerDeadRatio: merge(
    'triggerDeadRatio',
    'dead share of a segment that starts a merge',
    'Lower: less space is wasted, and live records are copied more often.',
  ),
  mergeTriggerDeadBytes: merge(
    'triggerDeadBytes',
    'dead bytes of a segment that start a merge',
    'Lower: less space is wasted, and live records are copied more often.',
  ),
  mergeThresholdDeadRatio: merge(
    'thresholdDeadRatio',
    'dead share at which a segment joins in',
    'Lower: a merge takes more along, and copies more.',
  ),
  mergeSmallSegmentBytes: merge(
    'smallSegmentBytes',
    'segments below this are gathered; 0: none',
    'Keeps the number of files down. Half of `segmentBytes` is the most that counts.',
  ),
  mergeSmallSegmentCount: merge(
    'smallSegmentCount',
    'so many small segments start a merge',
    'Higher: more files, fewer copies.',
  ),
  mergeInputBytesMax: merge(
    'inputBytesMax',
    'most input of one automatic merge',
    'Bounds the extra disk space that a merge needs. A single segment is merged whatever its size.',
  ),
  mergeBytesPerSecond: merge(
    'bytesPerSecond',
    'most bytes that a merge copies a second; 0: no limit',
    'Leaves the disk to requests; set too low, garbage grows faster than it is reclaimed. Counts from the next merge on.',
  ),
  mergeWindowHours: merge(
    'windowHours',
    'FROM-TO: hours when merges may start, or always',
    'Over midnight if FROM is greater. A merge that has started goes on after the window.',
  ),
  mergeCheckIntervalMs: merge(
    'checkIntervalMs',
    'how often to look for reasons to merge',
    'A look costs a walk over the list of segments.',
  ),
} as const satisfies Record<`merge${Capitalize<MergeName>}`, Setting>;
