/** Where a write came from: whom to answer, and what its own reads have to wait for. */

import type { ReplySink } from '../reply-sink.ts';
import type { Group } from './group.ts';
import type { StalledWrites } from './stalled-writes.ts';

export interface WriteOrigin {
  readonly sink: ReplySink;
  /** The group of the last write that was sequenced. */
  lastGroup: Group | undefined;
  /** Writes that wait for a large batch to be sequenced first. */
  deferredWrites: number;
  /** What came after a modify that waits for a value; undefined: none does. */
  stalled: StalledWrites | undefined;
}
