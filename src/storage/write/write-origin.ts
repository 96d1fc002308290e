/** Where a write came from: whom to answer, and what its own reads have to wait for. */

import type { ReplySink } from '../reply-sink.ts';
import type { Group } from './group.ts';
import type { SessionLine } from './session-line.ts';

export interface WriteOrigin {
  readonly sink: ReplySink;
  /** The group of the last write that was sequenced, or of a later one that was read. */
  lastGroup: Group | undefined;
  /** What it asked for and waits to be begun; undefined: nothing does. */
  line: SessionLine | undefined;
}
