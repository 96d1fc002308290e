/** etcd through the client `etcd3`, from the packages of peers. */

import { loadPeer } from '../servers/peer-packages.ts';
import type { Driver } from './driver.ts';

interface Range {
  keys(): Promise<unknown>;
  limit(items: number): Range;
  exec(): Promise<{ readonly kvs: readonly unknown[] }>;
}

interface EtcdClient {
  get(key: string): { buffer(): Promise<Buffer | null> };
  put(key: string): { value(value: Buffer): Promise<unknown> };
  getAll(): { inRange(range: { start: string; end: string }): Range };
  close(): void;
}

/** Beyond every key of ours. */
const END = 'kez';

export async function openEtcdDriver(url: string): Promise<Driver> {
  const { Etcd3 } = loadPeer('etcd3') as { Etcd3: new (options: object) => EtcdClient };
  const client = new Etcd3({ hosts: url });
  return {
    get: (key) => client.get(key).buffer(),
    put: (key, value) => client.put(key).value(value),
    page: async (start, items) => {
      const range = client.getAll().inRange({ start, end: END }).limit(items);
      return (await range.exec()).kvs.length;
    },
    close: async () => client.close(),
  };
}
