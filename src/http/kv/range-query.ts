/** Bounds of a range in a query; keys there are bytes, percent-encoded. */

import type { KeyRange } from '../../vocabulary/entry.ts';
import { bytesOfMember } from '../query-string.ts';
import { text } from '../schema/json-schema.ts';

export interface RangeBounds {
  readonly start?: string;
  readonly end?: string;
  readonly prefix?: string;
}

export const RANGE_MEMBERS = {
  start: text('The first key, inclusive.'),
  end: text('Where it ends, exclusive.'),
  prefix: text('Only keys that begin with it.'),
} as const;

/** An empty bound is none. */
export function rangeOf({ start, end, prefix }: RangeBounds): KeyRange {
  return {
    start: bound('start', start),
    end: bound('end', end),
    prefix: bound('prefix', prefix),
  };
}

function bound(name: string, value: string | undefined): Buffer | undefined {
  return value === undefined || value === '' ? undefined : bytesOfMember(name, value);
}
