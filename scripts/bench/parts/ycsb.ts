/** `ycsb`: the six workloads of the Yahoo! Cloud Serving Benchmark, through the native client. */

import { join } from 'node:path';
import { generateLoad } from '../load/generate-load.ts';
import { WORKLOADS, type WorkloadName } from '../load/ycsb.ts';
import type { BenchContext, BenchPart } from '../part.ts';
import { barsOfTable } from '../report/chart-of-rows.ts';
import { addLoadRow } from '../report/load-row.ts';
import { startFilled } from '../servers/filled-daemon.ts';

const VALUE_BYTES = 1000;
const WAY = { connections: 16, depth: 1 } as const;
const TABLE = `${WAY.connections} connections, one request at a time on each`;

export const ycsb: BenchPart = {
  name: 'ycsb',
  summary: 'workloads A to F of YCSB, keys by Zipf, values of 1,000 bytes',
  defaults: { rounds: 3, seconds: 2, keys: 200_000 },
  isPublished: true,

  async run(context: BenchContext) {
    const { results, rounds, seconds } = context;
    for (const durability of ['interval', 'always']) {
      for (const kind of Object.keys(WORKLOADS) as WorkloadName[]) {
        context.print(`${WORKLOADS[kind].name}, ${durability}`);
        const flags = ['--data', join(context.directory, `${kind}-${durability}`)];
        const filled = { keys: context.keys, valueBytes: VALUE_BYTES };
        const own = ['--durability', durability];
        const daemon = await startFilled(context, [...flags, ...own], filled);
        try {
          for (let round = 1; round <= rounds; round += 1) {
            const job = { kind, ...filled, ...WAY, measureMs: seconds * 1000 };
            const row = { table: TABLE, case: WORKLOADS[kind].name, subject: durability };
            addLoadRow(results, row, await generateLoad(daemon, job));
          }
          await daemon.stop();
        } finally {
          await daemon.kill();
        }
      }
    }
    const chart = { name: 'rates', title: 'Requests a second of YCSB workloads' };
    const bars = barsOfTable(results.results, TABLE, 'rate', chart);
    const groups = bars.groups.map((group) => ({ ...group, name: group.name.slice(0, 1) }));
    results.chart({ ...bars, groups });
  },
};
