/** What a soak found: its figures, what they mean, and how they look. */

import Table from 'cli-table3';
import { median } from '../bench/report/statistics.ts';
import type { MemoryTrend } from './memory-trend.ts';
import type { Sample } from './sampler.ts';
import { svgOf } from './svg-chart.ts';

export interface SoakReport {
  readonly seed: number;
  readonly seconds: number;
  readonly samples: readonly Sample[];
  /** When the daemon came to serve again, in seconds since the start. */
  readonly restarts: readonly number[];
  readonly kills: number;
  readonly stops: number;
  readonly operations: number;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly refused: number;
  readonly conflicts: number;
  readonly rangesDeleted: number;
  readonly readsVerified: number;
  readonly fullChecks: number;
  readonly valuesChecked: number;
  /** Merges, backups and so on that came to their end. */
  readonly chores: Readonly<Record<string, number>>;
  readonly boundBytes: number;
  /** Of the last life. */
  readonly memory: MemoryTrend;
  readonly maxBytes: number;
  /** Of the last life, without clients and segments: before the load and after it. */
  readonly descriptors: { readonly before: number; readonly after: number };
  readonly chartPath: string;
}

/** What is opened on first need and stays: the worker thread of merges, the connection that asks. */
const DESCRIPTORS_MORE_MAX = 16;
const MIB = 1024 * 1024;

/** What is wrong; empty: nothing. */
export function problemsOf({ descriptors, maxBytes, boundBytes }: SoakReport): string[] {
  const problems: string[] = [];
  const { before, after } = descriptors;
  if (after > before + DESCRIPTORS_MORE_MAX) {
    problems.push(
      `descriptors leak: ${before} before the load, ${after} after it; ${DESCRIPTORS_MORE_MAX} more are allowed`,
    );
  }
  if (maxBytes > boundBytes) {
    problems.push(`memory came to ${mib(maxBytes)} MiB, and the bound is ${mib(boundBytes)} MiB`);
  }
  return problems;
}

/** The report as lines for people. */
export function summaryOf(report: SoakReport): string[] {
  const { descriptors, memory, chores } = report;
  const done = Object.entries(chores).map(([name, count]) => `${count} ${name}`);
  return [
    tableOf(report.samples),
    `${Math.round(report.seconds)} s; ${report.kills} kills, ${report.stops} stops; ${done.join(', ')}`,
    `${report.operations} operations; writes: ${report.acknowledged} acknowledged, ` +
      `${report.unknown} unknown, ${report.refused} refused (${report.conflicts} by their condition), ` +
      `${report.rangesDeleted} ranges deleted`,
    `${report.readsVerified} entries read and verified as they were read, ` +
      `${report.valuesChecked} in ${report.fullChecks} walks over everything; wrong or lost 0`,
    `descriptors without clients and segments: ${descriptors.before} before the load, ` +
      `${descriptors.after} after it (${DESCRIPTORS_MORE_MAX} more are allowed)`,
    `resident memory: at most ${mib(report.maxBytes)} MiB of ${mib(report.boundBytes)} allowed`,
    `  in the last life: ${trendOf(memory)}`,
    `chart: ${report.chartPath}`,
  ];
}

function trendOf({ slopeBytesPerMinute, growthBytes, levelsOff }: MemoryTrend): string {
  if (levelsOff === undefined) return 'too short to say whether it levels off';
  const slope = `${mib(slopeBytesPerMinute, 1)} MiB a minute over its second half`;
  const growth = `its last quarter ${mib(growthBytes, 1)} MiB above the one before`;
  return `${slope}, ${growth}: it ${levelsOff ? 'levels off' : 'still grows'}`;
}

