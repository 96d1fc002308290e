/**
 * The limits on what is held: how much there is, what is used of it, what was used at most, and
 * how often it was reached. Named as in the configuration, where they are settings.
 */

import type { LimitFigure } from '../../vocabulary/limit-figure.ts';
import { counterBy, gaugeBy, type MetricDefinition } from './metric-definition.ts';
import type { ScrapeFacts } from './scrape-facts.ts';

/** Those of the process are known before the store is open. */
export function limitFigures(facts: ScrapeFacts): Readonly<Record<string, LimitFigure>> {
  const { host, http, httpMaxConnections, served } = facts;
  const { openFiles, openFilesMax, heapUsedBytes, heapMaxBytes } = host.process;
  const figures: Record<string, LimitFigure> = {
    httpMaxConnections: {
      limit: httpMaxConnections,
      current: http.connectionsOpen,
      reached: http.connectionsRejected,
    },
    heapBytes: { limit: heapMaxBytes, current: heapUsedBytes, reached: 0 },
  };
  if (openFiles !== null && openFilesMax !== null) {
    figures['openFiles'] = { limit: openFilesMax, current: openFiles, reached: 0 };
  }
  return { ...figures, ...served?.limits };
}

type PickFigure = (figure: LimitFigure) => number | undefined;

function each(pick: PickFigure): (facts: ScrapeFacts) => Record<string, number | null> {
  return (facts) =>
    Object.fromEntries(
      Object.entries(limitFigures(facts)).map(([name, figure]) => [name, pick(figure) ?? null]),
    );
}

export const LIMIT_METRICS: readonly MetricDefinition[] = [
  gaugeBy(
    'limit',
    'caskd_limit_max',
    'How much of a limit there is, in its own unit.',
    each(({ limit }) => limit),
  ),
  gaugeBy(
    'limit',
    'caskd_limit_used',
    'What is used of it now.',
    each(({ current }) => current),
  ),
  gaugeBy(
    'limit',
    'caskd_limit_used_peak',
    'The most that was used of it since the start.',
    each(({ high }) => high),
  ),
  counterBy(
    'limit',
    'caskd_limit_reached_total',
    'How often someone waited, was refused or was disconnected because of it.',
    each(({ reached }) => reached),
  ),
];
