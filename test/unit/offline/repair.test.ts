import { rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { repairInPlace } from '../../../src/storage/offline/index.ts';
import { DamagedStore, removeTemplate, valueFor } from './damaged-store.ts';

afterAll(removeTemplate);

const FIRST = 'seg-0000000001.log';
const SECOND = 'seg-0000000002.log';

/** What is to hold after every repair. */
async function expectWhole(made: DamagedStore, directory = made.directory): Promise<void> {
  const { damage, summary } = await made.verify(directory);
  expect(damage).toEqual([]);
  expect(summary).toMatchObject({ clean: true });
}

/** Opens a repaired store, and closes it again: keys that are not as they were. */
async function lostKeys(made: DamagedStore, directory = made.directory): Promise<string[]> {
  const differences = await made.differences(directory);
  // what is lost is absent: neither an older value nor an error stands in its place
  for (const [key, value] of differences) expect([key, value]).toEqual([key, undefined]);
  for (const key of made.deleted) expect(differences.has(key)).toBe(false);
  await expectWhole(made, directory);
  return [...differences.keys()].sort();
}

describe('in place, damaged segments', () => {
  it('leaves a sound store alone, and asks nothing', async () => {
    await using made = await DamagedStore.create();
    const before = await made.bytes('MANIFEST');
    const { summary, findings } = await made.repair();
    expect(summary.repaired).toBe(false);
    expect(findings).toEqual([]);
    expect(await made.bytes('MANIFEST')).toEqual(before);
  });

  it('changes nothing when the answer is no', async () => {
    await using made = await DamagedStore.create();
    await made.flip(SECOND, 50);
    const names = await made.names('');
    const { directory } = made;
    const confirm = () => Promise.resolve(false);
    const summary = await repairInPlace({ directory, confirm, report() {} });
    expect(summary.repaired).toBe(false);
    expect(await made.names('')).toEqual(names);
    expect((await made.verify()).kinds).toEqual(['segment-header-damaged']);
  });

  it('a damaged header loses nothing', async () => {
    await using made = await DamagedStore.create();
    const damaged = await made.bytes(SECOND);
    await made.flip(SECOND, 50);
    const { summary } = await made.repair();
    expect(summary).toMatchObject({ segmentsReplaced: 1, valuesLost: 0, lostRanges: 0 });
    expect(await lostKeys(made)).toEqual([]);
    expect((await made.quarantined()).sort()).toEqual(['seg-0000000002.hint', SECOND]);
    expect((await made.bytes(`quarantine/${SECOND}`)).length).toBe(damaged.length);
    expect(await made.names('.log')).not.toContain(SECOND);
    expect((await made.repair()).summary.repaired).toBe(false);
  });

  it('a flipped value loses that key, and an older value does not stand in for it', async () => {
    await using made = await DamagedStore.create();
    // key:0007 was put twice: the first put lies in another segment, unharmed
    const { file, offset, bytes } = await made.recordOf('key:0007');
    expect(file).not.toBe(FIRST);
    await made.flip(file, offset + bytes - 1);
    const { summary, findings } = await made.repair();
    expect(summary).toMatchObject({ segmentsReplaced: 1, valuesLost: 1, lostRanges: 0 });
    expect(findings.map(({ kind }) => kind)).toEqual([
      'value-damaged',
      'segment-replaced',
      'manifest-written',
      'quarantined',
      'quarantined',
    ]);
    expect(await lostKeys(made)).toEqual(['key:0007']);
  });

  it('a lost delete is written again from the hint: the key stays deleted', async () => {
    await using made = await DamagedStore.create();
    const { file, offset, type } = await made.recordOf('gone:3');
    expect(type).toBe('delete');
    await made.flip(file, offset + 20);
    const { summary } = await made.repair();
    expect(summary).toMatchObject({ tombstonesRestored: 1, valuesLost: 0, lostRanges: 1 });
    expect(await lostKeys(made)).toEqual([]);
    // nor does it come back when a merge drops what it can
    const store = await made.open();
    await store.merge();
    await store.close();
    expect(await lostKeys(made)).toEqual([]);
  });
});

describe('in place, much damage', () => {
  it('40 KB of zeros: the rest is there, what is lost is named', async () => {
    await using made = await DamagedStore.create();
    const lost = (await made.dump(SECOND)).records.filter(
      ({ offset, bytes }) => offset + bytes > 30_000 && offset < 70_000,
    );
    await made.zero(SECOND, 30_000, 40_000);
    const { summary, findings } = await made.repair();
    expect(summary).toMatchObject({ valuesLost: lost.length, lostRanges: 1 });
    const named = findings.filter(({ key }) => key !== undefined).map(({ key }) => String(key));
    const keys = lost.map(({ key }) => key);
    expect(named.sort()).toEqual(keys.sort());
    // a key that was put again later has lost nothing
    const still = new Set((await made.records()).map(({ key }) => key));
    expect(await lostKeys(made)).toEqual(keys.filter((key) => !still.has(key)).sort());
    expect(keys.filter((key) => still.has(key)).length).toBeGreaterThan(5);
  });
});

describe('in place, more damage', () => {
  it('without a hint the neighbours are kept, and the stretch is told', async () => {
    await using made = await DamagedStore.create();
    const { offset, bytes, key, sequence } = await made.recordOf('key:0300');
    await made.flip(SECOND, offset + 20);
    await rm(made.path('seg-0000000002.hint'));
    const { findings } = await made.repair();
    const [first] = findings;
    const stretch = { offset, bytes, firstSequence: sequence, lastSequence: sequence };
    expect(first).toMatchObject({ kind: 'records-unreadable', file: SECOND, ...stretch });
    expect(await lostKeys(made)).toEqual([key]);
  });

  it('a truncated segment, and a missing one', async () => {
    await using made = await DamagedStore.create();
    const lost = (await made.records()).filter(
      ({ file, offset, bytes }) => file === FIRST || (file === SECOND && offset + bytes > 60_000),
    );
    await truncate(made.path(SECOND), 60_000);
    await rm(made.path(FIRST));
    const { summary } = await made.repair();
    expect(summary).toMatchObject({ segmentsReplaced: 2, valuesLost: lost.length });
    const still = new Set((await made.records()).map(({ key }) => key));
    const gone = lost.map(({ key }) => key).filter((key) => !still.has(key));
    expect(await lostKeys(made)).toEqual(gone.sort());
  });
});

describe('in place, besides', () => {
  it('wrong hints are removed and written anew', async () => {
    await using made = await DamagedStore.create();
    const [first = '', second = ''] = await made.names('.hint');
    await rename(made.path(first), made.path('swap'));
    await rename(made.path(second), made.path(first));
    await rename(made.path('swap'), made.path(second));
    const { summary } = await made.repair();
    expect(summary).toMatchObject({ hintsRemoved: 2, segmentsReplaced: 0 });
    expect(await lostKeys(made)).toEqual([]);
    expect(await made.names('.hint')).toContain(first);
  });

  it('revisions go on above all that was lost', async () => {
    await using made = await DamagedStore.create();
    const last = (await made.records()).at(-1);
    await rm(made.path(last?.file ?? ''));
    await rm(made.path(last?.file.replace('.log', '.hint') ?? ''));
    await made.repair();
    const store = await made.open();
    const { revision } = await store.put('new', 'value');
    expect(revision).toBeGreaterThan(last?.sequence ?? 0);
    await store.close();
    await expectWhole(made);
  });

  it('ends what was begun when it is cut short before the end', async () => {
    await using made = await DamagedStore.create();
    await made.flip(SECOND, 50);
    // an output that a first attempt left behind, which no manifest lists
    await writeFile(made.path('seg-0000000009.merged'), 'a beginning');
    await made.repair();
    expect(await made.names('.merged')).toEqual(['seg-0000000009.merged', 'seg-0000000010.merged']);
    expect(await lostKeys(made)).toEqual([]);
    expect(await made.names('.merged')).toEqual(['seg-0000000010.merged']);
  });
});

describe('a manifest that is gone', () => {
  it.each(['missing', 'damaged'])('%s: it is made from the segments', async (state) => {
    await using made = await DamagedStore.create();
    if (state === 'missing') await rm(made.path('MANIFEST'));
    else await made.flip('MANIFEST', 70);
    const last = (await made.records()).at(-1);
    const { summary } = await made.repair();
    expect(summary).toMatchObject({ manifestRebuilt: true, segmentsReplaced: 0, lostRanges: 0 });
    expect(await lostKeys(made)).toEqual([]);
    if (state === 'damaged') expect(await made.quarantined()).toEqual(['MANIFEST']);
    const store = await made.open();
    expect((await store.put('new', 'value')).revision).toBeGreaterThan(
      (last?.sequence ?? 0) + 2 ** 27,
    );
    await store.close();
  });

  it('without hints, too', async () => {
    await using made = await DamagedStore.create();
    for (const name of await made.names('.hint')) await rm(made.path(name));
    await rm(made.path('MANIFEST'));
    await made.repair();
    expect(await lostKeys(made)).toEqual([]);
  });

  it('a header beside it is known from the hint, or the segment goes to quarantine', async () => {
    await using made = await DamagedStore.create();
    await rm(made.path('MANIFEST'));
    await made.flip(FIRST, 40);
    await made.flip(SECOND, 40);
    await rm(made.path('seg-0000000002.hint'));
    const second = (await made.bytes(SECOND)).length;
    const { findings } = await made.repair();
    expect(findings.filter(({ level }) => level === 'damage')).toMatchObject([
      { kind: 'manifest-missing' },
      { kind: 'segment-unusable', file: SECOND },
      { kind: 'segment-header-damaged', file: FIRST },
    ]);
    expect((await made.quarantined()).sort()).toEqual(['seg-0000000001.hint', FIRST, SECOND]);
    expect((await made.bytes(`quarantine/${SECOND}`)).length).toBe(second);
    const differing = await made.differences();
    for (const [key, value] of differing) {
      // what was only in the second segment is gone; older values of what was put again remain
      expect([key, [undefined, valueFor(key, 1)].includes(value)]).toEqual([key, true]);
    }
    await expectWhole(made);
  });

  it('bits of the version field are mended, nothing is guessed', async () => {
    await using made = await DamagedStore.create();
    await made.flip('MANIFEST', 8);
    const { summary } = await made.repair();
    expect(summary).toMatchObject({ repaired: true, manifestRebuilt: false });
    expect(await lostKeys(made)).toEqual([]);
  });
});

describe('as a copy', () => {
  it('copies a sound store, with its revisions and an identity of its own', async () => {
    await using made = await DamagedStore.create();
    const target = join(made.directory, '../copy');
    const before = await made.open();
    const [uuid, entry] = [before.uuid, await before.getEntry('key:0001')];
    await before.close();
    const { summary } = await made.copy(target);
    expect(summary).toMatchObject({ valuesLost: 0, lostRanges: 0 });
    expect(await lostKeys(made, target)).toEqual([]);
    const store = await made.open(target);
    expect(store.uuid).toBe(summary.uuid);
    expect(store.uuid).not.toBe(uuid);
    expect(await store.getEntry('key:0001')).toEqual(entry);
    const last = (await made.records()).at(-1);
    const { revision } = await store.put('new', 'value');
    expect(revision).toBeGreaterThan(last?.sequence ?? 0);
    await store.close();
  });

  it('copies what can be read of a damaged one, and leaves that as it is', async () => {
    await using made = await DamagedStore.create();
    const target = join(made.directory, '../copy');
    const value = await made.recordOf('key:0008');
    const tombstone = await made.recordOf('gone:3');
    await made.flip(value.file, value.offset + value.bytes - 1);
    await made.flip(tombstone.file, tombstone.offset + 20);
    const names = await made.names('');
    const { summary } = await made.copy(target);
    expect(summary).toMatchObject({ valuesLost: 1, tombstonesRestored: 1, lostRanges: 1 });
    expect(await lostKeys(made, target)).toEqual(['key:0008']);
    expect(await made.names('')).toEqual(names);
    expect((await made.verify()).kinds.sort()).toEqual([
      'record-lost',
      'records-unreadable',
      'value-damaged',
    ]);
    await expect(made.copy(target)).rejects.toMatchObject({ code: 'NOT_A_STORE' });
  });

  it('copies a store without a MANIFEST', async () => {
    await using made = await DamagedStore.create();
    const target = join(made.directory, '../copy');
    await rm(made.path('MANIFEST'));
    await made.copy(target);
    expect(await lostKeys(made, target)).toEqual([]);
    expect(await made.names('MANIFEST')).toEqual([]);
  });
});
