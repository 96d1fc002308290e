/** What STATS says of the process and its machine, for people. */

import { formatByteCount, formatCount, formatDuration } from '../quantity.ts';
import { type Facts, factsAt, isFacts, numberAt, shareOf } from './facts.ts';
import { inWords } from './generic-groups.ts';
import { row, type Section } from './section.ts';
import { formatMs } from './server-sections.ts';
import { percent } from './store-sections.ts';

function bytes(count: number | undefined): string | undefined {
  return count === undefined ? undefined : formatByteCount(count);
}

function bytesOf(part: number | undefined, whole: number | undefined): string | undefined {
  if (part === undefined || whole === undefined) return bytes(part);
  return `${formatByteCount(part)} of ${formatByteCount(whole)}`;
}

/** Milliseconds of work, and their share of the time that passed. */
function timeOf(ms: number | undefined, ofMs: number | undefined): string | undefined {
  if (ms === undefined) return undefined;
  return `${formatDuration(Math.round(ms))} (${percent(shareOf(ms, ofMs))})`;
}

export function processSection(stats: Facts): Section {
  const process = factsAt(stats, 'process');
  const loop = factsAt(stats, 'eventLoop');
  const uptimeMs = numberAt(process, 'uptimeMs');
  const [user, system] = [numberAt(process, 'cpuUserMs'), numberAt(process, 'cpuSystemMs')];
  const cpuMs = user === undefined || system === undefined ? undefined : user + system;
  const lags = ['p50Ms', 'p99Ms', 'maxMs'].map((name) => formatMs(numberAt(loop, name)));
  const open = numberAt(process, 'openFiles');
  const openMax = numberAt(process, 'openFilesMax');
  return {
    title: 'Process',
    rows: [
      ...row('pid', numberAt(process, 'pid')?.toString()),
      ...row('memory', bytes(numberAt(process, 'rssBytes'))),
      ...row(
        '  heap',
        bytesOf(numberAt(process, 'heapUsedBytes'), numberAt(process, 'heapMaxBytes')),
      ),
      ...row('  outside of it', bytes(numberAt(process, 'externalBytes'))),
      ...row('CPU', timeOf(cpuMs, uptimeMs)),
      ...row('  of the thread that serves', timeOf(numberAt(process, 'mainThreadCpuMs'), uptimeMs)),
      ...row(
        'lag of the event loop',
        lags.every((lag) => lag === '-')
          ? undefined
          : `p50 ${lags[0]}, p99 ${lags[1]}, max ${lags[2]} ms, in the last 30 to 60 s`,
      ),
      ...row(
        'open files',
        open === undefined ? undefined : `${formatCount(open)} of ${formatCount(openMax ?? 0)}`,
      ),
    ],
  };
}

export function collectionsSection(stats: Facts): Section {
  const rows = Object.entries(factsAt(stats, 'collections')).flatMap(([kind, facts]) => {
    if (!isFacts(facts) || (numberAt(facts, 'count') ?? 0) === 0) return [];
    const times = ['sumMs', 'p50Ms', 'p99Ms', 'maxMs'].map((name) =>
      formatMs(numberAt(facts, name)),
    );
    return [[inWords(kind), formatCount(numberAt(facts, 'count') ?? 0), ...times]];
  });
  const head = ['', 'times', 'together', 'p50', 'p99', 'max'];
  return { title: 'Garbage collections, in ms', head, rows };
}

export function machineSection(stats: Facts): Section {
  const system = factsAt(stats, 'system');
  const loads = ['load1', 'load5', 'load15'].flatMap((name) => {
    const load = numberAt(system, name);
    return load === undefined ? [] : [load.toFixed(2)];
  });
  const available = numberAt(system, 'memoryAvailableBytes');
  const memory = bytesOf(available, numberAt(system, 'memoryBytes'));
  return {
    title: 'Machine',
    rows: [
      ...row('CPUs', numberAt(system, 'cpus')?.toString()),
      ...row('load', loads.length === 0 ? undefined : loads.join(', ')),
      ...row('memory available', memory),
    ],
  };
}
