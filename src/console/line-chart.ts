/** A chart of figures over the last minutes. */

import { colour, onThemeChange } from './theme.ts';
import uPlot from './uplot.js';

export interface Line {
  readonly label: string;
  /** Of theme.css. */
  readonly colour: string;
  readonly dashed?: boolean;
}

export interface ChartOptions {
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** Powers of ten, for what lies far apart. */
  readonly logarithmic?: boolean;
}

const HEIGHT_PX = 190;
const AXIS_PX = 72;
const TIME_AXIS_PX = 32;
/** The labels have no parts of a second. */
const TICK_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300];
const TICK_SPACE_PX = 90;
const LOG_SCALE = 3;
/** A line of nothing is no mountain range. */
const RANGE_MIN = 10;

/** Seconds since 1970, then the values of each line. */
export type ChartData = [number[], ...(number | null)[][]];

export class LineChart {
  readonly #place: HTMLElement;
  readonly #options: ChartOptions;
  #plot: uPlot | undefined;
  #data: ChartData;

  constructor(place: HTMLElement, options: ChartOptions) {
    this.#place = place;
    this.#options = options;
    this.#data = [[], ...options.lines.map(() => [])];
    new ResizeObserver(() => this.#fit()).observe(place);
    onThemeChange(() => this.#renew());
  }

  show(data: ChartData): void {
    this.#data = data;
    this.#plot?.setData(data);
  }

  /** Colours are fixed when it is made. */
  #renew(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#fit();
  }

  #fit(): void {
    const width = this.#place.clientWidth;
    if (width === 0) return;
    if (this.#plot === undefined) {
      this.#plot = new uPlot(this.#plotOptions(width), this.#data, this.#place);
    } else this.#plot.setSize({ width, height: HEIGHT_PX });
  }

  #plotOptions(width: number): uPlot.Options {
    const { lines, format, logarithmic = false } = this.#options;
    const axis = {
      stroke: colour('muted'),
      grid: { stroke: colour('chart-grid'), width: 1 },
      ticks: { show: false },
      font: '12px system-ui, sans-serif',
    };
    const values = (_: uPlot, ticks: (number | null)[]): string[] =>
      ticks.map((tick) => (tick === null ? '' : format(tick)));
    const time = (_: uPlot, ticks: number[]): string[] =>
      ticks.map((tick) => new Date(tick * 1000).toLocaleTimeString('en-GB'));
    return {
      width,
      height: HEIGHT_PX,
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: true }, y: logarithmic ? { distr: LOG_SCALE } : { range: fromZero } },
      axes: [
        {
          ...{ ...axis, space: TICK_SPACE_PX, size: TIME_AXIS_PX, values: time },
          incrs: TICK_SECONDS,
        },
        { ...axis, size: AXIS_PX, values, grid: { ...axis.grid, filter: labelled(logarithmic) } },
      ],
      series: [
        {},
        ...lines.map(({ label, colour: name, dashed = false }) => ({
          label,
          stroke: colour(name),
          width: dashed ? 1.5 : 2,
          ...(dashed ? { dash: [5, 4] } : {}),
          points: { show: false },
        })),
      ],
    };
  }
}

/** Of a logarithmic axis the powers of ten have lines; uPlot takes null for none. */
function labelled(logarithmic: boolean) {
  return (_: uPlot, ticks: number[]): (number | null)[] =>
    ticks.map((tick) => (logarithmic && !Number.isInteger(Math.log10(tick)) ? null : tick));
}

function fromZero(_: uPlot, _low: number, high: number): [number, number] {
  return [0, Math.max(RANGE_MIN, high * 1.15)];
}
