/** `range`: pages of entries in order, beside Redis and etcd. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ChildDaemon } from '../../child-daemon.ts';
import type { DriverKind } from '../load/driver.ts';
import { generateLoad, type Loaded, type LoadFigures } from '../load/generate-load.ts';

import type { BenchContext, BenchPart } from '../part.ts';
import { barsOfTable } from '../report/chart-of-rows.ts';
import { addLoadRow } from '../report/load-row.ts';
import { startEtcd } from '../servers/etcd-server.ts';
import { fill } from '../servers/filled-daemon.ts';
import { whyPeerMissing } from '../servers/peer-packages.ts';
import { ETCD, REDIS_SERVER, whyMissing } from '../servers/program-of-debian.ts';
import { appendOnly, startRedis } from '../servers/redis-server.ts';
import { indexRedis } from './range/index-redis.ts';

const TABLE = 'pages: 4 connections, 4 requests at once on each';
const WAY = { connections: 4, depth: 4 } as const;
const PAGES = [100, 1000];

interface Ranged extends Loaded {
  readonly name: string;
  readonly driver: DriverKind;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

export const range: BenchPart = {
  name: 'range',
  summary: 'pages of entries in order, beside Redis and etcd',
  defaults: { rounds: 5, seconds: 1.5, keys: 50_000 },
  isPublished: true,

  async run(context: BenchContext) {
    const { results } = context;
    results.note(
      'Each server is asked through its own client in Node. Redis has the keys in a sorted set, too: ' +
        'a page is ZRANGEBYLEX and then MGET, which may miss what changes in between. A first round is ' +
        'not measured: pages are hot.',
    );
    const servers: Ranged[] = [];
    try {
      for (const start of [startOurs, startRedisRanged, startEtcdRanged]) {
        const server = await start(context);
        if (server !== undefined) servers.push(server);
      }
      for (const server of servers) await readAsMeasured(context, server, PAGES[0] as number);
      for (let round = 1; round <= context.rounds; round += 1) {
        context.print(`round ${round} of ${context.rounds}`);
        for (const pageItems of PAGES) await measureRound(context, servers, pageItems);
      }
      for (const server of servers) await server.stop();
    } finally {
      for (const server of servers) await server.kill();
    }
    const chart = { name: 'pages', title: 'Pages a second' };
    results.chart(barsOfTable(results.results, TABLE, 'rate', chart));
  },
};

function readAsMeasured(
  { keys, seconds }: BenchContext,
  server: Ranged,
  pageItems: number,
): Promise<LoadFigures> {
  const { driver } = server;
  const job = { kind: 'range', driver, keys, pageItems, measureMs: seconds * 1000 } as const;
  return generateLoad(server, { ...job, ...WAY });
}

async function measureRound(
  context: BenchContext,
  servers: readonly Ranged[],
  pageItems: number,
): Promise<void> {
  const { results } = context;
  const rates = new Map<DriverKind, number>();
  for (const server of servers) {
    const { driver, name: subject } = server;
    const figures = await readAsMeasured(context, server, pageItems);
    rates.set(driver, figures.requestsPerSecond);
    addLoadRow(results, { table: TABLE, case: `pages of ${pageItems}`, subject }, figures);
  }
  for (const peer of ['redis', 'etcd'] as const) {
    const rate = rates.get(peer);
    if (rate === undefined) continue;
    const ratio = (rates.get('cask') ?? Number.NaN) / rate;
    if (pageItems === 100) results.judge(`range-${peer}`, ratio);
    else results.figure(`range of ${pageItems} vs ${peer}`, 'x', ratio);
  }
}

async function startOurs({ directory, program, keys }: BenchContext): Promise<Ranged> {
  const flags = ['--data', join(directory, 'caskd'), '--durability', 'interval'];
  const daemon = await ChildDaemon.start([...flags, '--resp', '127.0.0.1:0'], program);
  await daemon.msUntil('resp-ready');
  await fill(daemon.respPort, { keys });
  return Object.assign(daemon, { name: 'caskd', driver: 'cask' as const });
}

async function startRedisRanged({
  directory,
  keys,
  results,
}: BenchContext): Promise<Ranged | undefined> {
  const missing = whyMissing(REDIS_SERVER);
  if (missing !== undefined) {
    results.note(`Redis was skipped: ${missing}.`);
    return undefined;
  }
  await mkdir(join(directory, 'redis'));
  const redis = await startRedis(join(directory, 'redis'), appendOnly('everysec'));
  const url = `redis://127.0.0.1:${redis.port}`;
  await fill(redis.port, { keys });
  await indexRedis(url, keys);
  return Object.assign(redis, { name: 'redis everysec', driver: 'redis' as const, url });
}

async function startEtcdRanged({
  directory,
  keys,
  results,
  print,
}: BenchContext): Promise<Ranged | undefined> {
  const missing = whyMissing(ETCD) ?? whyPeerMissing('etcd3');
  if (missing !== undefined) {
    results.note(`etcd was skipped: ${missing}.`);
    return undefined;
  }
  const etcd = await startEtcd(join(directory, 'etcd'));
  const url = `http://127.0.0.1:${etcd.port}`;
  const ranged = Object.assign(etcd, { name: 'etcd', driver: 'etcd' as const, url });
  print('filling etcd');
  const way = { connections: 4, depth: 128 };
  await generateLoad(ranged, { kind: 'fill', driver: 'etcd', keys, ...way });
  return ranged;
}
