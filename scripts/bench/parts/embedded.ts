/** `embedded`: the store without the daemon, beside other stores for Node, with equal durability. */

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchContext, BenchPart } from '../part.ts';
import { barsOfTable } from '../report/chart-of-rows.ts';
import { whyPeerMissing } from '../servers/peer-packages.ts';
import { measureStore } from './embedded/measure-store.ts';
import { STORES, type StoreName } from './embedded/stores.ts';

const TABLE = 'one process, microseconds for one operation';

export const embedded: BenchPart = {
  name: 'embedded',
  summary: 'the store in a process, beside LMDB, LevelDB and SQLite',
  defaults: { rounds: 3, seconds: 1, keys: 300_000 },
  isPublished: true,

  async run(context: BenchContext) {
    const { results } = context;
    results.note(
      'Each store in a process of its own, through its usual package. Writes in batches of 1,000 are not ' +
        'synced one by one in any of them (durability os; LMDB noSync; LevelDB sync false; SQLite WAL, ' +
        'synchronous OFF). A durable commit is one key, synced before it resolves (durability always; ' +
        'LMDB without overlapping syncs; LevelDB sync true; SQLite WAL, synchronous FULL).',
    );
    const names: StoreName[] = [];
    for (const name of Object.keys(STORES) as StoreName[]) {
      const missing = name === 'caskd' ? undefined : whyPeerMissing(name);
      if (missing === undefined) names.push(name);
      else results.note(`${name} was skipped: ${missing}.`);
    }
    for (let round = 1; round <= context.rounds; round += 1) {
      context.print(`round ${round} of ${context.rounds}`);
      for (const name of names) await measure(context, name);
    }
    const chart = {
      name: 'micros',
      title: 'Microseconds for one operation, durable commits aside',
    };
    const bars = barsOfTable(results.results, TABLE, 'time', chart);
    const groups = bars.groups.filter((group) => group.name !== 'durable commit');
    results.chart({ ...bars, groups });
  },
};

async function measure({ directory, keys, seconds, results }: BenchContext, name: StoreName) {
  const own = join(directory, name);
  await mkdir(own);
  const { micros, residentBytes } = await measureStore({ name, directory: own, keys, seconds });
  for (const [work, value] of Object.entries(micros)) {
    results.sample({ table: TABLE, case: work, subject: name }, 'time', 'us', value);
  }
  const row = { table: 'resident at the end', case: 'all of the above', subject: name };
  results.sample(row, 'resident', 'MiB', residentBytes / 2 ** 20);
  await rm(own, { recursive: true });
}
