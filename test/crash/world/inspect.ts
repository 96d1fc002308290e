/** Looks at a whole store in every way there is, and checks that all ways agree. */

import { readdirSync } from 'node:fs';
import { expect } from 'vitest';
import { NodeFileSystem } from '../../../src/storage/disk/node-file-system.ts';
import { parseFileName, segmentName } from '../../../src/storage/format/file-names.ts';
import { type Manifest, readManifest } from '../../../src/storage/format/manifest.ts';
import { recordBytes } from '../../../src/storage/format/record.ts';
import type { Entry, Store } from '../../../src/storage/index.ts';
import type { ModelEntry, State } from './journal.ts';
import type { World } from './world.ts';

/** All entries, by page, in order. @throws whatever a damaged entry carries */
async function walk(store: Store, reverse: boolean): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of store.range({ reverse, pageSize: 7 })) {
    if ('error' in entry) throw entry.error;
    entries.push(entry);
  }
  return entries;
}

/** The least and the most. */
export type BytesRange = readonly [least: number, most: number];

function bytesOfPut({ key, value, expiresAt }: Entry): BytesRange {
  const bytes = recordBytes(key.length, value.length, expiresAt !== undefined);
  return [bytes, bytes];
}

/**
 * The state of the store; ranges both ways, point reads, counts and statistics agree on it.
 * @param liveBytesOf what an entry's records have; by default it is a put that was never touched
 */
export async function inspect(
  store: Store,
  liveBytesOf: (entry: Entry) => BytesRange = bytesOfPut,
): Promise<State> {
  await store.whenIndexReady();
  const entries = await walk(store, false);
  const keys = entries.map(({ key }) => key);
  expect(keys).toEqual(keys.toSorted(Buffer.compare));
  expect(await walk(store, true)).toEqual(entries.toReversed());
  expect(await store.count()).toBe(entries.length);
  expect(await store.getMany(keys)).toEqual(entries.map(({ value }) => value));
  const state = new Map<string, ModelEntry>();
  let least = 0;
  let most = 0;
  for (const entry of entries) {
    expect(await store.getEntry(entry.key)).toEqual(entry);
    const { key, value, version } = entry;
    const bytes = liveBytesOf(entry);
    least += bytes[0];
    most += bytes[1];
    state.set(key.toString('latin1'), { value: value.toString('latin1'), version });
  }
  const stats = store.stats();
  expect(stats.log.liveBytes).toBeGreaterThanOrEqual(least);
  expect(stats.log.liveBytes).toBeLessThanOrEqual(most);
  expect(stats.reads.corrupt).toBe(0);
  expect(stats.damage).toEqual([]);
  expect(stats.degraded).toBe(false);
  return state;
}

export async function manifestOf(directory: string): Promise<Manifest> {
  const manifest = await readManifest(new NodeFileSystem(), directory);
  expect(manifest).toBeDefined();
  return manifest as Manifest;
}

/** A cleanly closed directory has what its manifest lists, and nothing besides. */
export async function expectTidy(directory: string, world: World): Promise<void> {
  expect(world.fs.openCount).toBe(0);
  const manifest = await manifestOf(directory);
  expect(manifest.segments.map(({ state }) => state)).toEqual(
    manifest.segments.map(() => 'sealed'),
  );
  const listed = new Set(manifest.segments.map(({ id, kind }) => segmentName(kind, id)));
  const ids = new Set(manifest.segments.map(({ id }) => id));
  const files = readdirSync(directory);
  for (const name of files) {
    const parsed = parseFileName(name);
    expect(parsed, name).toBeDefined();
    expect(['tmp', 'aside'], name).not.toContain(parsed?.kind);
    if (parsed?.kind === 'log' || parsed?.kind === 'merged') expect(listed).toContain(name);
    if (parsed?.kind === 'hint') expect(ids).toContain(parsed.id);
  }
  for (const name of listed) expect(files).toContain(name);
}
