/** Loads, reads, overwrites, scans and commits in one store; prints microseconds for one operation. */

import { keyOf, randomBelow, VALUE_BYTES } from '../../load/keys.ts';
import { secondsOf } from '../../load/timed.ts';
import type { EmbeddedStore } from './embedded-store.ts';
import type { StoreFigures, StoreJob } from './measure-store.ts';
import { STORES } from './stores.ts';

const BATCH = 1000;

const { name, directory, keys, seconds } = JSON.parse(process.argv[2] ?? '') as StoreJob;
/** Many, as a store may notice that nothing changes, and write nothing. */
const values = Array.from({ length: 256 }, (_, at) => Buffer.alloc(VALUE_BYTES, `value ${at} `));
const nextValue = (): Buffer => values[randomBelow(values.length)] as Buffer;
const randomKey = (): string => keyOf(randomBelow(keys));

/** Again and again for a while. @returns microseconds for one of `each` */
async function repeated(each: number, work: () => Promise<unknown>): Promise<number> {
  const endMs = performance.now() + seconds * 1000;
  let times = 0;
  const took = await secondsOf(async () => {
    while (performance.now() < endMs) {
      await work();
      times += 1;
    }
  });
  return (took * 1e6) / (times * each);
}

async function load(store: EmbeddedStore): Promise<void> {
  for (let start = 0; start < keys; start += BATCH) {
    const count = Math.min(BATCH, keys - start);
    await store.putMany(
      Array.from({ length: count }, (_, at) => ({ key: keyOf(start + at), value: nextValue() })),
    );
  }
}

async function readSome(store: EmbeddedStore): Promise<void> {
  for (let index = 0; index < BATCH; index += 1) {
    const found = await store.get(randomKey());
    if (found?.length !== VALUE_BYTES) throw new Error(`${name} lost a value`);
  }
}

const lazy = await STORES[name](directory, false);
const loadSeconds = await secondsOf(() => load(lazy));
const micros: Record<string, number> = { 'load, batches of 1,000': (loadSeconds * 1e6) / keys };
micros['get'] = await repeated(BATCH, () => readSome(lazy));
micros['overwrite, batches of 1,000'] = await repeated(BATCH, () =>
  lazy.putMany(Array.from({ length: BATCH }, () => ({ key: randomKey(), value: nextValue() }))),
);
let scanned = 0;
const scanSeconds = await secondsOf(async () => {
  scanned = await lazy.scan();
});
if (scanned !== keys) throw new Error(`${name} scanned ${scanned} of ${keys} entries`);
micros['scan'] = (scanSeconds * 1e6) / keys;
await lazy.close();
const durable = await STORES[name](directory, true);
micros['durable commit'] = await repeated(1, () =>
  durable.putMany([{ key: randomKey(), value: nextValue() }]),
);
await durable.close();
const figures: StoreFigures = { micros, residentBytes: process.memoryUsage.rss() };
console.log(JSON.stringify(figures));
process.exit(0);
