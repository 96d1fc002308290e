/** While history is kept, a merge knows for how long a put lived that was touched. */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { hintName, segmentName } from '../../src/storage/format/file-names.ts';
import type { Store } from '../../src/storage/index.ts';
import { TTL_NONE } from '../../src/vocabulary/write-arguments.ts';
import { manifestOf } from './world/inspect.ts';
import { type Kept, recordsOf } from './world/records.ts';
import { scratchDirectories } from './world/scratch.ts';
import { Touch } from './world/touch.ts';
import { World } from './world/world.ts';

const newDirectory = scratchDirectories();

const RETAIN_MS = 60_000;
const SEGMENT_BYTES = 4096;
const FILLER = 'f'.repeat(500);

let directory: string;
let world: World;
let store: Store;

function open(automatic: boolean): Promise<Store> {
  const merge = { automatic, checkIntervalMs: 1000, smallSegmentCount: 100 } as const;
  const segmentBytes = SEGMENT_BYTES;
  const retainHistoryMs = RETAIN_MS;
  return world.open(directory, { retainHistoryMs, segmentBytes, merge, durability: 'os' });
}

beforeEach(async () => {
  directory = newDirectory();
  world = new World();
  store = await open(false);
});

/** Puts fillers until the segment is sealed. */
async function fillSegment(name: string): Promise<void> {
  const { sealedBytes } = store.stats().log;
  for (let count = 0; store.stats().log.sealedBytes === sealedBytes; count += 1) {
    await store.put(`${name}-${count}`, FILLER);
    await world.settle();
  }
}

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1000) {
    world.pass(1000);
    await world.settle();
  }
}

async function recordsOfKey(): Promise<Kept[]> {
  await store.sync();
  return (await recordsOf(directory)).filter(({ key }) => key === 'k');
}

async function valueOfKey(): Promise<string | undefined> {
  return (await store.get('k'))?.toString();
}

async function reopen(automatic: boolean): Promise<void> {
  await store.close();
  store = await open(automatic);
}

it('a put that never expires is gone with the touch that expired', async () => {
  await store.put('k', 'value');
  await store.modify('k', new Touch(10_000));
  await fillSegment('a');
  await pass(10_000 + RETAIN_MS);
  await store.put('other', 'value');
  await store.merge();
  expect(await recordsOfKey()).toEqual([]);
  await reopen(false);
  expect(await valueOfKey()).toBeUndefined();
  await store.close();
});

it('a touch that has expired, and was touched again, does not bury the value', async () => {
  // A tombstone is only written where an older record of the key may be left.
  await fillSegment('first');
  await store.put('k', 'value');
  await store.modify('k', new Touch(RETAIN_MS));
  await fillSegment('a');
  await pass(RETAIN_MS - 2000);
  await store.modify('k', new Touch(TTL_NONE));
  for (let count = 0; count < 8; count += 1) await store.delete(`a-${count}`);
  await pass(RETAIN_MS - 10_000);
  await reopen(true);
  await pass(5000);
  const { runs, bytesRead } = store.stats().merge;
  expect(runs).toBe(1);
  expect(bytesRead).toBeLessThan(2 * SEGMENT_BYTES);
  expect(await valueOfKey()).toBe('value');
  await reopen(false);
  expect(await valueOfKey()).toBe('value');
  await store.close();
});

it('what expired goes, though other keys are touched all the time', async () => {
  for (let round = 0; round < 8; round += 1) {
    if (round === 0) await store.put('k', 'value', { ttlMs: 10_000 });
    if (round === 0) await store.modify('k', new Touch(20_000));
    await store.put('busy', `${round}`);
    await store.modify('busy', new Touch(60_000));
    await fillSegment(`${round}`);
    await pass(20_000);
  }
  expect(await recordsOfKey()).toHaveLength(2);
  await store.merge();
  expect(await recordsOfKey()).toEqual([]);
  await store.close();
});

describe('a put that outlived its expiry, and was deleted, is there for the states before', () => {
  /** @returns the segment that has the touch, which merges leave alone */
  async function outlive(): Promise<number> {
    await store.put('k', 'value', { ttlMs: 10_000 });
    await fillSegment('garbage');
    await store.modify('k', new Touch(TTL_NONE));
    await fillSegment('live');
    await pass(12_000);
    for (let count = 0; count < 8; count += 1) await store.delete(`garbage-${count}`);
    await fillSegment('after');
    await pass(RETAIN_MS - 10_000);
    await store.delete('k');
    await pass(20_000);
    const { segments } = await manifestOf(directory);
    return segments[1]?.id as number;
  }

  it.each(['hint', 'segment', 'nothing'])('the touch told by %s', async (teller) => {
    const touched = await outlive();
    expect((await recordsOfKey()).map(({ type }) => type)).toEqual(['put', 'touch', 'delete']);
    await reopen(true);
    if (teller !== 'hint') rmSync(join(directory, hintName(touched)));
    if (teller === 'nothing') {
      const path = join(directory, segmentName('log', touched));
      const bytes = readFileSync(path);
      bytes.fill(255, 64, 128);
      writeFileSync(path, bytes);
    }
    await pass(5000);
    const { runs, bytesRead } = store.stats().merge;
    expect(runs).toBe(1);
    expect(bytesRead).toBeLessThan(2 * SEGMENT_BYTES);
    const kept = (await recordsOfKey()).filter(({ type }) => type === 'put');
    expect(kept.map(({ value }) => value)).toEqual(['value']);
    await store.close();
  });
});
