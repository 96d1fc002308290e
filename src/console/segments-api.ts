/** /v1/segments, for the picture of the log. */

import { type Api, ApiError } from './api.ts';
import type { SegmentFigures } from './segments.ts';

/** As the daemon tells of one. */
interface ToldSegment {
  readonly id: number;
  readonly kind: 'log' | 'merged';
  readonly state: 'planned' | 'prepared' | 'open' | 'sealed' | 'obsolete';
  readonly bytes: number;
  readonly liveBytes: number;
  readonly merging: boolean;
}

interface ToldPage {
  readonly segments: readonly ToldSegment[];
  readonly nextAfter: number | null;
}

/** Of a thousand segments each. */
const PAGES_MAX = 5;

/** Undefined: this daemon does not tell, or not this user. */
export async function fetchSegments(api: Api): Promise<readonly SegmentFigures[] | undefined> {
  const told: ToldSegment[] = [];
  let after: number | null = 0;
  try {
    for (let page = 0; page < PAGES_MAX && after !== null; page++) {
      const answer: ToldPage = await api.json(`/v1/segments?after=${after}`);
      told.push(...answer.segments);
      after = answer.nextAfter;
    }
  } catch (thrown) {
    const isRefused =
      thrown instanceof ApiError && (thrown.isMissingRoute || thrown.status === 403);
    if (isRefused) return undefined;
    throw thrown;
  }
  return told.filter(isThere).map(figuresOf);
}

/** It has been written to, and is not merged away. */
function isThere({ state, bytes }: ToldSegment): boolean {
  return bytes > 0 && state !== 'obsolete' && state !== 'planned' && state !== 'prepared';
}

function figuresOf({ id, kind, state, bytes, liveBytes, merging }: ToldSegment): SegmentFigures {
  return {
    id,
    bytes,
    liveBytes,
    isActive: state === 'open',
    isMerged: kind === 'merged',
    isMerging: merging,
  };
}
