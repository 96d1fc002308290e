/** caskd through its own client. */

import { connect } from '../../../src/client/index.ts';
import type { Driver } from './driver.ts';

export async function openCaskDriver(url: string): Promise<Driver> {
  const client = await connect({ url, reconnect: false });
  return {
    get: (key) => client.get(key),
    put: (key, value) => client.put(key, value),
    page: async (start, limit) => (await client.rangePage({ start, limit })).entries.length,
    close: () => client.close(),
  };
}
