/** Damage that is found while the store is open: told, listed, and kept out of merges. */

import { toCaskError } from '../../errors/cask-error.ts';
import type { DamageFacts } from '../format/manifest.ts';
import type { ManifestStore } from '../log/manifest-store.ts';
import type { SegmentCatalog } from '../log/segment-catalog.ts';
import type { StoreLogger } from '../store-options.ts';

export interface DamageParts {
  readonly catalog: SegmentCatalog;
  readonly manifests: ManifestStore;
  readonly logger: StoreLogger;
}

/**
 * Takes note of damaged stretches of segments that are still there. What lies in them answers
 * CORRUPT, as before; `repair` keeps what can be read.
 */
export function noteDamage(parts: DamageParts, ranges: readonly DamageFacts[]): void {
  const { catalog, manifests, logger } = parts;
  const present = ranges.filter(({ segment }) => {
    const found = catalog.byId(segment);
    return found !== undefined && found.state !== 'obsolete';
  });
  if (present.length === 0) return;
  for (const range of present) {
    const segment = catalog.byId(range.segment);
    if (segment !== undefined) segment.damaged = true;
    logger('error', 'segment-damaged', { ...range });
  }
  manifests.addDamage(present);
  manifests.publish().catch((thrown: unknown) => {
    // The next manifest says it, or the next look finds it again.
    logger('warn', 'manifest-not-written', { reason: toCaskError(thrown).message });
  });
}
