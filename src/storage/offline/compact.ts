/** `caskctl compact DIR`: merges all of a store that nobody has open. */

import { CaskError } from '../../errors/cask-error.ts';
import { delay, type Environment } from '../disk/environment.ts';
import { createNodeEnvironment } from '../disk/node-environment.ts';
import { openStore, type Store } from '../store.ts';
import { checkIsStore } from './offline-directory.ts';

const POLL_MS = 100;

export interface CompactOptions {
  readonly directory: string;
  /** As the daemon has it: states up to this old stay restorable. @default 0 */
  readonly retainHistoryMs?: number | undefined;
  /** The size of the segments written. @default 256 MiB */
  readonly segmentBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytesDone: number, bytesTotal: number) => void) | undefined;
  /** @default the real world */
  readonly environment?: Environment;
}

export interface CompactSummary {
  readonly keys: number;
  readonly segmentsBefore: number;
  readonly segmentsAfter: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly ms: number;
}

/**
 * @throws CaskError DIRECTORY_MISSING, NOT_A_STORE, NOT_WRITABLE, LOCKED, LOCK_UNAVAILABLE,
 * BAD_MANIFEST, MISSING_SEGMENT, UNSUPPORTED_FORMAT, CORRUPT (repair it first), NO_SPACE, CANCELLED
 */
export async function compactStore(options: CompactOptions): Promise<CompactSummary> {
  const { directory, retainHistoryMs = 0, segmentBytes, signal } = options;
  const { environment = createNodeEnvironment() } = options;
  // Opening an empty directory would make a store of it.
  await checkIsStore(environment, directory);
  const store = await openStore({
    directory,
    environment,
    createIfMissing: false,
    durability: 'os',
    cacheBytes: 0,
    ballastBytes: 0,
    retainHistoryMs,
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
    scrubIntervalHours: 0,
    merge: { automatic: false },
  });
  try {
    return await merge(store, environment, options);
  } catch (error) {
    if (signal?.aborted) throw new CaskError('CANCELLED', 'cancelled', { cause: error });
    throw error;
  } finally {
    await store.close();
  }
}

async function merge(
  store: Store,
  environment: Environment,
  { signal, onProgress }: CompactOptions,
): Promise<CompactSummary> {
  const { keys, log } = store.stats();
  // What is merged by then stays merged, the rest as it was.
  const stop = (): void => void store.close();
  signal?.addEventListener('abort', stop);
  let isDone = false;
  const watching = (async () => {
    while (!isDone) {
      const { bytesDone, bytesTotal } = store.mergeStatus();
      if (bytesTotal > 0) onProgress?.(bytesDone, bytesTotal);
      await delay(environment.scheduler, POLL_MS);
    }
  })();
  try {
    const { inputs, outputs, bytesBefore, bytesAfter, ms } = await store.merge();
    return {
      keys,
      segmentsBefore: log.segments,
      segmentsAfter: log.segments - inputs + outputs,
      bytesBefore: log.bytes,
      bytesAfter: log.bytes - bytesBefore + bytesAfter,
      ms,
    };
  } finally {
    isDone = true;
    signal?.removeEventListener('abort', stop);
    await watching;
  }
}
