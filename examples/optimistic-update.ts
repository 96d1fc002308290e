/**
 * Read, change, write, without a lock: the write says which revision it is based on, and starts
 * over when somebody else was faster. Ten workers count to a hundred; none is lost.
 */

import { type CaskClient, CaskError, connect } from 'caskd';

const WORKERS = 10;
const STEPS = 10;

const { CASKD_URL: url = 'cask://127.0.0.1:7117' } = process.env;
const db = await connect({ url });

/** Adds one; returns how often it had to start over. */
async function increment(client: CaskClient, key: string): Promise<number> {
  for (let retries = 0; ; retries += 1) {
    const entry = await client.getEntry(key);
    const count = entry === undefined ? 0 : Number(entry.value.toString());
    try {
      // revision 0: the key must be absent still
      await client.put(key, String(count + 1), { ifRevision: entry?.revision ?? 0 });
      return retries;
    } catch (error) {
      if (!(error instanceof CaskError) || error.code !== 'CONFLICT') throw error;
    }
  }
}

await db.delete('counter');
let retries = 0;
const work = async (): Promise<void> => {
  for (let step = 0; step < STEPS; step += 1) retries += await increment(db, 'counter');
};
await Promise.all(Array.from({ length: WORKERS }, work));

console.log(`counted to ${await db.get('counter', { encoding: 'utf8' })}, ${retries} retries`);
await db.close();
