/** Redis and caskd in turns, each cell with as many requests for both. */

import { VALUE_BYTES } from '../../load/keys.ts';
import { loadByRedisBenchmark } from '../../load/redis-benchmark.ts';
import type { BenchContext } from '../../part.ts';
import { barsOfTable } from '../../report/chart-of-rows.ts';
import { addLoadRow, type RowFigures } from '../../report/load-row.ts';
import { type Cell, cellName, cellsOf } from './cells.ts';
import { allOf, type Contender, type Contenders, startContenders } from './contenders.ts';

/** Enough for the JIT, and to tell how many requests fill the wanted time. */
const PILOT_PER_CONNECTION = 400;
const PILOT_MIN = 4000;
const REQUESTS_MIN = 1000;

export const RESP_TABLES = {
  everysec: 'redis-benchmark, everysec',
  always: 'redis-benchmark, always',
} as const;

export async function measureOverResp(context: BenchContext): Promise<void> {
  for (const fsync of ['everysec', 'always'] as const) {
    const contenders = await startContenders(context, fsync);
    try {
      await measureRounds(context, contenders, cellsOf(fsync));
      for (const contender of allOf(contenders)) await contender.stop();
    } finally {
      for (const contender of allOf(contenders)) await contender.kill();
    }
    const title = `Requests by redis-benchmark, ${fsync}`;
    const { results } = context.results;
    context.results.chart(barsOfTable(results, RESP_TABLES[fsync], 'rate', { name: fsync, title }));
  }
}

async function measureRounds(
  context: BenchContext,
  contenders: Contenders,
  cells: readonly Cell[],
): Promise<void> {
  const requests = new Map<Cell, number>();
  for (const cell of cells) requests.set(cell, await pilot(context, contenders, cell));
  for (let round = 1; round <= context.rounds; round += 1) {
    context.print(`round ${round} of ${context.rounds}, ${contenders.redis.name}`);
    for (const cell of cells) {
      await measureCell(context, contenders, cell, requests.get(cell) ?? REQUESTS_MIN);
    }
  }
}

/** @returns how many requests take about as long as asked, on Redis */
async function pilot(context: BenchContext, contenders: Contenders, cell: Cell): Promise<number> {
  const requests = Math.max(
    cell.fsync === 'always' ? REQUESTS_MIN : PILOT_MIN,
    cell.connections * cell.pipeline * (cell.fsync === 'always' ? 10 : PILOT_PER_CONNECTION / 4),
  );
  let rate = 0;
  for (const contender of allOf(contenders)) {
    const figures = await runCell(context, contender, cell, requests);
    if (contender === contenders.redis) rate = figures.requestsPerSecond;
  }
  return Math.max(REQUESTS_MIN, Math.round(rate * context.seconds));
}

async function measureCell(
  context: BenchContext,
  contenders: Contenders,
  cell: Cell,
  requests: number,
): Promise<void> {
  const { results } = context;
  const rates = new Map<Contender, number>();
  for (const contender of allOf(contenders)) {
    if (contender === contenders.uncached && cell.command === 'SET') continue;
    const figures = await runCell(context, contender, cell, requests);
    rates.set(contender, figures.requestsPerSecond);
    const subject = contender.name;
    const row = { table: RESP_TABLES[cell.fsync], case: cellName(cell), subject };
    addLoadRow(results, row, figures);
    results.sample(row, 'resident', 'MiB', (await contender.residentBytes()) / 2 ** 20);
  }
  const { redis, cask, uncached } = contenders;
  const redisRate = rates.get(redis) ?? Number.NaN;
  const ratio = (rates.get(cask) ?? Number.NaN) / redisRate;
  const name = `${cellName(cell)}, ${cell.fsync}, vs Redis`;
  if (cell.goal === undefined) results.figure(name, 'x', ratio);
  else results.judge(cell.goal, ratio);
  const uncachedRate = uncached === undefined ? undefined : rates.get(uncached);
  if (uncachedRate !== undefined && cell.goalUncached !== undefined) {
    results.judge(cell.goalUncached, uncachedRate / redisRate);
  }
}

function runCell(
  { keys }: BenchContext,
  contender: Contender,
  { command, connections, pipeline }: Cell,
  requests: number,
): Promise<RowFigures> {
  const job = { command, connections, pipeline, requests, keys, valueBytes: VALUE_BYTES };
  return loadByRedisBenchmark(contender, job);
}
