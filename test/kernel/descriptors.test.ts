/** Descriptors exhausted: a daemon that may have few of them refuses, and goes on. */

import { readdir } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { DaemonProcess } from '../e2e/daemon-process.ts';
import { Acknowledged } from './acknowledged.ts';
import { StoreUnderTest } from './store-under-test.ts';

/** Node, log and sockets take some 25 of them. */
const DESCRIPTORS = 48;
const CONNECTIONS = 80;
const REFILL_MS = 2;
const REFUSALS = ['TOO_MANY_OPEN_FILES', 'NOT_APPLIED', 'NO_SPACE', 'READ_ONLY', 'BUSY'];

/** Takes every descriptor that the daemon has free, again and again: each connection is one. */
class Flood {
  readonly #sockets = new Set<Socket>();
  readonly #timer: NodeJS.Timeout;
  connections = 0;

  constructor(port: number) {
    this.#timer = setInterval(() => this.#fill(port), REFILL_MS);
  }

  #fill(port: number): void {
    while (this.#sockets.size < CONNECTIONS) {
      const socket = createConnection({ port, host: '127.0.0.1' });
      this.#sockets.add(socket);
      this.connections += 1;
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
  }
}

async function descriptorsOf(daemon: DaemonProcess): Promise<number> {
  return (await readdir(`/proc/${daemon.child.pid}/fd`)).length;
}

/** Waits until the daemon has taken as many connections as it can. */
async function untilFull(daemon: DaemonProcess): Promise<void> {
  await expect
    .poll(() => descriptorsOf(daemon), { timeout: 10_000, interval: 2 })
    .toBeGreaterThanOrEqual(DESCRIPTORS - 2);
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
  await acknowledged.putMany(client, 'before/', 200, 20);
  expect(acknowledged.refusals).toEqual([]);

  const flood = new Flood(await daemon.port());
  await untilFull(daemon);
  // rolls, hints, merges and reads want files now
  await acknowledged.putMany(client, 'during/', 400, 20);
  const during = acknowledged.refusals.length;
  const log = daemon.stdout.slice(-3000);
  for (const { code } of acknowledged.refusals) expect(REFUSALS, log).toContain(code);
  const read = await client.get('before/000000').catch((error) => error.code as string);
  expect(read === undefined || read.length > 0).toBe(true);
  const figures = `${flood.connections} connections, ${during} puts refused`;
  console.log(`${figures}: ${acknowledged.codes.join(', ')}`);

  flood.stop();
  await expect.poll(() => acknowledged.put(client, 'after'), { timeout: 10_000 }).toBe(true);
  await acknowledged.putMany(client, 'after/', 200, 20);
  expect(await acknowledged.lost(client)).toEqual([]);
  expect(await store.stop(daemon)).toBe(0);

  const again = store.spawn();
  expect(await acknowledged.lost(await store.connect(again))).toEqual([]);
});
