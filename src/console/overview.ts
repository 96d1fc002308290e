/** The first view: what the daemon does now, and what the log looks like. */

import type { Api } from './api.ts';
import { byId, drawing, element, table } from './element.ts';
import { formatBytes, formatCount, formatMs, formatPercent } from './format.ts';
import { addressOf } from './keys-view.ts';
import { type ChartData, LineChart } from './line-chart.ts';
import { drawLog } from './log-picture.ts';
import { mergeProgress } from './merge-progress.ts';
import type { SegmentFigures } from './segments.ts';
import { fetchSegments } from './segments-api.ts';
import { kindOf, latencyOf, type Stats } from './stats.ts';
import type { Point, StatsFeed } from './stats-feed.ts';
import { Tiles } from './tiles.ts';

/** Rows of the table of segments. */
const ROWS_MAX = 500;

export class Overview {
  readonly #api: Api;
  readonly #feed: StatsFeed;
  readonly #tiles = new Tiles();
  readonly #throughput: LineChart;
  readonly #latency: LineChart;
  readonly #picture = drawing('svg', {
    class: 'log-picture',
    role: 'img',
    'aria-label': 'The log',
  });
  readonly #merge = mergeProgress();
  readonly #operations = element('div');
  readonly #segments = element('div');
  readonly #logNote = element('p', { class: 'muted', hidden: true });
  readonly #given = element('p', { class: 'muted', role: 'status', hidden: true });
  #merged: { readonly runs: number; readonly deadBytes: number } | undefined;
  readonly #figures = element('div', { class: 'stack' });
  readonly #refusal = element('section', { class: 'panel stack', hidden: true });
  #isDrawing = false;
  #tellsSegments = true;

  constructor(api: Api, feed: StatsFeed) {
    this.#api = api;
    this.#feed = feed;
    const throughput = element('div', { class: 'chart' });
    const latency = element('div', { class: 'chart' });
    byId('overview').append(this.#refusal, this.#figures);
    this.#figures.append(
      element('h2', { class: 'muted' }, 'Now'),
      this.#tiles.element,
      this.#logPanel(),
      element(
        'div',
        { class: 'charts' },
        panel('Operations a second', key(['reads', 'Reads'], ['writes', 'Writes']), throughput),
        panel(
          'Latency: p99, and p50 dashed',
          key(['reads', 'Reads'], ['writes', 'Writes']),
          latency,
        ),
      ),
      panel('Latency by operation', this.#operations),
    );
    byId('overview').classList.add('stack');
    this.#throughput = new LineChart(throughput, {
      format: formatCount,
      lines: [
        { label: 'Reads', colour: 'accent' },
        { label: 'Writes', colour: 'writes' },
      ],
    });
    this.#latency = new LineChart(latency, {
      format: formatMs,
      logarithmic: true,
      lines: [
        { label: 'Reads p50', colour: 'accent', dashed: true },
        { label: 'Reads p99', colour: 'accent' },
        { label: 'Writes p50', colour: 'writes', dashed: true },
        { label: 'Writes p99', colour: 'writes' },
      ],
    });
    feed.listen((point) => this.#show(point));
  }

  /** A view that nobody sees costs nothing. */
  get #isSeen(): boolean {
    return !byId('overview').hidden;
  }

  /** Shows at once what is known. */
  open(): void {
    const point = this.#feed.points.at(-1);
    if (point !== undefined) this.#show(point);
  }

  /** Another user may be told what the last one was not. */
  reset(): void {
    this.#tellsSegments = true;
    this.#merged = undefined;
    this.#given.hidden = true;
    this.#figures.hidden = false;
    this.#refusal.hidden = true;
  }

  /** Figures concern all keys: a user who is limited to some is told so, and where to go. */
  refuse(prefixes: readonly string[]): void {
    this.#figures.hidden = true;
    this.#refusal.hidden = false;
    const links = prefixes.map((prefix) =>
      element('li', {}, element('a', { href: addressOf(prefix) }, prefix)),
    );
    this.#refusal.replaceChildren(
      element('h2', {}, 'What you may see'),
      element('p', {}, 'The figures concern all keys, and are not for you.'),
      prefixes.length === 0
        ? element('p', { class: 'muted' }, 'Ask who runs this daemon for the role "read".')
        : element('p', { class: 'muted' }, 'Yours are the keys that begin with:'),
      element('ul', { class: 'prefixes' }, ...links),
    );
  }

  #logPanel(): HTMLElement {
    const marks = key(['live', 'Live'], ['dead', 'Dead']);
    const all = element('details', {}, element('summary', {}, 'As a table'), this.#segments);
    return panel(
      'The log',
      marks,
      this.#picture,
      this.#merge.element,
      this.#given,
      this.#logNote,
      all,
    );
  }

  #show(point: Point): void {
    this.#noteMerge(point.stats);
    if (!this.#isSeen) return;
    this.#tiles.show(point);
    this.#merge.show(point.stats.merge);
    this.#throughput.show(throughputOf(this.#feed.points));
    this.#latency.show(latenciesOf(this.#feed.points));
    this.#operations.replaceChildren(latencyTable(point.stats));
    void this.#drawSegments(point.stats);
  }

  /** What a merge gave back that came to its end since the last sample. */
  #noteMerge({ merge: { runs }, log: { deadBytes } }: Stats): void {
    const before = this.#merged;
    this.#merged = { runs, deadBytes };
    if (before === undefined || runs <= before.runs || deadBytes >= before.deadBytes) return;
    const given = formatBytes(before.deadBytes - deadBytes);
    this.#given.textContent = `The last merge gave back about ${given}.`;
    this.#given.hidden = false;
  }

  async #drawSegments(stats: Stats): Promise<void> {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    try {
      const told = this.#tellsSegments ? await fetchSegments(this.#api) : undefined;
      this.#tellsSegments = told !== undefined;
      this.#logNote.hidden = this.#tellsSegments;
      this.#logNote.textContent = 'The segments one by one are not told here; this is all of them.';
      const segments = told ?? [wholeLog(stats)];
      drawLog(this.#picture, segments);
      this.#segments.replaceChildren(segmentTable(segments));
    } catch {
      // the feed says that the daemon is in trouble
    } finally {
      this.#isDrawing = false;
    }
  }
}

