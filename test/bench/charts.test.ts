/** Charts of the benchmark: where their bars and lines come to lie. */

import { describe, expect, it } from 'vitest';
import { axisOf } from '../../scripts/bench/charts/axis.ts';
import { chartSvg } from '../../scripts/bench/charts/chart-svg.ts';

describe('an axis', () => {
  it('is linear from 0 to a round number', () => {
    const { ticks, place } = axisOf([3, 70], false, 100, 0);
    expect(ticks).toEqual([0, 20, 40, 60, 80]);
    expect([0, 40, 80].map(place)).toEqual([100, 50, 0]);
  });

  it('is logarithmic between powers of ten', () => {
    const { ticks, place } = axisOf([15, 900], true, 0, 100);
    expect(ticks).toEqual([10, 100, 1000]);
    expect([10, 100, 1000].map(place)).toEqual([0, 50, 100]);
    expect(place(0)).toBe(0);
  });

  it('has two ends even for one value, and for none', () => {
    expect(axisOf([10], true, 0, 100).ticks).toEqual([10, 100]);
    expect(axisOf([], false, 0, 100).ticks).toEqual([0, 0.25, 0.5, 0.75, 1]);
  });
});

describe('a chart', () => {
  it('draws a bar for each value that was measured, and escapes names', () => {
    const svg = chartSvg({
      kind: 'bars',
      name: 'n',
      title: 'a < b',
      unit: 'k/s',
      series: ['caskd', 'redis'],
      groups: [
        { name: 'SET, one', values: [80, 40] },
        { name: 'GET', values: [20, null] },
      ],
    });
    expect(svg).toContain('a &lt; b');
    // background, two of the legend, three bars
    expect(svg.match(/<rect /g)).toHaveLength(6);
    const heights = [...svg.matchAll(/height="(\d+\.\d)" fill="#(?:1f6feb|d1495b)"/g)];
    expect(heights.map(([, height]) => Number(height))).toEqual([260, 130, 65]);
  });

  it('draws a line for each series', () => {
    const svg = chartSvg({
      kind: 'lines',
      name: 'n',
      title: 't',
      unit: 'us',
      across: { title: 'keys', isLogarithmic: true },
      isLogarithmic: false,
      series: [
        {
          name: 'get',
          points: [
            [10, 0],
            [1000, 80],
          ],
        },
        { name: 'put', points: [[100, 40]] },
      ],
    });
    expect([...svg.matchAll(/<path d="(M[^"]+)" fill="none"/g)].map(([, path]) => path)).toEqual([
      'M80.0 330.0L880.0 70.0',
      'M480.0 200.0',
    ]);
  });
});
