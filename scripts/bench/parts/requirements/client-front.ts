/** The native client. */

import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '../../../../src/client/index.ts';
import type { Front } from './front.ts';

export async function openClientFront(url: string): Promise<Front> {
  const client = await connect({ url, reconnect: false });
  return {
    name: 'client',
    get: async (key) => {
      if ((await client.get(key)) === undefined) throw new Error(`${key} is not there`);
    },
    put: async (key, value) => {
      await client.put(key, value);
    },
    batch: async (items) => {
      await client.batch(items.map((item) => ({ type: 'put', ...item })));
    },
    page: async (prefix, limit, cursor) => {
      const after = cursor === undefined ? undefined : Buffer.from(cursor, 'base64');
      const page = await client.rangePage({ prefix, limit, ...(after && { after }) });
      const last = page.more ? page.entries.at(-1) : undefined;
      return { count: page.entries.length, cursor: last?.key.toString('base64') };
    },
    readRate: (key, connections, ms) => readRate(url, key, connections, ms),
    close: () => client.close(),
  };
}

async function readRate(
  url: string,
  key: string,
  connections: number,
  ms: number,
): Promise<number> {
  const clients = await Promise.all(
    Array.from({ length: connections }, () => connect({ url, reconnect: false })),
  );
  let reads = 0;
  let isOver = false;
  const work = clients.map(async (client) => {
    while (!isOver) {
      await client.get(key);
      reads += 1;
    }
  });
  await delay(ms / 3);
  reads = 0;
  const startedMs = performance.now();
  await delay(ms);
  const rate = (reads * 1000) / (performance.now() - startedMs);
  isOver = true;
  await Promise.all(work);
  await Promise.all(clients.map((client) => client.close()));
  return rate;
}
