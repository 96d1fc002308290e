/** Lines over time as an SVG: panels below each other that share the axis of time. */

import { escaped, roundUp } from '../charts/svg-text.ts';

export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly isDashed?: boolean;
  /** Seconds and value; undefined: a gap. */
  readonly points: readonly (readonly [number, number | undefined])[];
}

export interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
}

export interface Chart {
  readonly title: string;
  readonly seconds: number;
  /** Moments that a thin line marks in every panel. */
  readonly marks: readonly number[];
  readonly panels: readonly Panel[];
}

const WIDTH = 960;
const LEFT = 70;
const RIGHT = 20;
const TOP = 40;
const PANEL_HEIGHT = 180;
const PANEL_STEP = PANEL_HEIGHT + 60;
const TICKS = 4;
const TICKS_OF_TIME = 8;

export function svgOf({ title, seconds, marks, panels }: Chart): string {
  const height = TOP + panels.length * PANEL_STEP;
  const across = (at: number) => LEFT + (at / Math.max(1, seconds)) * (WIDTH - LEFT - RIGHT);
  const drawn = panels.map((panel, index) => {
    return drawPanel(panel, TOP + 30 + index * PANEL_STEP, { seconds, marks, across });
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    `<text x="${LEFT}" y="24" font-size="16">${escaped(title)}</text>`,
    ...drawn.flat(),
    '</svg>\n',
  ].join('\n');
}

interface TimeAxis {
  readonly seconds: number;
  readonly marks: readonly number[];
  readonly across: (seconds: number) => number;
}

function drawPanel({ title, series }: Panel, top: number, axis: TimeAxis): string[] {
  const { across } = axis;
  const bottom = top + PANEL_HEIGHT;
  const end = roundUp(greatest(series));
  const up = (value: number) => bottom - (value / end) * PANEL_HEIGHT;
  const lines = [`<text x="${LEFT}" y="${top - 8}" font-weight="bold">${escaped(title)}</text>`];
  for (let tick = 0; tick <= TICKS; tick += 1) {
    const value = (end * tick) / TICKS;
    const y = up(value).toFixed(1);
    lines.push(`<path d="M${LEFT} ${y}H${WIDTH - RIGHT}" stroke="#ddd"/>`);
    lines.push(`<text x="${LEFT - 6}" y="${y}" text-anchor="end" dy="4">${value}</text>`);
  }
  for (let tick = 0; tick <= TICKS_OF_TIME; tick += 1) {
    const at = (axis.seconds * tick) / TICKS_OF_TIME;
    const text = `<text x="${across(at)}" y="${bottom + 16}" text-anchor="middle">`;
    lines.push(`${text}${Math.round(at)} s</text>`);
  }
  for (const at of axis.marks) {
    lines.push(
      `<path d="M${across(at).toFixed(1)} ${top}V${bottom}" stroke="#c00" opacity="0.4"/>`,
    );
  }
  for (const [index, { name, colour, isDashed, points }] of series.entries()) {
    const dash = isDashed ? ' stroke-dasharray="6 4"' : '';
    lines.push(`<path d="${pathOf(points, across, up)}" fill="none" stroke="${colour}"${dash}/>`);
    const x = LEFT + 260 + index * 170;
    lines.push(`<text x="${x}" y="${top - 8}" fill="${colour}">${escaped(name)}</text>`);
  }
  return lines;
}

function pathOf(
  points: Series['points'],
  across: (seconds: number) => number,
  up: (value: number) => number,
): string {
  let isDrawing = false;
  let path = '';
  for (const [seconds, value] of points) {
    if (value !== undefined) {
      path += `${isDrawing ? 'L' : 'M'}${across(seconds).toFixed(1)} ${up(value).toFixed(1)}`;
    }
    isDrawing = value !== undefined;
  }
  return path;
}

function greatest(series: readonly Series[]): number {
  let max = 0;
  for (const { points } of series) {
    for (const [, value] of points) max = Math.max(max, value ?? 0);
  }
  return max;
}
