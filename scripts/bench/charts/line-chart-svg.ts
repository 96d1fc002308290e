/** Lines over a number: keys, sizes, seconds. */

import { escaped } from '../../charts/svg-text.ts';
import { axisOf } from './axis.ts';
import type { LineChart } from './chart.ts';
import { BOTTOM, colourOf, framed, grid, LEFT, RIGHT, TOP, WIDTH } from './frame.ts';

export function lineChartSvg({ title, unit, across, isLogarithmic, series }: LineChart): string {
  const points = series.flatMap((one) => one.points);
  const upwards = axisOf(
    points.map(([, value]) => value),
    isLogarithmic,
    BOTTOM,
    TOP,
  );
  const sideways = axisOf(
    points.map(([at]) => at),
    across.isLogarithmic,
    LEFT,
    WIDTH - RIGHT,
  );
  const ticks = sideways.ticks.map((value) => {
    const text = value.toLocaleString('en', { maximumSignificantDigits: 4 });
    return `<text x="${sideways.place(value).toFixed(1)}" y="${BOTTOM + 16}" text-anchor="middle">${text}</text>`;
  });
  const lines = series.flatMap((one, index) => {
    const places = one.points.map(
      ([at, value]) => `${sideways.place(at).toFixed(1)} ${upwards.place(value).toFixed(1)}`,
    );
    return `<path d="M${places.join('L')}" fill="none" stroke="${colourOf(index)}" stroke-width="2"/>`;
  });
  const middle = (LEFT + WIDTH - RIGHT) / 2;
  return framed(
    title,
    series.map(({ name }) => name),
    [
      ...grid(upwards.ticks, upwards.place, unit),
      ...ticks,
      `<text x="${middle}" y="${BOTTOM + 36}" text-anchor="middle">${escaped(across.title)}</text>`,
      ...lines,
    ],
  );
}
