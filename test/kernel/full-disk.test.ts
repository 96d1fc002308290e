/**
 * A full disk: a small file system of its own (tmpfs), really full. Puts are refused, reads,
 * deletes and merges go on, and when space is back the daemon takes puts again by itself.
 */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CaskClient } from '../../src/client/index.ts';
import { Acknowledged } from './acknowledged.ts';
import { mount, mountObstacle, skipsBecause, unmount } from './capabilities.ts';
import { StoreUnderTest } from './store-under-test.ts';

const MIB = 1024 * 1024;
const DISK_BYTES = 16 * MIB;
/** Space that something else takes, and gives back later. */
const FILLER_BYTES = 8 * MIB;
const RECOVERY_MS_MAX = 10_000;
const SKIPS = skipsBecause('full disk', mountObstacle());
const REFUSALS = ['NOT_APPLIED', 'NO_SPACE', 'READ_ONLY'];

/** A test that is ended early leaves the disk full for those behind it. */
vi.setConfig({ testTimeout: 240_000 });

let mountPoint = '';
let disk = '';

beforeAll(async () => {
  if (SKIPS) return;
  mountPoint = await mkdtemp(join(tmpdir(), 'caskd-disk-'));
  expect(mount(mountPoint, DISK_BYTES)).toBeUndefined();
});

afterAll(async () => {
  if (SKIPS) return;
  expect(unmount(mountPoint)).toBeUndefined();
  await rm(mountPoint, { recursive: true });
});

/** A store on the small disk, most of which a filler file has taken. */
async function storeOnFullDisk(name: string): Promise<{ store: StoreUnderTest; filler: string }> {
  disk = join(mountPoint, name);
  await mkdir(disk);
  const filler = join(disk, 'filler');
  await writeFile(filler, Buffer.alloc(FILLER_BYTES, 1));
  return { store: await StoreUnderTest.create(disk), filler };
}

/** Writes until the disk is full. */
async function fill(client: CaskClient<'utf8'>): Promise<Acknowledged> {
  const acknowledged = new Acknowledged();
  await acknowledged.putMany(client, 'k/', 20_000, 40);
  expect(acknowledged.keys.size).toBeGreaterThan(1000);
  expect(acknowledged.refusals.length).toBeGreaterThan(0);
  for (const code of acknowledged.codes) expect(REFUSALS).toContain(code);
  return acknowledged;
}

/** Tries to put until that works again. */
async function untilWritable(
  client: CaskClient<'utf8'>,
  acknowledged: Acknowledged,
): Promise<number> {
  const startedAtMs = performance.now();
  while (!(await acknowledged.put(client, 'again'))) {
    expect(performance.now() - startedAtMs).toBeLessThan(RECOVERY_MS_MAX);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return performance.now() - startedAtMs;
}

describe.skipIf(SKIPS)('rule 8: a full disk', () => {
  test.each(['always', 'os'])('%s: read-only, and back when space is', async (durability) => {
    const { store, filler } = await storeOnFullDisk(`freed-${durability}`);
    await using _ = store;
    const daemon = store.spawn({ flags: ['--durability', durability] });
    const client = await store.connect(daemon);
    const acknowledged = await fill(client);

    expect(await acknowledged.put(client, 'while/full')).toBe(false);
    expect(REFUSALS).toContain(acknowledged.refusals.at(-1)?.code);
    expect((await client.stats())['status']).toBe('read-only');
    expect(await acknowledged.lost(client)).toEqual([]);
    const doomed = [...acknowledged.keys].slice(0, 200);
    for (const key of doomed) expect(await acknowledged.delete(client, key)).toBe(true);
    expect(await client.get(doomed[0] as string)).toBeUndefined();
    expect(await client.count()).toBe(acknowledged.keys.size);

    await rm(filler);
    const ms = await untilWritable(client, acknowledged);
    console.log(`writable ${Math.round(ms)} ms after space was back`);
    expect((await client.stats())['status']).toBe('open');
    await acknowledged.putMany(client, 'after/', 500, 40);
    expect(await acknowledged.lost(client)).toEqual([]);
    daemon.kill('SIGKILL');
    await daemon.exited;

    const again = store.spawn({ flags: ['--durability', durability] });
    expect(await acknowledged.lost(await store.connect(again))).toEqual([]);
    expect(await store.stop(again)).toBe(0);
    for (const line of ['disk-full', 'ballast-released', 'disk-has-space']) {
      expect(daemon.stdout).toContain(`"msg":"${line}"`);
    }
  });

  test('deletes and a merge make the space themselves', async () => {
    const { store } = await storeOnFullDisk('merged');
    await using _ = store;
    const daemon = store.spawn();
    const client = await store.connect(daemon);
    const acknowledged = await fill(client);
    const doomed = [...acknowledged.keys].filter((_key, index) => index % 10 !== 0);
    for (let first = 0; first < doomed.length; first += 100) {
      const some = doomed.slice(first, first + 100);
      const deleted = await Promise.all(some.map((key) => acknowledged.delete(client, key)));
      expect(deleted).not.toContain(false);
    }
    const { bytesBefore, bytesAfter } = await client.merge();
    expect(bytesAfter).toBeLessThan(bytesBefore / 2);
    await untilWritable(client, acknowledged);
    expect(await acknowledged.lost(client)).toEqual([]);
    expect(await store.stop(daemon)).toBe(0);
  });
});

describe.skipIf(SKIPS)('a start on a full disk', () => {
  test('after kill -9: deletes go on', async () => {
    const { store, filler } = await storeOnFullDisk('started');
    await using _ = store;
    const daemon = store.spawn();
    const acknowledged = await fill(await store.connect(daemon));
    daemon.kill('SIGKILL');
    await daemon.exited;
    const again = store.spawn();
    const client = await store.connect(again);
    expect(await acknowledged.lost(client)).toEqual([]);
    const [key = ''] = acknowledged.keys;
    // the first one may be what finds out that the disk is full, and has the ballast given up
    await expect.poll(() => acknowledged.delete(client, key)).toBe(true);
    await rm(filler);
    await untilWritable(client, acknowledged);
    expect(await store.stop(again)).toBe(0);
  });

  test('not a byte is left: it says so, and starts when there is space', async () => {
    const { store, filler } = await storeOnFullDisk('refused');
    await using _ = store;
    const daemon = store.spawn();
    const acknowledged = await fill(await store.connect(daemon));
    daemon.kill('SIGKILL');
    await daemon.exited;
    await rm(join(store.directory, 'BALLAST'), { force: true });
    // fails when it has taken all there is
    await writeFile(join(disk, 'more'), Buffer.alloc(DISK_BYTES, 2)).catch(() => {});

    const refused = store.spawn();
    expect([1, 5]).toContain((await refused.exited).code);
    expect(refused.lines.at(-1)).toMatchObject({ level: 'fatal', code: 'NO_SPACE' });

    await rm(join(disk, 'more'));
    await rm(filler);
    const again = store.spawn();
    expect(await acknowledged.lost(await store.connect(again))).toEqual([]);
    expect(await store.stop(again)).toBe(0);
  });
});
