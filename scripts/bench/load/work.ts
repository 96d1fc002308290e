/** One request after the other, of the kind that a job asks for. */

import type { Driver } from './driver.ts';
import { keyOf, randomBelow } from './keys.ts';
import type { LoadJob } from './load-job.ts';
import { SCAN_ITEMS_MAX, WORKLOADS, type Workload, type WorkloadName, Zipfian } from './ycsb.ts';

export type Work = (driver: Driver) => Promise<void>;

/** Kept as strings, made before anything is measured; more are made as they are needed. */
const KEPT_KEYS_MAX = 1_000_000;
const RANDOM_STEPS = 2 ** 32 - 1;

export function workOf(job: LoadJob): Work {
  const value = Buffer.alloc(job.valueBytes, 'value ');
  // in one piece each: what was put together from parts is looked up part by part when it is sent
  const kept = Array.from({ length: Math.min(job.keys, KEPT_KEYS_MAX) }, (_, at) =>
    Buffer.from(keyOf(at), 'latin1').toString('latin1'),
  );
  const keyAt = (index: number): string => kept[index] ?? keyOf(index);
  const randomKey = (): string => keyAt(randomBelow(job.keys));
  const read = async (driver: Driver, key: string): Promise<void> => {
    const found = await driver.get(key);
    if (found?.length !== job.valueBytes) throw new Error(`the value of ${key} is wrong`);
  };
  switch (job.kind) {
    case 'put':
      return async (driver) => {
        await driver.put(randomKey(), value);
      };
    case 'get':
      return (driver) => read(driver, randomKey());
    case 'range':
      return async (driver) => {
        const items = await driver.page(randomKey(), job.pageItems);
        if (items === 0) throw new Error('a page is empty');
      };
    case 'fill': {
      let next = 0;
      return async (driver) => {
        await driver.put(keyOf(next++), value);
      };
    }
    default:
      return ycsbWork(job.kind, { keys: job.keys, value, keyAt, read });
  }
}

interface YcsbParts {
  readonly keys: number;
  readonly value: Buffer;
  readonly keyAt: (index: number) => string;
  readonly read: (driver: Driver, key: string) => Promise<void>;
}

function ycsbWork(name: WorkloadName, { keys, value, keyAt, read }: YcsbParts): Work {
  const workload: Workload = WORKLOADS[name];
  const random = () => randomBelow(RANDOM_STEPS) / RANDOM_STEPS;
  const zipfian = new Zipfian(keys, random);
  /** Being inserted, and known to be there. */
  let next = keys;
  let there = keys;
  const chosenKey = (): string => {
    const rank = zipfian.next();
    return keyAt(workload.chosen === 'latest' ? Math.max(0, there - 1 - rank) : rank);
  };
  return async (driver) => {
    let choice = random();
    const falls = (share: number): boolean => {
      choice -= share;
      return choice < 0;
    };
    if (falls(workload.read)) return read(driver, chosenKey());
    if (falls(workload.scan)) {
      await driver.page(chosenKey(), 1 + randomBelow(SCAN_ITEMS_MAX));
    } else if (falls(workload.insert)) {
      const index = next++;
      await driver.put(keyAt(index), value);
      // those before it may be under way: what is read is far enough behind
      there = Math.max(keys, index - IN_FLIGHT_MAX);
    } else {
      const key = chosenKey();
      if (workload.modify > 0) await read(driver, key);
      await driver.put(key, value);
    }
  };
}

/** Requests of all connections together, at most. */
const IN_FLIGHT_MAX = 1024;
