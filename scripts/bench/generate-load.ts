/** Runs one job in a load generator process and takes the daemon's processor time with it. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ChildDaemon } from '../child-daemon.ts';
import type { LoadJob, LoadMessage } from './load-job.ts';

const GENERATOR = fileURLToPath(new URL('./load-generator.ts', import.meta.url));

/** Enough for the JIT on both sides. */
const WARM_UP_MS = 500;
const MEASURE_MS = 1500;

export const VALUE_BYTES = 100;
export const KEY_BYTES = 17;

export interface LoadFigures {
  readonly requestsPerSecond: number;
  readonly seconds: number;
  /** Processor time of the daemon, all its threads, per request. */
  readonly daemonMicros: number;
}

type Wanted = Pick<LoadJob, 'kind' | 'connections' | 'depth' | 'keys'> & Partial<LoadJob>;

/** @throws when the generator fails or ends without a result */
export async function generateLoad(daemon: ChildDaemon, wanted: Wanted): Promise<LoadFigures> {
  const job: LoadJob = {
    url: daemon.url,
    valueBytes: VALUE_BYTES,
    pageItems: 100,
    warmUpMs: WARM_UP_MS,
    measureMs: MEASURE_MS,
    ...wanted,
  };
  const generator = fork(GENERATOR, [JSON.stringify(job)]);
  let cpuBefore = 0;
  let figures: LoadFigures | undefined;
  const read = async (message: LoadMessage): Promise<void> => {
    const cpuMs = await daemon.cpuMs();
    if (message.type === 'begun') {
      cpuBefore = cpuMs;
      return;
    }
    const { requests, seconds } = message;
    const daemonMicros = ((cpuMs - cpuBefore) * 1000) / requests;
    figures = { requestsPerSecond: requests / seconds, seconds, daemonMicros };
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
