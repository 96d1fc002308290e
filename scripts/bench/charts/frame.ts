/** The frame of a chart: title, axis upwards with its grid, legend. */

import { escaped } from '../../charts/svg-text.ts';

export const WIDTH = 900;
export const HEIGHT = 380;
export const LEFT = 80;
export const RIGHT = 20;
export const TOP = 70;
export const BOTTOM = 330;

const COLOURS = ['#1f6feb', '#d1495b', '#edae49', '#3a7d44', '#7b5ea7', '#5c677d', '#00798c'];

export function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length] as string;
}

/** @returns the SVG around what is drawn between the axes */
export function framed(title: string, series: readonly string[], drawn: readonly string[]): string {
  const legend = series.map((name, index) => {
    const x = LEFT + index * Math.min(180, (WIDTH - LEFT) / series.length);
    const swatch = `<rect x="${x}" y="42" width="12" height="12" fill="${colourOf(index)}"/>`;
    return `${swatch}<text x="${x + 17}" y="52">${escaped(name)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<text x="${LEFT}" y="24" font-size="16">${escaped(title)}</text>`,
    ...legend,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

/** Lines across at these values, each with its number. */
export function grid(
  ticks: readonly number[],
  up: (value: number) => number,
  unit: string,
): string[] {
  return ticks.flatMap((value, index) => {
    const y = up(value).toFixed(1);
    const text = value.toLocaleString('en', { maximumSignificantDigits: 4 });
    const isLast = index === ticks.length - 1;
    return [
      `<path d="M${LEFT} ${y}H${WIDTH - RIGHT}" stroke="#ddd"/>`,
      `<text x="${LEFT - 6}" y="${y}" text-anchor="end" dy="4">${text}${isLast ? ` ${escaped(unit)}` : ''}</text>`,
    ];
  });
}
