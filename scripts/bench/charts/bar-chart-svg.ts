/** Bars side by side in groups. */

import { escaped } from '../../charts/svg-text.ts';
import { numberText } from '../report/format.ts';
import { axisOf } from './axis.ts';
import type { BarChart } from './chart.ts';
import { BOTTOM, colourOf, framed, grid, LEFT, RIGHT, TOP, WIDTH } from './frame.ts';

/** Of the room of a group. */
const BARS_SHARE = 0.8;
/** Narrower bars go without their number. */
const NUMBER_PX_MIN = 26;

export function barChartSvg({ title, unit, series, groups }: BarChart): string {
  const values = groups.flatMap((group) => group.values.map((value) => value ?? 0));
  const { ticks, place } = axisOf(values, false, BOTTOM, TOP);
  const room = (WIDTH - LEFT - RIGHT) / Math.max(1, groups.length);
  const width = (room * BARS_SHARE) / Math.max(1, series.length);
  const drawn = groups.flatMap((group, at) => {
    const start = LEFT + at * room + (room * (1 - BARS_SHARE)) / 2;
    const middle = LEFT + (at + 0.5) * room;
    const bars = group.values.flatMap((value, index) =>
      value === null ? [] : [bar(start + index * width, place(value), width, value, index)],
    );
    return [...bars, ...groupName(group.name, middle)];
  });
  return framed(title, series, [...grid(ticks, place, unit), ...drawn]);
}

function bar(x: number, y: number, width: number, value: number, index: number): string {
  const height = (BOTTOM - y).toFixed(1);
  const rect = `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${(width - 2).toFixed(1)}" height="${height}" fill="${colourOf(index)}"/>`;
  if (width < NUMBER_PX_MIN) return rect;
  const middle = (x + width / 2 - 1).toFixed(1);
  return `${rect}<text x="${middle}" y="${(y - 4).toFixed(1)}" text-anchor="middle" font-size="10">${numberText(value)}</text>`;
}

/** A line for each part that a comma ends. */
function groupName(name: string, middle: number): string[] {
  return name.split(', ').map((part, line) => {
    const y = BOTTOM + 16 + line * 14;
    return `<text x="${middle.toFixed(1)}" y="${y}" text-anchor="middle" font-size="11">${escaped(part)}</text>`;
  });
}
