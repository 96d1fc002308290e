/** What the benchmark asks of servers: popular keys, a steady pace, the mixes of YCSB. */

import { describe, expect, it } from 'vitest';
import type { Driver } from '../../scripts/bench/load/driver.ts';
import { keyOf } from '../../scripts/bench/load/keys.ts';
import type { LoadJob, LoadKind } from '../../scripts/bench/load/load-job.ts';
import { Pace } from '../../scripts/bench/load/pace.ts';
import { workOf } from '../../scripts/bench/load/work.ts';
import { Zipfian } from '../../scripts/bench/load/ycsb.ts';
import { SeededRandom } from '../../scripts/torture/seeded-random.ts';

const KEYS = 1000;
const VALUE_BYTES = 10;

function jobOf(kind: LoadKind): LoadJob {
  return {
    ...{ kind, driver: 'cask', url: '', connections: 1, depth: 1, keys: KEYS },
    ...{ valueBytes: VALUE_BYTES, pageItems: 7, warmUpMs: 0, measureMs: 0, perSecond: 0 },
  };
}

/** Counts what it is asked for. */
class CountingDriver implements Driver {
  readonly counts = { get: 0, put: 0, page: 0 };
  readonly keys = new Set<string>();
  itemsMax = 0;

  async get(key: string): Promise<Buffer> {
    this.#count('get', key);
    return Buffer.alloc(VALUE_BYTES);
  }

  async put(key: string): Promise<void> {
    this.#count('put', key);
  }

  async page(start: string, items: number): Promise<number> {
    this.#count('page', start);
    this.itemsMax = Math.max(this.itemsMax, items);
    return items;
  }

  async close(): Promise<void> {}

  #count(what: 'get' | 'put' | 'page', key: string): void {
    this.counts[what] += 1;
    this.keys.add(key);
  }
}

async function asked(kind: LoadKind, times: number): Promise<CountingDriver> {
  const driver = new CountingDriver();
  const work = workOf(jobOf(kind));
  for (let time = 0; time < times; time += 1) await work(driver);
  return driver;
}

it('Zipfian ranks are as likely as Zipf says', () => {
  const random = new SeededRandom(7);
  const zipfian = new Zipfian(KEYS, () => random.below(2 ** 31) / 2 ** 31);
  const counts = new Array<number>(KEYS).fill(0);
  for (let draw = 0; draw < 100_000; draw += 1) {
    const rank = zipfian.next();
    counts[rank] = (counts[rank] ?? Number.NaN) + 1;
  }
  const [first = 0, second = 0] = counts;
  const zeta = counts.reduce((sum, _, rank) => sum + 1 / (rank + 1) ** 0.99, 0);
  expect(first / 100_000).toBeCloseTo(1 / zeta, 2);
  expect(first / second).toBeGreaterThan(1.8);
  expect(first / second).toBeLessThan(2.2);
  expect(counts.slice(KEYS / 2).some((count) => count > 0)).toBe(true);
  expect(counts).toHaveLength(KEYS);
});

describe('work', () => {
  it('puts every key once to fill', async () => {
    const { counts, keys } = await asked('fill', KEYS);
    expect(counts).toEqual({ get: 0, put: KEYS, page: 0 });
    expect(keys).toEqual(new Set(Array.from({ length: KEYS }, (_, index) => keyOf(index))));
  });

  it.each([
    ['get', { get: 1, put: 0, page: 0 }],
    ['put', { get: 0, put: 1, page: 0 }],
    ['range', { get: 0, put: 0, page: 1 }],
    ['ycsb-a', { get: 0.5, put: 0.5, page: 0 }],
    ['ycsb-b', { get: 0.95, put: 0.05, page: 0 }],
    ['ycsb-c', { get: 1, put: 0, page: 0 }],
    ['ycsb-d', { get: 0.95, put: 0.05, page: 0 }],
    ['ycsb-e', { get: 0, put: 0.05, page: 0.95 }],
    ['ycsb-f', { get: 1, put: 0.5, page: 0 }],
  ] as const)('%s is mixed as it should be', async (kind, shares) => {
    const times = 5000;
    const { counts, itemsMax } = await asked(kind, times);
    for (const what of ['get', 'put', 'page'] as const) {
      expect(Math.abs(counts[what] / times - shares[what]), what).toBeLessThan(0.03);
    }
    if (kind === 'ycsb-e') expect(itemsMax).toBe(100);
  });

  it('refuses a value that is not as long as what was put', async () => {
    const driver = new CountingDriver();
    driver.get = async () => Buffer.alloc(VALUE_BYTES - 1);
    await expect(workOf(jobOf('get'))(driver)).rejects.toThrow(/wrong/);
  });
});

it('a pace lets no more begin than it should', async () => {
  const pace = new Pace(1000);
  const startedMs = performance.now();
  for (let turn = 0; turn < 50; turn += 1) await pace.turn();
  // the first begins at once
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(48);
});
