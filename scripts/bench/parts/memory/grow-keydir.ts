/** Puts many keys into a keydir, each timed, and prints the longest in milliseconds. */

import { randomBytes } from 'node:crypto';
import { Keydir } from '../../../../src/storage/keydir/keydir.ts';
import { SEED_BYTES } from '../../../../src/storage/keydir/keydir-tables.ts';
import { keyOf } from '../../load/keys.ts';

const KEYDIR_BYTES_MAX = 2 ** 36;
const RECORD_BYTES = 150;
/** Keys that are made at a time, so that making them is not in what is timed. */
const BATCH = 10_000;

const keys = Number(process.argv[2]);
const keydir = new Keydir({ maxBytes: KEYDIR_BYTES_MAX, seed: randomBytes(SEED_BYTES) });
let longestMs = 0;
for (let start = 0; start < keys; start += BATCH) {
  const count = Math.min(BATCH, keys - start);
  const batch = Array.from({ length: count }, (_, index) => Buffer.from(keyOf(start + index)));
  for (const [index, key] of batch.entries()) {
    const sequence = start + index + 1;
    const offset = sequence * RECORD_BYTES;
    const startedMs = performance.now();
    keydir.upsert(key, 0, key.length, 0, offset % 2 ** 28, RECORD_BYTES, sequence, 1, 1, 0);
    longestMs = Math.max(longestMs, performance.now() - startedMs);
  }
}
if (keydir.count !== keys) throw new Error(`${keydir.count} of ${keys} keys are there`);
console.log(longestMs);
