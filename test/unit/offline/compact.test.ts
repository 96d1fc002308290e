import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { compactStore } from '../../../src/storage/offline/index.ts';
import { inlineEnvironment, KeptStore, segmentsIn } from '../backup/kept-store.ts';
import { FakeClient } from '../shell/fake-client.ts';
import { runWith } from '../shell/fake-io.ts';
import { DamagedStore, removeTemplate } from './damaged-store.ts';

afterAll(removeTemplate);

it('leaves what is current, and nothing else', async () => {
  await using kept = await KeptStore.create();
  for (let round = 0; round < 5; round += 1) await kept.fill(30);
  for (let index = 0; index < 10; index += 1) await kept.delete(`key:${index}`);
  await kept.store.close();
  const { directory } = kept;
  const environment = inlineEnvironment();
  const summary = await compactStore({ directory, environment });
  expect(summary).toMatchObject({ keys: 20, segmentsAfter: 1 });
  expect(summary.bytesBefore).toBeGreaterThan(150 * 900);
  expect(summary.bytesAfter).toBeLessThan(20 * 1000);
  expect(await segmentsIn(directory)).toHaveLength(1);
  // Once more there is nothing to do.
  const again = await compactStore({ directory, environment });
  expect(again).toMatchObject({ segmentsBefore: 1, segmentsAfter: 1 });
  await kept.reopen();
  const found = new Map<string, string>();
  for (const key of kept.current.keys()) {
    found.set(key, String(await kept.store.get(key)));
  }
  expect(found).toEqual(kept.current);
});

it('keeps history where it is told to', async () => {
  await using kept = await KeptStore.create();
  await kept.fill(30);
  await kept.fill(30);
  await kept.store.close();
  const retainHistoryMs = 3_600_000;
  const { directory } = kept;
  const summary = await compactStore({
    directory,
    retainHistoryMs,
    environment: inlineEnvironment(),
  });
  expect(summary.bytesAfter).toBe(summary.bytesBefore);
  await kept.reopen();
  expect(kept.store.stats().historyFloor).toBe(0);
});

it('refuses a store in use, an empty directory and none', async () => {
  await using kept = await KeptStore.create();
  await kept.put('k', 'v');
  const run = (directory: string) => runWith(new FakeClient(), ['compact', directory]);
  expect(await run(kept.directory)).toMatchObject({
    exitCode: 1,
    err: expect.stringMatching(/^LOCKED: /),
  });
  const empty = await mkdtemp(join(tmpdir(), 'caskd-compact-'));
  expect((await run(empty)).err).toMatch(/^NOT_A_STORE: /);
  expect(await readdir(empty)).toEqual([]);
  await rm(empty, { recursive: true });
  expect((await run(empty)).err).toMatch(/^DIRECTORY_MISSING: /);
});

it('says in one sentence what it did', async () => {
  await using made = await DamagedStore.create();
  const ran = await runWith(new FakeClient(), ['compact', made.directory]);
  expect(ran).toMatchObject({ exitCode: 0, err: '' });
  expect(ran.out).toMatch(/^compacted: \d segments -> \d, [\d.]+ KiB -> [\d.]+ KiB, 605 keys, /);
  expect(await made.differences()).toEqual(new Map());
});

it('leaves damage to repair', async () => {
  await using made = await DamagedStore.create();
  await made.flip('seg-0000000001.log', 5000);
  const run = (): Promise<unknown> => compactStore({ directory: made.directory });
  // The merge finds it, and changes nothing.
  await expect(run()).rejects.toMatchObject({ code: 'CORRUPT' });
  expect(await made.names('.merged')).toEqual([]);
});
