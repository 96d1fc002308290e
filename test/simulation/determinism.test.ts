import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { imageDigest } from './image-digest.ts';
import { runWorkload } from './run-workload.ts';
import { standardTask } from './standard-workloads.ts';

/** A hash over all operations of a run, reads included, and over the disk after each change. */
async function historyOf(index: number): Promise<{ hash: string; operations: number }> {
  const { workload } = standardTask(7, index);
  const hash = createHash('sha1');
  let operations = 0;
  const { recording, history, world } = await runWorkload(workload, (number, kind, path) => {
    operations += 1;
    hash.update(`${number} ${kind} ${path}\n`);
  });
  for (const { disk, operation, nowMs } of recording.points) {
    hash.update(`${operation} ${nowMs} ${imageDigest(disk)}\n`);
  }
  for (const { id, fate, endedAt } of history.attempts) hash.update(`${id} ${fate} ${endedAt}\n`);
  hash.update(JSON.stringify(world.log));
  return { hash: hash.digest('hex'), operations };
}

test('one seed is one history, merges and timers included', async () => {
  const hashes = new Set<string>();
  let operations = 0;
  // Every second task is a random workload, with latencies, merges and timers of its own.
  for (let index = 1; index < 40; index += 2) {
    const first = await historyOf(index);
    const second = await historyOf(index);
    expect(second, `task ${index}`).toEqual(first);
    hashes.add(first.hash);
    operations += first.operations;
  }
  expect(hashes.size).toBe(20);
  expect(operations).toBeGreaterThan(2000);
});
