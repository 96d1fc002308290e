/**
 * Bulk writes: many requests in flight on one connection.
 *
 * A put alone waits for the network and the disk. Requests issued without waiting travel
 * together, and the daemon commits together what arrives together. The number in flight is
 * bounded here: 2000 puts are sent, then awaited, and memory stays flat however many follow.
 */

import { connect } from 'caskd';

const RECORDS = 20_000;
const IN_FLIGHT = 2000;

const { CASKD_URL: url = 'cask://127.0.0.1:7117' } = process.env;
const db = await connect({ url });
const startedAt = performance.now();

let flying: Promise<unknown>[] = [];
for (let index = 0; index < RECORDS; index += 1) {
  flying.push(db.put(`bulk:${String(index).padStart(8, '0')}`, `value ${index}`));
  if (flying.length === IN_FLIGHT) {
    await Promise.all(flying);
    flying = [];
  }
}
await Promise.all(flying);
const seconds = (performance.now() - startedAt) / 1000;
console.log(`${RECORDS} puts in ${seconds.toFixed(2)} s: ${Math.round(RECORDS / seconds)}/s`);

let found = 0;
for await (const page of db.range({ prefix: 'bulk:' }).pages()) found += page.length;
console.log(`${found} are there`);
await db.close();
