/** The native protocol with our own client, in a process of Node. */

import { join } from 'node:path';
import { ChildDaemon } from '../../../child-daemon.ts';
import { generateLoad } from '../../load/generate-load.ts';
import type { BenchContext } from '../../part.ts';
import { barsOfTable, medianOf } from '../../report/chart-of-rows.ts';
import type { GoalId } from '../../report/goals.ts';
import { addLoadRow } from '../../report/load-row.ts';
import { UNMERGED } from './contenders.ts';
import { RESP_TABLES } from './over-resp.ts';

interface Way {
  readonly connections: number;
  readonly depth: number;
  /** What is asked of reading. */
  readonly goal?: GoalId;
}

const WAYS: readonly Way[] = [
  { connections: 1, depth: 1 },
  { connections: 50, depth: 1, goal: 'native-50' },
  { connections: 50, depth: 16 },
  { connections: 4, depth: 128, goal: 'native-pipelined' },
];
const TABLE = 'native client: connections x requests at once on each';

/** What the bar compares with. */
const REFERENCE = {
  table: RESP_TABLES.everysec,
  case: 'GET, 50 connections',
  subject: 'redis everysec',
};

export async function measureNative(context: BenchContext): Promise<void> {
  for (const durability of ['interval', 'always'] as const) {
    const flags = [
      '--data',
      join(context.directory, `native-${durability}`),
      '--durability',
      durability,
      ...UNMERGED,
    ];
    const daemon = await ChildDaemon.start(flags, context.program);
    try {
      const { keys } = context;
      await generateLoad(daemon, { kind: 'fill', keys, connections: 4, depth: 128 });
      for (let round = 1; round <= context.rounds; round += 1) {
        context.print(`round ${round} of ${context.rounds}, native client, ${durability}`);
        await measureWays(context, daemon, 'put', durability);
        if (durability === 'interval') await measureWays(context, daemon, 'get', durability);
      }
      await daemon.stop();
    } finally {
      await daemon.kill();
    }
  }
  const { results } = context.results;
  const title = 'Requests by the native client';
  context.results.chart(barsOfTable(results, TABLE, 'rate', { name: 'native', title }));
}

async function measureWays(
  { results, keys, seconds }: BenchContext,
  daemon: ChildDaemon,
  kind: 'put' | 'get',
  durability: 'interval' | 'always',
): Promise<void> {
  const reference = medianOf(results.results, REFERENCE, 'rate') * 1000;
  for (const { goal, ...way } of WAYS) {
    const figures = await generateLoad(daemon, { kind, keys, measureMs: seconds * 1000, ...way });
    const at = way.depth === 1 ? `${way.connections}` : `${way.connections} x ${way.depth}`;
    const name = `${kind}, ${durability}, ${at}`;
    addLoadRow(results, { table: TABLE, case: name, subject: 'caskd' }, figures);
    const isJudged = kind === 'get' && goal !== undefined && !Number.isNaN(reference);
    if (isJudged) results.judge(goal, figures.requestsPerSecond / reference);
  }
}
