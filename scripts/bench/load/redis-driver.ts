/** Redis through its own client. Pages go by a sorted set of all keys, `keys`, as programs do it. */

import { createClient, RESP_TYPES } from '@redis/client';
import type { Driver } from './driver.ts';

export const REDIS_INDEX = 'keys';

export async function openRedisDriver(url: string): Promise<Driver> {
  const client = createClient({ url }).withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  await client.connect();
  return {
    get: (key) => client.get(key),
    put: (key, value) => client.set(key, value),
    page: async (start, items) => {
      const keys = await client.zRangeByLex(REDIS_INDEX, `[${start}`, '+', {
        LIMIT: { offset: 0, count: items },
      });
      return (await client.mGet(keys)).length;
    },
    close: () => client.close(),
  };
}
