/** The figures of now, each in a tile. */

import { element } from './element.ts';
import { formatBytes, formatCount, formatMs, formatPercent } from './format.ts';
import { latencyOf } from './stats.ts';
import type { Point } from './stats-feed.ts';

/** A figure, and what belongs to it. */
type Told = readonly [string, string];

interface Tile {
  readonly name: string;
  readonly title: string;
  readonly tell: (point: Point) => Told;
}

const NONE = '–';

const TILES: readonly Tile[] = [
  {
    name: 'throughput',
    title: 'Operations a second',
    tell: ({ rates }) => [
      rates === undefined ? NONE : formatCount(rates.reads + rates.writes),
      rates === undefined
        ? ''
        : `${formatCount(rates.reads)} reads, ${formatCount(rates.writes)} writes`,
    ],
  },
  { name: 'read-latency', title: 'Reads, p99', tell: latencyTile('read') },
  { name: 'write-latency', title: 'Writes, p99', tell: latencyTile('write') },
  {
    name: 'keys',
    title: 'Keys',
    tell: ({ stats: { keys, keydir } }) => [
      formatCount(keys),
      `${formatBytes(keydir.bytes)} of memory`,
    ],
  },
  {
    name: 'live',
    title: 'Live in the log',
    tell: ({ stats: { log } }) => [
      formatBytes(log.liveBytes),
      `${formatBytes(log.deadBytes)} dead (${formatPercent(log.deadBytes, log.bytes)})`,
    ],
  },
  {
    name: 'memory',
    title: 'Memory',
    tell: ({ stats: { process, limits } }) => [
      process === undefined ? NONE : formatBytes(process.rssBytes),
      `${formatBytes(limits['cacheBytes']?.current ?? 0)} cached`,
    ],
  },
  {
    name: 'cache',
    title: 'Cache hits',
    tell: ({ stats: { cache }, rates }) => [
      formatPercent(cache.hits, cache.hits + cache.misses),
      rates === undefined
        ? ''
        : `now ${formatPercent(rates.cacheHits, rates.cacheHits + rates.cacheMisses)}`,
    ],
  },
  {
    name: 'connections',
    title: 'Connections',
    tell: ({ stats: { server }, rates }) => [
      formatCount(server.connectionsOpen),
      rates === undefined
        ? ''
        : `${formatBytes(rates.bytesIn)}/s in, ${formatBytes(rates.bytesOut)}/s out`,
    ],
  },
  {
    name: 'slow',
    title: 'Slow requests',
    tell: ({ stats: { server } }) => [
      formatCount(server.slowRequests),
      `up for ${formatMs(server.uptimeMs)}`,
    ],
  },
];

function latencyTile(kind: 'read' | 'write') {
  return ({ stats }: Point): Told => {
    const latency = latencyOf(stats, kind);
    if (latency === undefined) return [NONE, 'none of late'];
    return [formatMs(latency.p99Ms), `${latency.operation}, p50 ${formatMs(latency.p50Ms)}`];
  };
}

export class Tiles {
  readonly element = element('dl', { class: 'tiles' });
  readonly #places: readonly (readonly [HTMLElement, HTMLElement])[];

  constructor() {
    this.#places = TILES.map(({ name, title }) => {
      const figure = element('dd', { 'data-figure': name }, NONE);
      const more = element('dd', {});
      const tile = element('div', { class: 'panel' }, element('dt', {}, title), figure, more);
      this.element.append(tile);
      return [figure, more] as const;
    });
  }

  show(point: Point): void {
    for (const [index, { tell }] of TILES.entries()) {
      const [figure, more] = tell(point);
      const places = this.#places[index];
      if (places === undefined) continue;
      places[0].textContent = figure;
      places[1].textContent = more;
    }
  }
}
