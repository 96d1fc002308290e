/** Stores whose process died: copies of the directory of an open store. */

import { cpSync, readdirSync, statSync } from 'node:fs';
import { cp, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SEGMENT_HEADER_BYTES } from '../../../src/storage/format/segment-header.ts';
import { DamagedStore, removeTemplate, valueFor } from './damaged-store.ts';

afterAll(removeTemplate);

const ADDED = 30;
const GROUP = 8;

/** Whether no segment or manifest is being made: the next segment is prepared behind the writes. */
function isAtRest(directory: string): boolean {
  return readdirSync(directory).every(
    (name) =>
      !name.endsWith('.tmp') &&
      (!name.endsWith('.log') || statSync(join(directory, name)).size >= SEGMENT_HEADER_BYTES),
  );
}

/** Adds to a store and takes what lies on the disk while it is open. */
async function killed(made: DamagedStore, durability: 'always' | 'os'): Promise<string> {
  const store = await made.open(made.directory, { durability });
  const keys = Array.from({ length: ADDED }, (_, index) => `new:${index}`);
  // in groups: each one says how far those before it were proven durable
  for (let from = 0; from < ADDED; from += GROUP) {
    const group = keys.slice(from, from + GROUP);
    await Promise.all(group.map((key) => store.put(key, valueFor(key, 1))));
  }
  for (const key of keys) made.expected.set(key, valueFor(key, 1));
  const image = join(made.directory, '../image');
  await expect.poll(() => isAtRest(made.directory)).toBe(true);
  // In one go, as a kill would leave it; what is being written under another name does not count.
  cpSync(made.directory, image, { recursive: true, filter: (name) => !name.endsWith('.tmp') });
  await store.close();
  await rm(made.directory, { recursive: true });
  await cp(image, made.directory, { recursive: true });
  const { file } = await made.recordOf('new:0');
  return file;
}

async function expectAll(made: DamagedStore, directory = made.directory): Promise<void> {
  expect(await made.differences(directory)).toEqual(new Map());
  expect((await made.verify(directory)).damage).toEqual([]);
}

describe.each(['always', 'os'] as const)('a log that was not closed, durability %s', (mode) => {
  it('is no damage: verify says where it ends', async () => {
    await using made = await DamagedStore.create();
    const file = await killed(made, mode);
    const last = await made.recordOf(`new:${ADDED - 1}`);
    const { findings, summary } = await made.verify();
    expect(summary).toMatchObject({ clean: true, closed: false });
    const ends = findings.filter(({ kind, file: name }) => kind === 'log-end' && name === file);
    expect(ends).toMatchObject([{ level: 'info', offset: last.offset + last.bytes }]);
    expect(ends[0]?.message).toContain('behind it are only zeros');
    expect((await made.repair()).summary.repaired).toBe(false);
    await expectAll(made);
  });

  it('what is torn off its end is told as such', async () => {
    await using made = await DamagedStore.create();
    const file = await killed(made, mode);
    const last = await made.recordOf(`new:${ADDED - 1}`);
    await made.flip(file, last.offset + last.bytes - 1);
    const { findings, summary } = await made.verify();
    expect(summary.clean).toBe(true);
    const end = findings.find(({ kind, file: name }) => kind === 'log-end' && name === file);
    expect(end?.offset).toBe(last.offset);
    expect(end?.message).toContain('cuts what is behind it');
    made.expected.delete(last.key);
    await expectAll(made);
  });

  it('is repaired together with damage elsewhere', async () => {
    await using made = await DamagedStore.create();
    await killed(made, mode);
    await made.flip('seg-0000000002.log', 50);
    const { summary, findings } = await made.repair();
    expect(summary).toMatchObject({ segmentsReplaced: 1, valuesLost: 0, lostRanges: 0 });
    expect(findings.map(({ kind }) => kind)).toContain('log-recovered');
    await expectAll(made);
  });

  it('is found again when the MANIFEST is gone', async () => {
    await using made = await DamagedStore.create();
    await killed(made, mode);
    await rm(made.path('MANIFEST'));
    const target = join(made.directory, '../copy');
    await made.copy(target);
    await expectAll(made, target);
    expect((await made.repair()).summary).toMatchObject({ manifestRebuilt: true, lostRanges: 0 });
    await expectAll(made);
  });

  it('is copied up to its end', async () => {
    await using made = await DamagedStore.create();
    const file = await killed(made, mode);
    const last = await made.recordOf(`new:${ADDED - 1}`);
    await truncate(made.path(file), last.offset + 20);
    made.expected.delete(last.key);
    const target = join(made.directory, '../copy');
    await made.copy(target);
    await expectAll(made, target);
  });
});

describe('damage below what was proven durable', () => {
  it('is damage, and repair keeps what is behind it', async () => {
    await using made = await DamagedStore.create();
    const file = await killed(made, 'always');
    const { offset, bytes, sequence } = await made.recordOf('new:10');
    await made.flip(file, offset + 20);
    const { damage } = await made.verify();
    const stretch = { offset, bytes, firstSequence: sequence, lastSequence: sequence };
    expect(damage).toMatchObject([{ kind: 'records-unreadable', file, ...stretch }]);
    const { summary } = await made.repair();
    expect(summary).toMatchObject({ segmentsReplaced: 1, lostRanges: 1 });
    made.expected.delete('new:10');
    await expectAll(made);
    expect(await made.quarantined()).toContain(file);
  });

  it('recovered by a start first, it is listed in the MANIFEST until repair', async () => {
    await using made = await DamagedStore.create();
    const file = await killed(made, 'always');
    const { offset } = await made.recordOf('new:10');
    await made.flip(file, offset + 20);
    const store = await made.open();
    expect(store.stats().damage).toHaveLength(1);
    await store.close();
    expect((await made.verify()).kinds).toEqual(['records-unreadable']);
    await made.repair();
    made.expected.delete('new:10');
    const repaired = await made.open();
    expect(repaired.stats()).toMatchObject({ damage: [], degraded: false });
    await repaired.merge();
    await repaired.close();
    await expectAll(made);
  });

  it('a missing open segment takes only its own records along', async () => {
    await using made = await DamagedStore.create();
    const file = await killed(made, 'always');
    await rm(made.path(file));
    const { damage } = await made.verify();
    expect(damage).toMatchObject([{ kind: 'segment-missing', file }]);
    await made.repair();
    for (let index = 0; index < ADDED; index += 1) made.expected.delete(`new:${index}`);
    await expectAll(made);
  });
});
