/** Runs one job in a load generator process and takes the server's processor time with it. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DurationSummary } from '../../../src/vocabulary/duration-histogram.ts';
import { endWithParent } from '../../end-with-parent.ts';
import type { RowFigures } from '../report/load-row.ts';
import { VALUE_BYTES } from './keys.ts';
import type { LoadJob, LoadMessage, LoadProgress } from './load-job.ts';

const GENERATOR = fileURLToPath(new URL('./load-generator.ts', import.meta.url));

/** Enough for the JIT on both sides. */
const WARM_UP_MS = 500;
const MEASURE_MS = 1500;

export interface LoadFigures extends RowFigures {
  readonly seconds: number;
  readonly latency: DurationSummary;
}

export interface Loaded {
  readonly url: string;
  cpuMs(): Promise<number>;
}

type Wanted = Pick<LoadJob, 'kind' | 'connections' | 'depth' | 'keys'> & Partial<LoadJob>;

export interface Watching {
  /** Measuring begins. */
  readonly onBegun?: () => void;
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Measuring ends when this settles, if it has not before. */
  readonly until?: Promise<unknown>;
}

/** @throws when the generator fails or ends without a result */
export async function generateLoad(
  server: Loaded,
  wanted: Wanted,
  { onBegun, onProgress, until }: Watching = {},
): Promise<LoadFigures> {
  const job: LoadJob = {
    driver: 'cask',
    url: server.url,
    valueBytes: VALUE_BYTES,
    pageItems: 100,
    warmUpMs: WARM_UP_MS,
    measureMs: MEASURE_MS,
    perSecond: 0,
    ...wanted,
  };
  const generator = fork(GENERATOR, [JSON.stringify(job)]);
  endWithParent(generator);
  const stop = (): boolean => generator.connected && generator.send('stop');
  void until?.then(stop, stop);
  let cpuBefore = 0;
  let figures: LoadFigures | undefined;
  const read = async (message: LoadMessage): Promise<void> => {
    if (message.type === 'progress') {
      onProgress?.(message);
      return;
    }
    const cpuMs = await server.cpuMs();
    if (message.type === 'begun') {
      cpuBefore = cpuMs;
      onBegun?.();
      return;
    }
    const { requests, seconds, latency } = message;
    const serverMicros = ((cpuMs - cpuBefore) * 1000) / requests;
    figures = { requestsPerSecond: requests / seconds, seconds, serverMicros, latency };
  };
  let reading: Promise<void> = Promise.resolve();
  generator.on('message', (message) => {
    reading = reading.then(() => read(message as LoadMessage));
  });
  const [code] = await once(generator, 'exit');
  await reading;
  if (figures === undefined || code !== 0) throw new Error(`the load generator ended with ${code}`);
  return figures;
}
