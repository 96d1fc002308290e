/** The sorted set by which Redis finds keys in order. */

import { createClient } from '@redis/client';
import { keyOf } from '../../load/keys.ts';
import { REDIS_INDEX } from '../../load/redis-driver.ts';

const CHUNK = 1000;

export async function indexRedis(url: string, keys: number): Promise<void> {
  const client = createClient({ url });
  await client.connect();
  for (let start = 0; start < keys; start += CHUNK) {
    const count = Math.min(CHUNK, keys - start);
    const members = Array.from({ length: count }, (_, at) => ({
      score: 0,
      value: keyOf(start + at),
    }));
    await client.zAdd(REDIS_INDEX, members);
  }
  await client.close();
}
