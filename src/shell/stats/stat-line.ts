/** One line about a server in motion, from two replies to STATS: what `stats --watch` prints. */

import { formatByteCount, formatCount } from '../quantity.ts';
import { type Facts, numberAt, shareOf } from './facts.ts';
import { formatMs } from './server-sections.ts';

/** Two replies, and the time between them. */
export interface Motion {
  readonly before: Facts;
  readonly now: Facts;
  readonly seconds: number;
}

export interface StatColumn {
  /** In JSON and CSV. */
  readonly name: string;
  readonly title: string;
  readonly width: number;
  readonly value: (motion: Motion) => number | undefined;
  readonly show: (value: number) => string;
}

const READS = ['GET', 'GET_MANY', 'EXISTS'];
const WRITES = ['PUT', 'DELETE', 'BATCH'];

function perSecond({ before, now, seconds }: Motion, ...path: readonly string[]): number {
  const grown = (numberAt(now, ...path) ?? 0) - (numberAt(before, ...path) ?? 0);
  return Math.max(0, grown) / seconds;
}

function requestsPerSecond(motion: Motion, operations: readonly string[]): number {
  return operations.reduce((sum, name) => sum + perSecond(motion, 'server', 'requests', name), 0);
}

function errorsPerSecond(motion: Motion): number {
  const errors = motion.now['server'] as Facts | undefined;
  const codes = Object.keys((errors?.['errors'] as Facts | undefined) ?? {});
  return codes.reduce((sum, code) => sum + perSecond(motion, 'server', 'errors', code), 0);
}

function hitShare(motion: Motion): number | undefined {
  const hits = perSecond(motion, 'cache', 'hits');
  return shareOf(hits, hits + perSecond(motion, 'cache', 'misses'));
}

/** The longest of several operations' recent p99. */
function recentP99({ now }: Motion, operations: readonly string[]): number | undefined {
  const known = operations
    .filter((name) => (numberAt(now, 'server', 'latency', name, 'recent', 'count') ?? 0) > 0)
    .map((name) => numberAt(now, 'server', 'latency', name, 'recent', 'p99Ms') ?? 0);
  return known.length === 0 ? undefined : Math.max(...known);
}

const rate = (value: number): string => formatCount(Math.round(value));
const bytes = (value: number): string => formatByteCount(Math.round(value));
const share = (value: number): string => (value * 100).toFixed(0);

/** The important first: where there is no room, the last ones are left out. */
export const STAT_COLUMNS: readonly StatColumn[] = [
  {
    ...{ name: 'clients', title: 'clients', width: 7, show: formatCount },
    value: ({ now }) => numberAt(now, 'server', 'connectionsOpen'),
  },
  {
    ...{ name: 'keys', title: 'keys', width: 11, show: formatCount },
    value: ({ now }) => numberAt(now, 'keys'),
  },
  {
    ...{ name: 'readsPerSecond', title: 'reads/s', width: 8, show: rate },
    value: (motion) => requestsPerSecond(motion, READS),
  },
  {
    ...{ name: 'writesPerSecond', title: 'writes/s', width: 8, show: rate },
    value: (motion) => requestsPerSecond(motion, WRITES),
  },
  {
    ...{ name: 'rangesPerSecond', title: 'pages/s', width: 8, show: rate },
    value: (motion) => requestsPerSecond(motion, ['RANGE']),
  },
  {
    ...{ name: 'readP99Ms', title: 'read p99', width: 8, show: formatMs },
    value: (motion) => recentP99(motion, READS),
  },
  {
    ...{ name: 'writeP99Ms', title: 'write p99', width: 9, show: formatMs },
    value: (motion) => recentP99(motion, WRITES),
  },
  {
    ...{ name: 'errorsPerSecond', title: 'errors/s', width: 8, show: rate },
    value: errorsPerSecond,
  },
  {
    ...{ name: 'bytesInPerSecond', title: 'in/s', width: 10, show: bytes },
    value: (motion) => perSecond(motion, 'server', 'bytesIn'),
  },
  {
    ...{ name: 'bytesOutPerSecond', title: 'out/s', width: 10, show: bytes },
    value: (motion) => perSecond(motion, 'server', 'bytesOut'),
  },
  { ...{ name: 'cacheHitShare', title: 'hit%', width: 4, show: share }, value: hitShare },
  {
    ...{ name: 'queuedBytes', title: 'queue', width: 10, show: bytes },
    value: ({ now }) => numberAt(now, 'writes', 'queuedBytes'),
  },
  {
    ...{ name: 'deadShare', title: 'dead%', width: 5, show: share },
    value: ({ now }) => shareOf(numberAt(now, 'log', 'deadBytes'), numberAt(now, 'log', 'bytes')),
  },
  {
    ...{ name: 'residentBytes', title: 'memory', width: 10, show: bytes },
    value: ({ now }) => numberAt(now, 'process', 'rssBytes'),
  },
];

/** As many columns as fit, from the first on. */
export function columnsWithin(width: number): readonly StatColumn[] {
  let used = 0;
  return STAT_COLUMNS.filter((column) => {
    used += column.width + (used === 0 ? 0 : 1);
    return used <= width;
  });
}

export function statHeader(columns: readonly StatColumn[]): string {
  return columns.map(({ title, width }) => title.padStart(width)).join(' ');
}

export function statLine(columns: readonly StatColumn[], motion: Motion): string {
  return columns
    .map(({ width, value, show }) => {
      const found = value(motion);
      return (found === undefined ? '-' : show(found)).padStart(width);
    })
    .join(' ');
}
