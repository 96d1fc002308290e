/** Descriptors exhausted: a daemon that may have few of them refuses, and goes on. */

import { createConnection, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { Acknowledged } from './acknowledged.ts';
import { StoreUnderTest } from './store-under-test.ts';

/** Node, log and sockets take some 25 of them. */
const DESCRIPTORS = 48;
const CONNECTIONS = 80;
const REFUSALS = ['TOO_MANY_OPEN_FILES', 'NOT_APPLIED', 'NO_SPACE', 'READ_ONLY', 'BUSY'];

/** Connections that take a descriptor each, as long as there are any. */
async function takeDescriptors(port: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let count = 0; count < CONNECTIONS; count += 1) {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    sockets.push(socket);
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  return sockets;
}

test('no descriptor is left: requests are refused, nothing crashes, nothing is lost', async () => {
  await using store = await StoreUnderTest.create();
  const limited = ['sh', '-c', `ulimit -n ${DESCRIPTORS}; exec "$0" "$@"`];
  const flags = ['--max-open-segments', '4', '--segment-bytes', '64k', '--merge-automatic', 'true'];
  const daemon = store.spawn({
    under: limited,
    flags: [...flags, '--merge-check-interval-ms', '50'],
  });
  const client = await store.connect(daemon);
  const acknowledged = new Acknowledged();
  await acknowledged.putMany(client, 'before/', 300);
  expect(acknowledged.refusals).toEqual([]);

  const sockets = await takeDescriptors(await daemon.port());
  // rolls, hints, merges and reads want files now
  await acknowledged.putMany(client, 'during/', 1000);
  const during = acknowledged.refusals.length;
  const log = daemon.stdout.slice(-3000);
  for (const { code } of acknowledged.refusals) expect(REFUSALS, log).toContain(code);
  const read = await client.get('before/000000').catch((error) => error.code as string);
  expect(read === undefined || read.length > 0).toBe(true);
  console.log(`${during} puts refused: ${acknowledged.codes.join(', ')}`);

  for (const socket of sockets) socket.destroy();
  await expect.poll(() => acknowledged.put(client, 'after'), { timeout: 10_000 }).toBe(true);
  await acknowledged.putMany(client, 'after/', 300);
  expect(await acknowledged.lost(client)).toEqual([]);
  expect(await store.stop(daemon)).toBe(0);

  const again = store.spawn();
  expect(await acknowledged.lost(await store.connect(again))).toEqual([]);
});
