/** The least that load needs of a client, whoever's it is. */

import type { LoadJob } from './load-job.ts';

export type DriverKind = 'cask' | 'redis' | 'etcd';

export interface Driver {
  /** @returns the value */
  get(key: string): Promise<{ readonly length: number } | null | undefined>;
  put(key: string, value: Buffer): Promise<unknown>;
  /** Entries from this key on, with their values. @returns how many there were */
  page(start: string, items: number): Promise<number>;
  close(): Promise<void>;
}

export async function openDriver({
  driver,
  url,
}: Pick<LoadJob, 'driver' | 'url'>): Promise<Driver> {
  if (driver === 'cask') return (await import('./cask-driver.ts')).openCaskDriver(url);
  if (driver === 'redis') return (await import('./redis-driver.ts')).openRedisDriver(url);
  return (await import('./etcd-driver.ts')).openEtcdDriver(url);
}
