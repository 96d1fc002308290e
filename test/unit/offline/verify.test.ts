import { rename, rm, truncate, writeFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { verifyStore } from '../../../src/storage/offline/index.ts';
import { DamagedStore, KEYS, removeTemplate } from './damaged-store.ts';

afterAll(removeTemplate);

const SECOND = 'seg-0000000002.log';

describe('a store as it was closed', () => {
  it('is clean, and verifying it changes nothing', async () => {
    await using made = await DamagedStore.create();
    const before = await made.bytes('MANIFEST');
    const { findings, summary } = await made.verify();
    expect(findings).toEqual([]);
    expect(summary).toMatchObject({ clean: true, closed: true, damaged: 0, lostKeys: 0 });
    expect(summary.segments).toBeGreaterThan(2);
    expect(summary.records).toBe((await made.records()).length);
    expect(summary.records).toBeGreaterThan(KEYS);
    expect(await made.bytes('MANIFEST')).toEqual(before);
  });

  it('is clean after a merge', async () => {
    await using made = await DamagedStore.create();
    const store = await made.open();
    await store.merge();
    await store.close();
    expect((await made.names('.merged')).length).toBeGreaterThan(0);
    expect((await made.verify()).findings).toEqual([]);
  });

  it('is not looked at while somebody has it open', async () => {
    await using made = await DamagedStore.create();
    const store = await made.open();
    const { directory } = made;
    await expect(verifyStore({ directory, report() {} })).rejects.toMatchObject({ code: 'LOCKED' });
    await store.close();
    await made.verify();
    await (await made.open()).close();
  });

  it('is what it takes: other directories are refused, and no LOCK is put there', async () => {
    await using made = await DamagedStore.create();
    await expect(made.verify(`${made.directory}/..`)).rejects.toMatchObject({
      code: 'NOT_A_STORE',
    });
    await expect(made.verify('/does/not/exist')).rejects.toMatchObject({
      code: 'DIRECTORY_MISSING',
    });
    expect(await made.names('LOCK')).toEqual(['LOCK']);
  });

  it('is clean with files that are not ours, which are named', async () => {
    await using made = await DamagedStore.create();
    await writeFile(made.path('notes.txt'), 'mine');
    await writeFile(made.path('MANIFEST.tmp'), 'unfinished');
    await writeFile(made.path('seg-0000000099.merged'), 'unlisted');
    await writeFile(made.path('seg-0000000098.log'), 'unlisted');
    await rm(made.path('seg-0000000001.hint'));
    const { findings, summary } = await made.verify();
    expect(summary.clean).toBe(true);
    expect(Object.fromEntries(findings.map(({ file, kind }) => [file, kind]))).toEqual({
      'notes.txt': 'foreign-file',
      'MANIFEST.tmp': 'leftover',
      'seg-0000000099.merged': 'leftover',
      'seg-0000000098.log': 'unlisted-segment',
      'seg-0000000001.hint': 'hint-missing',
    });
  });
});

describe('a damaged record', () => {
  it('a flipped byte of a value names segment, offset, length, key and sequence', async () => {
    await using made = await DamagedStore.create();
    const { file, offset, bytes, sequence } = await made.recordOf('key:0300');
    await made.flip(file, offset + bytes - 3);
    const { damage, summary } = await made.verify();
    expect(damage).toMatchObject([
      { kind: 'value-damaged', file, offset, bytes, type: 'put', firstSequence: sequence },
    ]);
    expect(damage[0]?.key).toEqual(Buffer.from('key:0300'));
    expect(summary).toMatchObject({ clean: false, damaged: 1, lostRanges: 0, lostKeys: 1 });
  });

  it.each([
    ['head', 16],
    ['key', 46],
  ])('a flipped byte of the %s: the hint knows what it was', async (_name, at) => {
    await using made = await DamagedStore.create();
    const { file, offset, bytes, sequence } = await made.recordOf('key:0300');
    await made.flip(file, offset + at);
    const { damage, summary } = await made.verify();
    const stretch = { offset, bytes, firstSequence: sequence, lastSequence: sequence };
    expect(damage).toMatchObject([
      { kind: 'records-unreadable', file, ...stretch },
      { kind: 'record-lost', file, type: 'put', key: Buffer.from('key:0300'), ...stretch },
    ]);
    expect(summary).toMatchObject({ lostRanges: 1, lostKeys: 1 });
  });

  it('without a hint the neighbours tell the sequence', async () => {
    await using made = await DamagedStore.create();
    const { file, offset, sequence } = await made.recordOf('key:0300');
    await made.flip(file, offset + 16);
    await rm(made.path(file.replace('.log', '.hint')));
    const { damage, kinds } = await made.verify();
    expect(kinds).toEqual(['records-unreadable']);
    expect(damage[0]).toMatchObject({ firstSequence: sequence, lastSequence: sequence });
  });

  it('40 KB of zeros are one stretch, and every lost key is named', async () => {
    await using made = await DamagedStore.create();
    const { records } = await made.dump(SECOND);
    await made.zero(SECOND, 30_000, 40_000);
    const lost = records.filter(({ offset, bytes }) => offset + bytes > 30_000 && offset < 70_000);
    const { damage, summary } = await made.verify();
    const first = lost[0];
    // the record that the zeros begin in keeps its head: its key is known from itself
    expect(damage[0]).toMatchObject({ kind: 'value-damaged', offset: first?.offset });
    expect(damage[1]).toMatchObject({
      kind: 'records-unreadable',
      message: 'no record can be read here',
      firstSequence: (first?.sequence ?? 0) + 1,
      lastSequence: lost.at(-1)?.sequence,
    });
    const known = damage.filter(({ key }) => key !== undefined).map(({ key }) => String(key));
    expect(known.sort()).toEqual(lost.map(({ key }) => key).sort());
    expect(summary.lostKeys).toBe(lost.length);
  });
});

describe('a damaged file', () => {
  it('a flipped byte of a segment header', async () => {
    await using made = await DamagedStore.create();
    await made.flip(SECOND, 50);
    expect((await made.verify()).kinds).toEqual(['segment-header-damaged']);
    // a version that is not ours, though no newer caskd was here
    await made.flip(SECOND, 50);
    await made.flip(SECOND, 8);
    expect((await made.verify()).kinds).toEqual(['segment-header-damaged']);
  });

  it('a truncated segment', async () => {
    await using made = await DamagedStore.create();
    await truncate(made.path(SECOND), 100_000);
    const { kinds, damage, summary } = await made.verify();
    expect(kinds[0]).toBe('segment-too-short');
    expect(kinds).toContain('records-unreadable');
    expect(damage[0]).toMatchObject({ file: SECOND, offset: 100_000 });
    expect(summary.lostKeys).toBeGreaterThan(20);
  });

  it('a missing segment', async () => {
    await using made = await DamagedStore.create();
    const { records } = await made.dump(SECOND);
    await rm(made.path(SECOND));
    const { damage, summary } = await made.verify();
    expect(damage[0]).toMatchObject({
      kind: 'segment-missing',
      file: SECOND,
      firstSequence: records[0]?.sequence,
      lastSequence: records.at(-1)?.sequence,
    });
    expect(summary.lostKeys).toBe(records.length);
  });

  it('a hint of another segment, a flipped one, and one with a byte too many', async () => {
    await using made = await DamagedStore.create();
    const [first = '', second = '', third = ''] = await made.names('.hint');
    await rename(made.path(first), made.path('swap'));
    await rename(made.path(second), made.path(first));
    await rename(made.path('swap'), made.path(second));
    await writeFile(made.path(third), 'x', { flag: 'a' });
    const swapped = await made.verify();
    expect(swapped.kinds).toEqual(['hint-damaged', 'hint-damaged', 'hint-damaged']);
    expect(swapped.damage[0]?.message).toContain('it is of segment 2, not 1');
    expect(swapped.summary.clean).toBe(false);
  });

  it('no MANIFEST, and a damaged one', async () => {
    await using made = await DamagedStore.create();
    const whole = await made.verify();
    await made.flip('MANIFEST', 60);
    const damaged = await made.verify();
    expect(damaged.kinds).toEqual(['manifest-damaged']);
    expect(damaged.summary).toMatchObject({ records: whole.summary.records });
    await rm(made.path('MANIFEST'));
    const missing = await made.verify();
    expect(missing.kinds).toEqual(['manifest-missing']);
    expect(missing.summary).toMatchObject({ ...whole.summary, clean: false, damaged: 1 });
  });
});
