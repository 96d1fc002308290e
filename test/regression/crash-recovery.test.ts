/** What was acknowledged is there after a kill, wherever a roll of the log was at that moment. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { outcomeOf } from './stage/outcome.ts';
import { Stage } from './stage/stage.ts';
import { missing, putAll, putsOf } from './stage/writes.ts';

it('keeps a write through a kill after a manifest was published with its segment open', async () => {
  const stage = new Stage();
  const store = await stage.open();
  await store.put('k', 'v');
  await stage.quiet(); // the next segment is prepared and listed by now
  const revived = await stage.open({ directory: stage.image() });
  expect(await revived.get('k')).toEqual(Buffer.from('v'));
  expect(revived.stats().damage).toEqual([]);
});

it('keeps every acknowledged write of many segments through a kill', async () => {
  const stage = new Stage();
  const store = await stage.open({ segmentBytes: 8192 });
  const items = putsOf('k', 300, 'v'.repeat(50));
  await putAll(store, items, 10);
  await stage.quiet();
  const revived = await stage.open({ directory: stage.image(), segmentBytes: 8192 });
  expect(await missing(revived, items)).toEqual([]);
  expect(revived.stats().keys).toBe(300);
  expect(revived.stats().damage).toEqual([]);
});

it('recovers two unsealed segments full of small records whole', async () => {
  const stage = new Stage();
  const store = await stage.open({ segmentBytes: 65_536 });
  await store.put('a', '');
  await stage.quiet();
  // Until the third segment can be prepared, no manifest says that the first one is sealed.
  const third = stage.gates.hold('open', /seg-0000000003\.log$/);
  const items = putsOf('', 2000, '');
  await putAll(store, items, 100);
  await store.put('last', 'x');
  await third.reached;
  const image = stage.image();
  third.lift();
  const revived = await stage.open({ directory: image, segmentBytes: 65_536 });
  expect(await revived.get('last')).toEqual(Buffer.from('x'));
  expect(await missing(revived, items)).toEqual([]);
  expect(revived.stats().damage).toEqual([]);
});

/** A kill while the second segment has its file and no manifest lists it; the writes that were. */
async function killWhilePreparing(stage: Stage): Promise<string> {
  const store = await stage.open();
  const hasFile = (): boolean => existsSync(join(stage.path, 'seg-0000000002.log'));
  const manifest = stage.gates.hold('open', /MANIFEST\.tmp$/, hasFile);
  await putAll(store, putsOf('k', 5, 'v'), 1);
  await manifest.reached;
  const image = stage.image();
  manifest.lift();
  expect(existsSync(join(image, 'seg-0000000002.log'))).toBe(true);
  return image;
}

it('does not give a rewritten tail the id of a segment that was being prepared', async () => {
  const stage = new Stage();
  const image = await killWhilePreparing(stage);
  const before = stage.gates.count('rename', /image-1\/seg-0000000002\.log\.tmp$/);
  const revived = await stage.open({ directory: image });
  expect(stage.gates.count('rename', /image-1\/seg-0000000002\.log\.tmp$/)).toBe(before);
  expect(await missing(revived, putsOf('k', 5, 'v'))).toEqual([]);
});

it('loses nothing between publishing and renaming a rewritten tail', async () => {
  const stage = new Stage();
  const image = await killWhilePreparing(stage);
  const fault = stage.gates.fault('rename', /\.log\.tmp$/, 'EIO');
  expect(await outcomeOf(stage.open({ directory: image }))).not.toBe('ok');
  expect(fault.hits).toBe(1);
  fault.lift();
  const revived = await stage.open({ directory: image });
  expect(await missing(revived, putsOf('k', 5, 'v'))).toEqual([]);
});
