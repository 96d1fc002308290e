/**
 * The log as a row of segments, oldest on the left. A column is as high as its segment is large:
 * live bytes stand below, dead ones hatched above. What a merge reads has a moving frame.
 */

import { drawing } from './element.ts';
import { formatBytes, formatPercent } from './format.ts';
import { type Column, columnsOf, type SegmentFigures } from './segments.ts';

const WIDTH = 1000;
const HEIGHT = 180;
const LABEL = 18;
const COLUMNS_MAX = 160;
const COLUMN_MAX = 90;
/** Of a column's place; the rest is the gap. */
const FILLED = 0.82;
const LABELLED_FROM = 34;
/** So that a small one is seen. */
const MARK_MIN = 2;

/** Fills the drawing, and says in words what it shows. */
export function drawLog(place: SVGSVGElement, segments: readonly SegmentFigures[]): void {
  const width = Math.max(1, place.clientWidth || WIDTH);
  const columns = columnsOf(segments, Math.min(COLUMNS_MAX, Math.floor(width / 6)));
  const highest = Math.max(1, ...columns.map(({ bytes }) => bytes));
  const pitch = Math.min(COLUMN_MAX, width / Math.max(1, columns.length));
  const base = HEIGHT - LABEL;
  place.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
  place.setAttribute('aria-label', inWords(segments));
  place.replaceChildren(
    hatching(),
    ...columns.map((column, index) => {
      const left = index * pitch + (pitch * (1 - FILLED)) / 2;
      return drawColumn(column, { left, width: pitch * FILLED, base, scale: (base - 4) / highest });
    }),
    drawing('line', { class: 'base', x1: 0, x2: width, y1: base, y2: base }),
  );
}

interface Place {
  readonly left: number;
  readonly width: number;
  readonly base: number;
  /** Units for each byte. */
  readonly scale: number;
}

function drawColumn(column: Column, { left, width, base, scale }: Place): SVGGElement {
  const { bytes, liveBytes, isActive, isMerging } = column;
  const live = liveBytes === 0 ? 0 : Math.max(MARK_MIN, liveBytes * scale);
  const dead = bytes === liveBytes ? 0 : Math.max(MARK_MIN, (bytes - liveBytes) * scale);
  const kind = isMerging ? 'segment merging' : isActive ? 'segment active' : 'segment';
  const bar = (name: string, top: number, height: number): SVGRectElement =>
    drawing('rect', { class: name, x: left, y: top, width, height });
  return drawing(
    'g',
    { class: kind },
    drawing('title', {}, titleOf(column)),
    bar('live', base - live, live),
    dead > 0 ? bar('dead', base - live - dead, dead) : undefined,
    bar('frame', base - live - dead, live + dead),
    width >= LABELLED_FROM
      ? drawing('text', { x: left + width / 2, y: HEIGHT - 4 }, nameOf(column))
      : undefined,
  );
}

function hatching(): SVGDefsElement {
  const pattern = { id: 'dead-space', width: 6, height: 6, patternUnits: 'userSpaceOnUse' };
  const line = { class: 'hatch', x1: 0, x2: 0, y1: 0, y2: 6 };
  return drawing(
    'defs',
    {},
    drawing('pattern', { ...pattern, patternTransform: 'rotate(45)' }, drawing('line', line)),
  );
}

function nameOf({ firstId, lastId }: Column): string {
  return firstId === lastId ? String(firstId) : `${firstId}–${lastId}`;
}

function titleOf(column: Column): string {
  const { bytes, liveBytes, isActive, isMerging } = column;
  const states = [isActive ? ', appended to' : '', isMerging ? ', being merged' : ''].join('');
  const dead = bytes - liveBytes;
  const share = formatPercent(dead, bytes);
  return `Segment ${nameOf(column)}: ${formatBytes(liveBytes)} live, ${formatBytes(dead)} dead (${share})${states}`;
}

function inWords(segments: readonly SegmentFigures[]): string {
  const sum = (figure: (segment: SegmentFigures) => number): number =>
    segments.reduce((total, segment) => total + figure(segment), 0);
  const bytes = sum((segment) => segment.bytes);
  const live = sum((segment) => segment.liveBytes);
  const merging = segments.filter(({ isMerging }) => isMerging).length;
  const merge = merging === 0 ? '' : `; ${merging} being merged`;
  return `The log: ${segments.length} segments, ${formatBytes(live)} live, ${formatBytes(bytes - live)} dead${merge}`;
}
