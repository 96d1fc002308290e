/** The server's limits with what is known of each: `limits` in the reply to STATS. */

import type { LimitFigure, LimitFigures } from '../vocabulary/limit-figure.ts';
import type { Gauge } from './gauge.ts';
import { SERVER_LIMIT_TABLE } from './server-limit-table.ts';
import type { ServerLimits } from './server-limits.ts';
import type { ServerServices } from './server-services.ts';

/** Limits of the store on single requests, which the server knows and counts, too. */
const REQUEST_LIMITS = [
  'maxFrameBytes',
  'maxKeyBytes',
  'maxValueBytes',
  'maxBatchItems',
  'maxBatchBytes',
  'maxRangeItems',
  'maxRangeBytes',
] as const satisfies (keyof ServerLimits)[];

/** They say how something is done, and nobody ever meets them. */
const NEVER_REACHED: ReadonlySet<string> = new Set([
  'framesPerTurn',
  'bytesPerTurn',
  'sweepIntervalMs',
  'lingerMs',
  'slowLogMs',
  'slowLogEntries',
  'rateBurstMs',
  'frameMinBytesPerSecond',
]);

export const SERVER_LIMIT_NAMES: readonly (keyof ServerLimits)[] = [
  ...REQUEST_LIMITS,
  ...(Object.keys(SERVER_LIMIT_TABLE) as (keyof typeof SERVER_LIMIT_TABLE)[]),
].filter((name) => !NEVER_REACHED.has(name));

type FigureSources = Pick<ServerServices, 'limits' | 'load' | 'admission'>;

/** Of the store's limits, what the store says stands, and what was counted here is added. */
export function limitFigures(services: FigureSources, ofStore: LimitFigures): LimitFigures {
  const { limits, load } = services;
  const gauges = gaugesOf(services);
  const figures: Record<string, LimitFigure> = {};
  for (const name of SERVER_LIMIT_NAMES) {
    const reached = load.timesReached(name);
    figures[name] = { limit: limits[name], ...gauges[name], reached };
  }
  for (const [name, figure] of Object.entries(ofStore)) {
    figures[name] = { ...figure, reached: figure.reached + load.timesReached(name) };
  }
  return figures;
}

function gaugesOf({ load, admission }: FigureSources): Readonly<Record<string, GaugeFigure>> {
  return {
    maxConnections: figureOf(load.connections),
    maxConnectionsPerAddress: { high: admission.perAddressHigh },
    maxUnauthenticated: figureOf(load.unauthenticated),
    maxInFlightTotal: figureOf(load.requests),
    maxRequestBytes: figureOf(load.requestBytes),
    maxOutputBytes: figureOf(load.outputBytes),
  };
}

type GaugeFigure = Pick<LimitFigure, 'current' | 'high'>;

function figureOf({ current, high }: Gauge): GaugeFigure {
  return { current, high };
}
