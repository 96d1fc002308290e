/** Backups beside merges and rolls: what is captured is there, whatever becomes of the others. */

import { expect, it } from 'vitest';
import { Engine } from '../../src/storage/engine.ts';
import { restoreStore, verifyStore } from '../../src/storage/offline/index.ts';
import { openDirectory } from '../../src/storage/recovery/open-directory.ts';
import { Store } from '../../src/storage/store.ts';
import { resolveStoreOptions } from '../../src/storage/store-options.ts';
import { outcomeOf } from './stage/outcome.ts';
import { Stage } from './stage/stage.ts';

const MANIFEST = /store\/MANIFEST\.tmp$/;

async function twoSegments(store: Store): Promise<void> {
  for (let key = 0; key < 20; key += 1) await store.put(`key:${key}`, 'old'.padEnd(200, '.'));
  await store.backup({ directory: `${store.options.directory}-first` });
  for (let key = 0; key < 10; key += 1) await store.put(`key:${key}`, 'new'.padEnd(200, '.'));
}

async function restored(stage: Stage, backup: string): Promise<Map<string, string>> {
  const target = `${stage.directory}/restored`;
  await restoreStore({ backup, target, report() {} });
  expect(await verifyStore({ directory: target, report() {} })).toMatchObject({ clean: true });
  const store = await stage.open({ directory: target });
  const found = new Map<string, string>();
  for (let key = 0; key < 20; key += 1) {
    found.set(`key:${key}`, String(await store.get(`key:${key}`)).replaceAll('.', ''));
  }
  return found;
}

function expected(): Map<string, string> {
  return new Map(Array.from({ length: 20 }, (_, key) => [`key:${key}`, key < 10 ? 'new' : 'old']));
}

it.each(['lift', 'fail'] as const)(
  'a backup waits for the manifest of a merge, however that ends: %s',
  async (end) => {
    const stage = new Stage();
    const store = await stage.open();
    await twoSegments(store);
    // The merge rolls first, which publishes; then it copies, and publishes what it made.
    const merges = (): boolean => store.stats().merge.bytesDone > 0;
    const manifest = stage.gates.hold('write', MANIFEST, merges);
    const merge = outcomeOf(store.merge());
    await manifest.reached;
    const directory = `${stage.path}-second`;
    const backup = store.backup({ directory });
    await stage.quiet();
    expect(store.stats().backup).toMatchObject({ running: true });
    if (end === 'lift') manifest.lift();
    else manifest.fail('ENOSPC');
    // Without space for all at once, it goes on with fewer at a time.
    expect(await merge).toBe('ok');
    const { path } = await backup;
    expect(await restored(stage, path)).toEqual(expected());
    expect(store.stats()).toMatchObject({ status: 'open', damage: [] });
  },
);

it('two that roll the log at once leave no empty segment behind', async () => {
  const stage = new Stage();
  const { path: directory, environment } = stage;
  const options = resolveStoreOptions(
    { directory, environment, durability: 'os' },
    environment,
    1 << 30,
  );
  const engine = new Engine(options, await openDirectory(options));
  engine.start();
  const store = new Store(engine);
  for (let key = 0; key < 20; key += 1) await store.put(`key:${key}`, 'v');
  const sync = stage.gates.hold('datasync', /seg-0000000001\.log$/);
  const first = engine.writes.roll();
  await sync.reached;
  const second = engine.writes.roll();
  await stage.quiet();
  sync.lift();
  await Promise.all([first, second]);
  await store.put('one', 'more');
  await store.close();
  expect(stage.files(/\.log$/)).toHaveLength(2);
  expect(await verifyStore({ directory, report() {} })).toMatchObject({ clean: true });
});

it('a full disk of backups leaves the store as it is, and nothing half behind', async () => {
  const stage = new Stage();
  const store = await stage.open();
  await twoSegments(store);
  const directory = `${stage.path}-second`;
  const fault = stage.gates.fault('write', /-second\/.*\.log$/, 'ENOSPC');
  expect(await outcomeOf(store.backup({ directory, copies: true }))).toBe('NO_SPACE');
  expect(fault.hits).toBe(1);
  expect(store.stats()).toMatchObject({ status: 'open', backup: { failures: 1 } });
  fault.lift();
  expect(await outcomeOf(store.put('more', 'v'))).toBe('ok');
  const { path } = await store.backup({ directory, copies: true });
  expect(await restored(stage, path)).toEqual(expected());
});
