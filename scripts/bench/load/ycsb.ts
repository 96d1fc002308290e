/**
 * The workloads of the Yahoo! Cloud Serving Benchmark (Cooper et al., 2010): what share of the
 * requests is what, and which keys they choose.
 */

export interface Workload {
  readonly name: string;
  readonly read: number;
  readonly update: number;
  readonly insert: number;
  readonly scan: number;
  /** Reads, then writes what it read changed. */
  readonly modify: number;
  /** `latest`: the newest are the most popular. */
  readonly chosen: 'zipfian' | 'latest';
}

const NONE = { read: 0, update: 0, insert: 0, scan: 0, modify: 0, chosen: 'zipfian' } as const;

export const WORKLOADS = {
  'ycsb-a': { ...NONE, name: 'A: half reads, half updates', read: 0.5, update: 0.5 },
  'ycsb-b': { ...NONE, name: 'B: 95 % reads, 5 % updates', read: 0.95, update: 0.05 },
  'ycsb-c': { ...NONE, name: 'C: reads only', read: 1 },
  'ycsb-d': {
    ...NONE,
    name: 'D: reads of the latest, 5 % inserts',
    read: 0.95,
    insert: 0.05,
    chosen: 'latest',
  },
  'ycsb-e': { ...NONE, name: 'E: short scans, 5 % inserts', scan: 0.95, insert: 0.05 },
  'ycsb-f': { ...NONE, name: 'F: half reads, half read-modify-writes', read: 0.5, modify: 0.5 },
} as const satisfies Readonly<Record<string, Workload>>;

export type WorkloadName = keyof typeof WORKLOADS;

/** Scans are of 1 to this many entries. */
export const SCAN_ITEMS_MAX = 100;

const SKEW = 0.99;

/**
 * Ranks from 0 up, the lower the likelier, by Zipf's law with the constant of YCSB: the method of
 * Gray et al., "Quickly generating billion-record synthetic databases", 1994.
 */
export class Zipfian {
  readonly #items: number;
  readonly #alpha = 1 / (1 - SKEW);
  readonly #zetaN: number;
  readonly #eta: number;
  readonly #random: () => number;

  /** @param random from 0 up to, not including, 1 */
  constructor(items: number, random: () => number) {
    this.#items = items;
    this.#random = random;
    this.#zetaN = zeta(items);
    this.#eta = (1 - (2 / items) ** (1 - SKEW)) / (1 - zeta(2) / this.#zetaN);
  }

  next(): number {
    const at = this.#random();
    const scaled = at * this.#zetaN;
    if (scaled < 1) return 0;
    if (scaled < 1 + 0.5 ** SKEW) return 1;
    const rank = Math.floor(this.#items * (this.#eta * at - this.#eta + 1) ** this.#alpha);
    return Math.min(this.#items - 1, rank);
  }
}

function zeta(items: number): number {
  let sum = 0;
  for (let rank = 1; rank <= items; rank += 1) sum += 1 / rank ** SKEW;
  return sum;
}
