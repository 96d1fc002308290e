/** What a simulated client does to a store: steps, and how sequences of them are made. */

import type { Durability } from '../../src/storage/store-options.ts';
import type { FaultSpec } from './fault-plan.ts';
import { SeededRandom } from './seeded-random.ts';

export type Condition = 'ifAbsent' | 'ifPresent' | 'ifRevision' | 'staleRevision';

export type Step =
  | {
      readonly op: 'put';
      readonly key: string;
      readonly bytes: number;
      readonly ttlMs?: number;
      readonly condition?: Condition;
    }
  | { readonly op: 'delete'; readonly key: string }
  /** Read, decide and write as one: the value depends on what was there. */
  | { readonly op: 'modify'; readonly key: string; readonly bytes: number }
  /** Another expiry, or without `ttlMs` none. */
  | { readonly op: 'touch'; readonly key: string; readonly ttlMs?: number }
  | { readonly op: 'clear' }
  /** From `key` on, itself included, up to `end`. */
  | { readonly op: 'deleteRange'; readonly key: string; readonly end: string }
  | {
      readonly op: 'batch';
      /** Without `bytes`: a delete. */
      readonly items: readonly { readonly key: string; readonly bytes?: number }[];
    }
  | { readonly op: 'roll' | 'merge' | 'mergeIfDue' | 'reopen' | 'sync' | 'read' }
  | { readonly op: 'backup'; readonly copies: boolean; readonly keep: number | undefined }
  | { readonly op: 'advance'; readonly ms: number };

export type TimedStep = Step & {
  /** The next step comes before this one is answered. */
  readonly isPipelined: boolean;
};

export type LatencyName = 'fast' | 'slow' | 'random';

export interface Workload {
  readonly name: string;
  readonly seed: number;
  readonly durability: Durability;
  readonly latency: LatencyName;
  readonly preallocateBytes: number;
  readonly mergesByItself: boolean;
  /** Input bytes of an automatic merge: few make it take one segment at a time. */
  readonly mergeInputBytes: number;
  readonly ballastBytes: number;
  /** So little space is free that a merge by hand takes few segments at a time. */
  readonly isTight: boolean;
  readonly steps: readonly TimedStep[];
  readonly fault: FaultSpec | undefined;
}

export const SEGMENT_BYTES = 4096;
export const SYNC_INTERVAL_MS = 1000;
const SHORT_TTL_MS = 60;
const LONG_TTL_MS = 3_600_000;
const ADVANCE_MS = 1500;
const MERGE_BYTES_ALL = 1 << 30;
const SMALL_BYTES = 120;
const LARGE_BYTES = 1000;
const DURABILITIES: readonly Durability[] = ['always', 'interval', 'os'];
const KEYS = ['a', 'b', 'c'] as const;
const HOT_TIMES = 9;

/** The kinds of steps of the exhaustive workloads. */
const KINDS = [
  'put',
  'delete',
  'batch',
  'ttl',
  'condition',
  'roll',
  'merge',
  'reopen',
  'advance',
] as const;
export type StepKind = (typeof KINDS)[number];

export const STEPS_MAX = 8;

/** How many sequences of that many kinds there are. */
export function sequencesOf(length: number): number {
  return KINDS.length ** length;
}

/** The `index`-th sequence of `length` steps, as one of the exhaustive workloads. */
export function exhaustiveWorkload(length: number, index: number): Workload {
  const kinds: StepKind[] = [];
  let rest = index;
  for (let at = 0; at < length; at += 1) {
    kinds.push(KINDS[rest % KINDS.length] as StepKind);
    rest = Math.floor(rest / KINDS.length);
  }
  // What is not in the kinds takes turns, so that all combinations of it come up.
  const turn = index + length;
  return {
    name: `exhaustive ${kinds.join(',')}`,
    seed: index,
    durability: DURABILITIES[turn % DURABILITIES.length] as Durability,
    latency: turn % 4 === 3 ? 'slow' : 'fast',
    preallocateBytes: turn % 2 === 0 ? 0 : 1024,
    mergesByItself: turn % 5 === 4,
    mergeInputBytes: turn % 2 === 0 ? 1 : MERGE_BYTES_ALL,
    ballastBytes: 0,
    isTight: turn % 3 === 1,
    steps: kinds.map((kind, at) => ({ ...stepOf(kind, at), isPipelined: (turn + at) % 3 === 0 })),
    fault: undefined,
  };
}

