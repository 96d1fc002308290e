/** A chart as an SVG. */

import { barChartSvg } from './bar-chart-svg.ts';
import type { Chart } from './chart.ts';
import { lineChartSvg } from './line-chart-svg.ts';

export function chartSvg(chart: Chart): string {
  return chart.kind === 'bars' ? barChartSvg(chart) : lineChartSvg(chart);
}
