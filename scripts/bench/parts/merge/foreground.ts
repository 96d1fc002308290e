/** SETs and GETs at a steady pace, and what the daemon's disk does meanwhile. */

import type { ChildDaemon } from '../../../child-daemon.ts';
import { diskBytesOf } from '../../../process-figures.ts';
import { generateLoad, type LoadFigures } from '../../load/generate-load.ts';

const PER_SECOND = 3000;
const CONNECTIONS = 25;

export interface ForegroundJob {
  readonly keys: number;
  readonly valueBytes: number;
  readonly measureMs: number;
  /** Done once measuring has begun; measuring ends with it. */
  readonly meanwhile?: () => Promise<void>;
}

export interface ForegroundFigures {
  readonly set: LoadFigures;
  readonly get: LoadFigures;
  readonly readBytesPerSecond: number;
  readonly writtenBytesPerSecond: number;
}

export async function measureForeground(
  daemon: ChildDaemon,
  { meanwhile, ...job }: ForegroundJob,
): Promise<ForegroundFigures> {
  const way = { connections: CONNECTIONS, depth: 1, perSecond: PER_SECOND, ...job };
  let begun = 0;
  let begin = (): void => {};
  const bothBegun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const onBegun = (): void => {
    begun += 1;
    if (begun === 2) begin();
  };
  const until = bothBegun.then(meanwhile);
  const watching = meanwhile === undefined ? { onBegun } : { onBegun, until };
  const before = await diskBytesOf(daemon.pid);
  const startedMs = performance.now();
  const [set, get] = await Promise.all([
    generateLoad(daemon, { kind: 'put', ...way }, watching),
    generateLoad(daemon, { kind: 'get', ...way }, watching),
  ]);
  const seconds = (performance.now() - startedMs) / 1000;
  const after = await diskBytesOf(daemon.pid);
  return {
    set,
    get,
    readBytesPerSecond: (after.read - before.read) / seconds,
    writtenBytesPerSecond: (after.written - before.written) / seconds,
  };
}