function stepOf(kind: StepKind, at: number): Step {
  const key = KEYS[at % 2] as string;
  const other = KEYS[(at + 1) % 2] as string;
  switch (kind) {
    case 'put':
      return { op: 'put', key, bytes: at % 3 === 2 ? LARGE_BYTES : SMALL_BYTES };
    case 'delete':
      return { op: 'delete', key: other };
    case 'batch':
      return {
        op: 'batch',
        items: [
          { key, bytes: SMALL_BYTES },
          { key: other },
          { key: 'c', bytes: 700 },
          { key, bytes: SMALL_BYTES + 1 },
        ],
      };
    case 'ttl':
      return {
        op: 'put',
        key,
        bytes: SMALL_BYTES,
        ttlMs: at % 2 === 0 ? SHORT_TTL_MS : LONG_TTL_MS,
      };
    case 'condition':
      return { op: 'put', key: other, bytes: LARGE_BYTES, condition: conditionAt(at) };
    case 'advance':
      return { op: 'advance', ms: ADVANCE_MS };
    default:
      return { op: kind };
  }
}

const CONDITIONS: readonly Condition[] = ['ifAbsent', 'ifPresent', 'ifRevision', 'staleRevision'];

function conditionAt(at: number): Condition {
  return CONDITIONS[at % CONDITIONS.length] as Condition;
}

/** A long workload drawn from a seed. */
export function randomWorkload(seed: number, stepCount: number, fault?: FaultSpec): Workload {
  const random = new SeededRandom(seed, 77);
  const keys = Array.from({ length: random.pick([3, 4, 6, 10]) }, (_, index) => `key-${index}`);
  const steps: TimedStep[] = [];
  // Something is there to begin with, in segments that are mostly live.
  if (random.chance(0.7)) steps.push(...filling(random, keys));
  const pipelining = random.pick([0.2, 0.6, 0.9]);
  const weights = swarm(random);
  const drawn = random.chance(0.5) ? keys : withHotKeys(keys);
  for (let at = 0; at < stepCount; at += 1) {
    const step = randomStep(random, weights, drawn);
    // What races with a merge is the interesting part of it.
    const isMerge = step.op === 'merge' || step.op === 'mergeIfDue';
    steps.push({ ...step, isPipelined: random.chance(isMerge ? 0.75 : pipelining) });
    if (isMerge && random.chance(0.5)) steps.push(...overwriting(random, drawn));
    if (isExpiring(step) && random.chance(0.3)) steps.push(...lapsing(random, drawn));
  }
  const kind = fault === undefined ? 'random' : `fault ${fault.kind}@${fault.operation}`;
  return {
    name: `${kind} of ${stepCount} steps`,
    seed,
    durability: random.pick(DURABILITIES),
    latency: random.pick(['fast', 'slow', 'random', 'random']),
    preallocateBytes: random.pick([0, 512, 4096]),
    mergesByItself: random.chance(0.7),
    mergeInputBytes: random.pick([1, 1, 6000, MERGE_BYTES_ALL]),
    ballastBytes: random.pick([0, 0, 0, 300]),
    isTight: random.chance(0.4),
    steps,
    fault,
  };
}

function filling(random: SeededRandom, keys: readonly string[]): TimedStep[] {
  const puts = keys.map(
    (key) => ({ op: 'put', key, bytes: LARGE_BYTES, isPipelined: true }) as const,
  );
  return random.chance(0.5) ? [...puts, { op: 'roll', isPipelined: false }] : puts;
}

/** What a merge has looked at, or is about to, changes one after the other while it goes on. */
function overwriting(random: SeededRandom, keys: readonly string[]): TimedStep[] {
  const ms = random.between(1, 10);
  const puts = Array.from({ length: random.between(1, 4) }, () => {
    const bytes = randomBytes(random);
    return { op: 'put', key: random.pick(keys), bytes, isPipelined: false } as const;
  });
  return [{ op: 'advance', ms, isPipelined: false }, ...puts];
}

function isExpiring(step: Step): boolean {
  return step.op === 'put' && step.ttlMs !== undefined;
}

/** More that expires soon follows, all in one segment, and then has expired. */
function lapsing(random: SeededRandom, keys: readonly string[]): TimedStep[] {
  const puts = Array.from({ length: random.between(1, 3) }, () => {
    const bytes = randomBytes(random);
    const key = random.pick(keys);
    return { op: 'put', key, bytes, ttlMs: SHORT_TTL_MS, isPipelined: true } as const;
  });
  const rest = [{ op: 'roll' }, { op: 'advance', ms: ADVANCE_MS }] as const;
  return [...puts, ...rest.map((step) => ({ ...step, isPipelined: false }))];
}