const ROWS: readonly (readonly [string, string, (sample: Sample) => number | undefined])[] = [
  ['resident memory', 'MiB', ({ residentBytes }) => residentBytes / MIB],
  ['V8 heap', 'MiB', ({ heapTotalBytes }) => heapTotalBytes / MIB],
  ['  of it in use', 'MiB', ({ heapUsedBytes }) => heapUsedBytes / MIB],
  ['buffers', 'MiB', ({ externalBytes }) => externalBytes / MIB],
  ['  of it array buffers', 'MiB', ({ arrayBufferBytes }) => arrayBufferBytes / MIB],
  ['keydir and cache', 'MiB', ({ storeBytes }) => storeBytes / MIB],
  ['descriptors', '', ({ descriptors }) => descriptors],
  ['requests', '/s', ({ requestsPerSecond }) => requestsPerSecond],
  ['latency p50', 'ms', ({ p50Ms }) => p50Ms],
  ['latency p99', 'ms', ({ p99Ms }) => p99Ms],
  ['event loop lag p99', 'ms', ({ lagP99Ms }) => lagP99Ms],
  ['keys', '', ({ keys }) => keys],
  ['live bytes', 'MiB', ({ liveBytes }) => liveBytes / MIB],
  ['dead bytes', 'MiB', ({ deadBytes }) => deadBytes / MIB],
];

function tableOf(samples: readonly Sample[]): string {
  const table = new Table({
    head: ['each second', 'unit', 'first', 'least', 'median', 'most', 'last'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const [name, unit, figureOf] of ROWS) {
    const values = samples.map(figureOf).filter((value) => value !== undefined);
    const least = values.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
    const most = values.reduce((one, other) => Math.max(one, other), 0);
    const shown = [values[0], least, median(values), most, values.at(-1)];
    table.push([name, unit, ...shown.map((value) => number(value))]);
  }
  return table.toString();
}

function number(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '-';
  return value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 });
}

function mib(bytes: number, digits = 0): string {
  return (bytes / MIB).toFixed(digits);
}

export function chartOf({ seed, seconds, samples, restarts, boundBytes }: SoakReport): string {
  /** A line is broken where the daemon was started anew. */
  const line = (figureOf: (sample: Sample) => number | undefined) =>
    samples.flatMap((sample, index) => {
      const before = samples[index - 1];
      const isNew = before !== undefined && before.life !== sample.life;
      const point = [sample.seconds, figureOf(sample)] as const;
      return isNew ? [[sample.seconds, undefined] as const, point] : [point];
    });
  const bound = [0, seconds].map((at) => [at, boundBytes / MIB] as const);
  const inMib = (bytesOf: (sample: Sample) => number) => line((sample) => bytesOf(sample) / MIB);
  return svgOf({
    title: `soak, seed ${seed}, ${Math.round(seconds)} s; red: restarts`,
    seconds,
    marks: restarts,
    panels: [
      {
        title: 'resident memory, MiB',
        series: [
          { name: 'daemon', colour: '#06c', points: inMib((sample) => sample.residentBytes) },
          { name: 'bound', colour: '#888', isDashed: true, points: bound },
        ],
      },
      {
        title: 'parts of it, MiB',
        series: [
          { name: 'V8 heap', colour: '#c0c', points: inMib((sample) => sample.heapTotalBytes) },
          { name: 'heap in use', colour: '#06c', points: inMib((sample) => sample.heapUsedBytes) },
          { name: 'buffers', colour: '#e80', points: inMib((sample) => sample.externalBytes) },
          { name: 'keydir, cache', colour: '#080', points: inMib((sample) => sample.storeBytes) },
        ],
      },
      {
        title: 'latency of the prober, ms',
        series: [
          { name: 'p99', colour: '#e80', points: line(({ p99Ms }) => p99Ms) },
          { name: 'p50', colour: '#06c', points: line(({ p50Ms }) => p50Ms) },
        ],
      },
      {
        title: 'requests a second',
        series: [
          { name: 'all', colour: '#080', points: line((sample) => sample.requestsPerSecond) },
        ],
      },
      {
        title: 'log, MiB',
        series: [
          { name: 'dead', colour: '#888', points: line(({ deadBytes }) => deadBytes / MIB) },
          { name: 'live', colour: '#06c', points: line(({ liveBytes }) => liveBytes / MIB) },
        ],
      },
      {
        title: 'open descriptors',
        series: [{ name: 'all', colour: '#06c', points: line(({ descriptors }) => descriptors) }],
      },
    ],
  });
}