function wholeLog({ log, merge }: Stats): SegmentFigures {
  const { bytes, liveBytes } = log;
  const isMerging = merge.state !== 'idle';
  return { id: 1, bytes, liveBytes, isActive: true, isMerged: false, isMerging };
}

function panel(title: string, ...content: Node[]): HTMLElement {
  return element('section', { class: 'panel stack' }, element('h2', {}, title), ...content);
}

function key(...lines: readonly (readonly [string, string])[]): HTMLElement {
  return element(
    'ul',
    { class: 'legend' },
    ...lines.map(([name, text]) =>
      element('li', {}, element('span', { class: `swatch ${name}` }), text),
    ),
  );
}

function throughputOf(points: readonly Point[]): ChartData {
  return [
    points.map(({ atMs }) => atMs / 1000),
    points.map(({ rates }) => rates?.reads ?? null),
    points.map(({ rates }) => rates?.writes ?? null),
  ];
}

function latenciesOf(points: readonly Point[]): ChartData {
  const line = (kind: 'read' | 'write', quantile: 'p50Ms' | 'p99Ms') =>
    // a logarithm wants something above 0
    points.map(({ stats }) => latencyOf(stats, kind)?.[quantile] || null);
  return [
    points.map(({ atMs }) => atMs / 1000),
    line('read', 'p50Ms'),
    line('read', 'p99Ms'),
    line('write', 'p50Ms'),
    line('write', 'p99Ms'),
  ];
}

function latencyTable({ server }: Stats): HTMLElement {
  const rows = Object.entries(server.latency)
    .filter(([, { recent }]) => recent.count > 0)
    .sort(([, a], [, b]) => b.recent.count - a.recent.count)
    .map(([name, { recent, count }]) => [
      name,
      kindOf(name),
      formatCount(count),
      formatMs(recent.p50Ms),
      formatMs(recent.p99Ms),
      formatMs(recent.maxMs),
    ]);
  const heads = ['Operation', 'Kind', 'Requests', 'p50', 'p99', 'Slowest'];
  if (rows.length === 0) return element('p', { class: 'muted' }, 'No request in the last seconds.');
  return table('Latency by operation, of the last 10 to 20 seconds', heads, rows);
}

function segmentTable(segments: readonly SegmentFigures[]): HTMLElement {
  const rows = segments.slice(-ROWS_MAX).map((segment) => {
    const { id, bytes, liveBytes, isActive, isMerging, isMerged } = segment;
    const state = isMerging ? 'being merged' : isActive ? 'appended to' : 'sealed';
    return [
      String(id),
      isMerged ? `${state}, by a merge` : state,
      formatBytes(liveBytes),
      formatBytes(bytes - liveBytes),
      formatPercent(bytes - liveBytes, bytes),
    ];
  });
  return table('Segments', ['Segment', 'State', 'Live', 'Dead', 'Dead share'], rows);
}
