/** What STATS says of the server, its clients and their requests, for people. */

import { formatByteCount, formatCount, formatDuration, formatMoment } from '../quantity.ts';
import { type Facts, factAt, factsAt, isFacts, numberAt } from './facts.ts';
import { inWords } from './generic-groups.ts';
import { row, type Section } from './section.ts';

export function serverSection(stats: Facts, version: string | undefined): Section {
  const server = factsAt(stats, 'server');
  const { status, durability } = stats;
  const uptimeMs = numberAt(server, 'uptimeMs');
  const startedAt = numberAt(server, 'startedAt') ?? 0;
  return {
    title: 'Server',
    rows: [
      ...row('version', version),
      ...row('store', typeof status === 'string' ? `${status}, ${idOf(stats)}` : undefined),
      ...row('durability', typeof durability === 'string' ? durability : undefined),
      ...row(
        'up',
        uptimeMs === undefined
          ? undefined
          : `${formatDuration(uptimeMs)}, since ${formatMoment(startedAt)}`,
      ),
      ...row('opened', openedOf(stats)),
      ...row('clients', clientsOf(server)),
      ...row('bytes in', bytes(server, 'bytesIn')),
      ...row('bytes out', bytes(server, 'bytesOut')),
    ],
  };
}

function idOf(stats: Facts): string {
  return `id ${factAt(stats, 'uuid') ?? '?'}`;
}

/** `in 16 ms, 3 segments by their hints, 1 scanned` */
function openedOf(stats: Facts): string | undefined {
  const ms = numberAt(stats, 'opened', 'ms');
  if (ms === undefined) return undefined;
  const byHint = numberAt(stats, 'opened', 'byHint') ?? 0;
  const scanned = numberAt(stats, 'opened', 'scanned') ?? 0;
  const segments = `${formatCount(byHint)} segments by their hints, ${formatCount(scanned)} scanned`;
  return `in ${formatDuration(ms)}, ${segments}`;
}

function bytes(facts: Facts, name: string): string | undefined {
  const count = numberAt(facts, name);
  return count === undefined ? undefined : formatByteCount(count);
}

/** `2 open, 17 since the start, 1 killed`: what did not happen is left out. */
function clientsOf(server: Facts): string | undefined {
  const open = numberAt(server, 'connectionsOpen');
  if (open === undefined) return undefined;
  const rare = [
    ['connectionsRejected', 'rejected'],
    ['connectionsKilled', 'killed'],
    ['slowConsumers', 'too slow'],
    ['truncatedStreams', 'cut off'],
  ] as const;
  const parts = rare.flatMap(([name, words]) => {
    const count = numberAt(server, name) ?? 0;
    return count === 0 ? [] : [`${formatCount(count)} ${words}`];
  });
  const accepted = formatCount(numberAt(server, 'connectionsAccepted') ?? 0);
  return [`${formatCount(open)} open`, `${accepted} since the start`, ...parts].join(', ');
}

/** Milliseconds in few characters: `0.064`, `1.2`, `350`. */
export function formatMs(ms: number | undefined): string {
  if (ms === undefined) return '-';
  if (ms < 1) return ms.toFixed(3);
  return ms < 100 ? ms.toFixed(1) : formatCount(Math.round(ms));
}

const QUANTILES = ['p50Ms', 'p95Ms', 'p99Ms', 'maxMs'];

export function requestsSection(stats: Facts): Section {
  const requests = factsAt(stats, 'server', 'requests');
  const latency = factsAt(stats, 'server', 'latency');
  const rows = Object.keys({ ...requests, ...latency }).flatMap((name) => {
    const since = factsAt(latency, name);
    const recent = factsAt(since, 'recent');
    const count = numberAt(requests, name) ?? numberAt(since, 'count') ?? 0;
    if (count === 0) return [];
    const isQuiet = (numberAt(recent, 'count') ?? 0) === 0;
    return [
      [
        name === name.toUpperCase() ? name : inWords(name),
        formatCount(count),
        ...QUANTILES.map((quantile) => (isQuiet ? '-' : formatMs(numberAt(recent, quantile)))),
        formatMs(numberAt(since, 'p99Ms')),
        formatMs(numberAt(since, 'maxMs')),
      ],
    ];
  });
  return {
    title: 'Requests, in ms: the last 10 to 20 s, and since the start',
    head: ['', 'requests', 'p50', 'p95', 'p99', 'max', 'p99 ever', 'max ever'],
    rows,
  };
}

export function workSection(stats: Facts): Section {
  const rows = Object.entries(factsAt(stats, 'durations')).flatMap(([name, facts]) => {
    if (!isFacts(facts) || (numberAt(facts, 'count') ?? 0) === 0) return [];
    const count = formatCount(numberAt(facts, 'count') ?? 0);
    const stalls = numberAt(stats, 'longStalls', name);
    return [
      [
        inWords(name),
        count,
        ...QUANTILES.map((quantile) => formatMs(numberAt(facts, quantile))),
        stalls === undefined ? '-' : formatCount(stalls),
      ],
    ];
  });
  return {
    title: 'Work of the store, in ms since the start; stalls held everything for more than 5 ms',
    head: ['', 'times', 'p50', 'p95', 'p99', 'max', 'stalls'],
    rows,
  };
}

export function errorsSection(stats: Facts): Section {
  const slow = numberAt(stats, 'server', 'slowRequests') ?? 0;
  const errors = Object.entries(factsAt(stats, 'server', 'errors')).map(([code, count]) => [
    code,
    formatCount(Number(count)),
  ]);
  const rows = slow === 0 ? errors : [...errors, ['slow requests', formatCount(slow)]];
  return { title: 'Errors answered, and slow requests', rows };
}
