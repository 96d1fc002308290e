/** The bar: what is asked of this system, as ratios to its peers measured in the same run. */

import type { Bound } from './bound.ts';

export interface Goal {
  readonly text: string;
  readonly unit: string;
  readonly bound: Bound;
}

const times = (text: string, atLeast: number): Goal => ({ text, unit: 'x', bound: { atLeast } });

/** In the order of the table at the end of the page. Keys stand in the results: never rename one. */
export const GOALS = {
  'set-p16-everysec': times('SET, pipeline 16, 50 connections, vs Redis everysec', 1.2),
  'set-p16-always': times('SET, pipeline 16, 50 connections, vs Redis always', 1.5),
  'set-50-everysec': times('SET one by one, 50 connections, vs Redis everysec', 1.0),
  'set-50-always': times('SET one by one, 50 connections, vs Redis always', 1.2),
  'set-1-always': times('SET one by one, 1 connection, vs Redis always', 0.95),
  'get-p16-cache': times('GET, pipeline 16, from the value cache, vs Redis', 1.0),
  'get-p16-page-cache': times('GET, pipeline 16, from the page cache, vs Redis', 0.6),
  'get-50': times('GET one by one, 50 connections, vs Redis', 1.0),
  'native-pipelined': times(
    "native client pipelined, vs redis-benchmark's GET one by one of Redis",
    8,
  ),
  'native-50': times(
    "native client one by one, 50 connections, vs redis-benchmark's GET one by one of Redis",
    1.1,
  ),
  'range-redis': times('range of 100 vs Redis (ZRANGEBYLEX + MGET)', 3),
  'range-etcd': times('range of 100 vs etcd', 20),
  'memory-structural': {
    text: 'memory per key over the key bytes, structural',
    unit: 'bytes',
    bound: { atMost: 48 },
  },
  'memory-resident': {
    text: 'memory per key over the key bytes, resident',
    unit: 'bytes',
    bound: { atMost: 60 },
  },
  'insert-stall': {
    text: 'worst stall of a single insert while growing',
    unit: 'ms',
    bound: { atMost: 10 },
  },
  'restart-first-get': times("restart, first GET, vs Redis' RDB", 3),
  'restart-ready': times("restart, all ready, vs Redis' RDB", 2.5),
  'cold-reads': times('cold random 1 KB reads vs fio psync with 16 jobs', 0.9),
  'merge-p99': {
    text: 'SET always, p99 while merging vs idle',
    unit: 'x',
    bound: { atMost: 2 },
  },
  'loop-delay': {
    text: 'event loop delay p99.99 over that of an idle process',
    unit: 'ms',
    bound: { atMost: 20 },
  },
  'merge-speed': times('merge: speed vs cp of the same live bytes', 0.5),
  'merge-written': {
    text: 'merge: bytes written per byte of garbage reclaimed',
    unit: '',
    bound: {},
  },
} as const satisfies Readonly<Record<string, Goal>>;

export type GoalId = keyof typeof GOALS;
