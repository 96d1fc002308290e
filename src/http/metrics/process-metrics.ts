/** Metrics of the daemon's process and of its machine. */

import type { HostFigures } from '../../host/host-figures.ts';
import { durationBy } from './duration-metric.ts';
import { counter, counterBy, gauge, gaugeBy, type MetricDefinition } from './metric-definition.ts';

type Row = readonly [name: string, help: string, pick: (host: HostFigures) => number | null];

const MS_PER_SECOND = 1000;

const GAUGES: readonly Row[] = [
  [
    'caskd_process_start_time_seconds',
    'When the process started, in seconds since 1970.',
    ({ process }) => process.startedAt / MS_PER_SECOND,
  ],
  ['caskd_process_resident_memory_bytes', 'Resident memory.', ({ process }) => process.rssBytes],
  ['caskd_process_heap_bytes', 'Used part of the heap.', ({ process }) => process.heapUsedBytes],
  ['caskd_process_heap_size_bytes', 'Size of the heap.', ({ process }) => process.heapTotalBytes],
  [
    'caskd_process_heap_max_bytes',
    'How far the heap may grow.',
    ({ process }) => process.heapMaxBytes,
  ],
  [
    'caskd_process_external_memory_bytes',
    'Memory outside of the heap that objects hold.',
    ({ process }) => process.externalBytes,
  ],
  ['caskd_process_open_fds', 'Open descriptors.', ({ process }) => process.openFiles],
  ['caskd_process_max_fds', 'Descriptors allowed.', ({ process }) => process.openFilesMax],
  [
    'caskd_event_loop_lag_max_seconds',
    'Longest lag of the event loop within the last 30 to 60 seconds.',
    ({ eventLoop }) => eventLoop.maxMs / MS_PER_SECOND,
  ],
  ['caskd_system_cpus', 'CPUs that the process may use.', ({ system }) => system.cpus],
  ['caskd_system_memory_bytes', 'Memory of the machine.', ({ system }) => system.memoryBytes],
  [
    'caskd_system_memory_available_bytes',
    'Memory of the machine that can be had without swapping.',
    ({ system }) => system.memoryAvailableBytes,
  ],
];

export const PROCESS_METRICS: readonly MetricDefinition[] = [
  {
    name: 'caskd_build_info',
    type: 'gauge',
    help: 'Always 1; the labels say what runs.',
    labels: ['version', 'node', 'platform', 'arch'],
    samples: ({ version }) => {
      const { version: node, platform, arch } = process;
      return [{ value: 1, labels: { version, node, platform, arch } }];
    },
  },
  counterBy(
    'level',
    'caskd_log_lines_total',
    "Lines of the daemon's log.",
    ({ logLines }) => logLines,
  ),
  ...GAUGES.map(([name, help, pick]) => gauge(name, help, ({ host }) => pick(host))),
  counterBy(
    'mode',
    'caskd_process_cpu_seconds_total',
    'CPU time of all threads of the process.',
    ({ host }) => ({
      user: host.process.cpuUserMs / MS_PER_SECOND,
      system: host.process.cpuSystemMs / MS_PER_SECOND,
    }),
  ),
  counter(
    'caskd_process_main_thread_cpu_seconds_total',
    'CPU time of the thread that serves.',
    ({ host }) => host.process.mainThreadCpuMs / MS_PER_SECOND,
  ),
  counterBy(
    'state',
    'caskd_event_loop_seconds_total',
    'Time that the event loop was active, or idle and waiting.',
    ({ host }) => ({
      active: host.eventLoop.activeMs / MS_PER_SECOND,
      idle: host.eventLoop.idleMs / MS_PER_SECOND,
    }),
  ),
  gaugeBy(
    'quantile',
    'caskd_event_loop_lag_seconds',
    'Lag of the event loop within the last 30 to 60 seconds.',
    ({ host }) => ({
      '0.5': host.eventLoop.p50Ms / MS_PER_SECOND,
      '0.99': host.eventLoop.p99Ms / MS_PER_SECOND,
    }),
  ),
  durationBy(
    'kind',
    'caskd_gc_duration_seconds',
    'Time of a garbage collection.',
    ({ collections }) => collections,
  ),
  gaugeBy('minutes', 'caskd_system_load', 'Load average of the machine.', ({ host }) => ({
    '1': host.system.load1,
    '5': host.system.load5,
    '15': host.system.load15,
  })),
  counterBy(
    'mode',
    'caskd_system_cpu_seconds_total',
    'CPU time of the machine, all CPUs together.',
    ({ host: { system } }) => ({
      user: seconds(system.cpuUserMs),
      system: seconds(system.cpuSystemMs),
      iowait: seconds(system.cpuIowaitMs),
      idle: seconds(system.cpuIdleMs),
      steal: seconds(system.cpuStealMs),
    }),
  ),
];

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / MS_PER_SECOND;
}