/** Two keys see most of the steps: what the others wrote long ago stays where it is. */
function withHotKeys(keys: readonly string[]): readonly string[] {
  const hot = keys.slice(0, 2);
  return [...keys, ...Array.from({ length: HOT_TIMES }, () => hot).flat()];
}

const BACKUP_CHANCE = 0.25;

type RandomOp = Exclude<Step['op'], 'backup'> | 'ttl' | 'condition';
type Weights = readonly (readonly [RandomOp, number])[];

const WEIGHTS: Weights = [
  ['put', 30],
  ['delete', 18],
  ['batch', 10],
  ['ttl', 12],
  ['condition', 8],
  ['roll', 8],
  ['merge', 12],
  ['mergeIfDue', 14],
  ['reopen', 3],
  ['advance', 12],
  ['sync', 8],
  ['read', 4],
  ['deleteRange', 5],
  ['touch', 16],
  ['modify', 8],
  ['clear', 3],
];
/** Without writes and merges there is nothing to look at. */
const ALWAYS: ReadonlySet<RandomOp> = new Set(['put', 'merge']);

/**
 * Each workload does without some kinds of steps and does others more often: histories that are
 * long in one respect come up, which an even mixture of all would hardly ever have (swarm testing,
 * Groce et al. 2012).
 */
function swarm(random: SeededRandom): Weights {
  return WEIGHTS.map(([op, weight]) => {
    const factor = ALWAYS.has(op) ? random.pick([1, 2]) : random.pick([0, 0, 1, 1, 3]);
    return [op, weight * factor] as const;
  });
}

function randomStep(random: SeededRandom, weights: Weights, keys: readonly string[]): Step {
  const op = weighted(random, weights);
  const key = random.pick(keys);
  switch (op) {
    case 'put':
      return { op: 'put', key, bytes: randomBytes(random) };
    case 'ttl': {
      const ttlMs = random.pick([SHORT_TTL_MS, 700, LONG_TTL_MS]);
      return { op: 'put', key, bytes: randomBytes(random), ttlMs };
    }
    case 'condition':
      return { op: 'put', key, bytes: randomBytes(random), condition: random.pick(CONDITIONS) };
    case 'delete':
      return { op: 'delete', key };
    case 'modify':
      return { op: 'modify', key, bytes: randomBytes(random) };
    case 'touch': {
      const ttlMs = random.pick([undefined, SHORT_TTL_MS, 700, LONG_TTL_MS]);
      return ttlMs === undefined ? { op: 'touch', key } : { op: 'touch', key, ttlMs };
    }
    case 'deleteRange':
      return { op: 'deleteRange', key, end: `${random.pick(keys)}~` };
    case 'batch':
      return { op: 'batch', items: randomItems(random, keys) };
    case 'advance':
      // The short ones end amid a merge: on a fast disk one takes some 10 ms.
      return { op: 'advance', ms: random.pick([random.between(1, 10), 20, 80, 200, ADVANCE_MS]) };
    default:
      return { op };
  }
}

function weighted(random: SeededRandom, weights: Weights): RandomOp {
  let left = random.below(weights.reduce((sum, [, weight]) => sum + weight, 0));
  for (const [op, weight] of weights) {
    if (left < weight) return op;
    left -= weight;
  }
  return 'read';
}

function randomBytes(random: SeededRandom): number {
  return random.pick([0, 30, 120, 400, LARGE_BYTES, LARGE_BYTES, 1024]);
}

function randomItems(
  random: SeededRandom,
  keys: readonly string[],
): { key: string; bytes?: number }[] {
  return Array.from({ length: random.between(1, 6) }, () => {
    const key = random.pick(keys);
    return random.chance(0.25) ? { key } : { key, bytes: random.pick([0, 40, 150, 260]) };
  });
}

/** A random workload with backups in it: apart from the others, which stay as they are. */
export function backupWorkload(seed: number, stepCount: number): Workload {
  const random = new SeededRandom(seed, 78);
  const workload = randomWorkload(seed, stepCount);
  const steps: TimedStep[] = [];
  for (const step of workload.steps) {
    steps.push(step);
    if (!random.chance(BACKUP_CHANCE)) continue;
    const [copies, keep] = [random.chance(0.4), random.pick([undefined, 1, 2])];
    // What races with a backup is the interesting part of it.
    steps.push({ op: 'backup', copies, keep, isPipelined: random.chance(0.75) });
  }
  const last = { op: 'backup', copies: false, keep: undefined, isPipelined: false } as const;
  const name = `backups, ${workload.name}`;
  return { ...workload, name, isTight: false, steps: [...steps, last] };
}
