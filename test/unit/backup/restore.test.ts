import { mkdir, readdir, readFile, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NodeFileSystem } from '../../../src/storage/disk/node-file-system.ts';
import { readManifest } from '../../../src/storage/format/manifest.ts';
import { openStore } from '../../../src/storage/index.ts';
import { repairInPlace, restoreStore, verifyStore } from '../../../src/storage/offline/index.ts';
import { TestClock } from '../../crash/world/test-clock.ts';
import { inlineEnvironment, KeptStore, segmentsIn } from './kept-store.ts';

const report = (): void => {};

async function flip(path: string, offset: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[offset] = (bytes[offset] as number) ^ 0x10;
  await unlink(path); // it may be a file of the store, too
  await writeFile(path, bytes);
}

describe('a restore', () => {
  it('goes on above all that its source can have given out, and again from there', async () => {
    await using kept = await KeptStore.create();
    await kept.fill(5);
    await kept.backup();
    const { target, summary } = await kept.restore();
    expect(summary.nextRevision).toBeGreaterThan(2 ** 28);
    const again = await openStore({ directory: target });
    const { revision } = await again.put('later', 'v');
    const { path } = await again.backup({ directory: join(kept.root, 'second') });
    await again.close();
    const second = await kept.restore(path);
    expect(second.summary.nextRevision).toBeGreaterThan(revision + 2 ** 28 - 1);
    const store = await openStore({ directory: second.target });
    expect((await store.get('later'))?.toString()).toBe('v');
    await store.close();
  });

  it('takes the newest backup of a directory of them', async () => {
    await using kept = await KeptStore.create();
    await kept.put('k', 'first');
    await kept.backup();
    await kept.put('k', 'second');
    const { path } = await kept.backup();
    const { summary, target } = await kept.restore(kept.backups);
    expect(summary.backup).toBe(path);
    expect(await kept.stateOf(target, summary)).toEqual(new Map([['k', 'second']]));
  });

  it('refuses a target that is not empty, and changes nothing there', async () => {
    await using kept = await KeptStore.create();
    await kept.put('k', 'v');
    await kept.backup();
    const target = join(kept.root, 'taken');
    await mkdir(target);
    await writeFile(join(target, 'mine'), 'x');
    await expect(restoreStore({ backup: kept.backups, target, report })).rejects.toMatchObject({
      code: 'NOT_A_STORE',
      message: expect.stringContaining('not empty'),
    });
    expect(await readdir(target)).toEqual(['mine']);
    await expect(
      restoreStore({ backup: kept.backups, target: kept.directory, report }),
    ).rejects.toMatchObject({ code: 'NOT_A_STORE' });
  });

  it('is not needed to look at a backup, but to open one', async () => {
    await using kept = await KeptStore.create();
    await kept.put('k', 'v');
    const { path } = await kept.backup();
    expect(await verifyStore({ directory: path, report })).toMatchObject({ clean: true });
    await expect(openStore({ directory: path })).rejects.toMatchObject({
      code: 'NOT_A_STORE',
      message: expect.stringContaining('caskctl restore'),
    });
  });

  it('of what is no backup is refused', async () => {
    await using kept = await KeptStore.create();
    await expect(kept.restore(kept.directory)).rejects.toMatchObject({ code: 'NOT_A_BACKUP' });
    await expect(kept.restore(join(kept.root, 'nowhere'))).rejects.toMatchObject({
      code: 'NOT_A_BACKUP',
    });
  });
});

describe('a backup that is not as it was written', () => {
  it('is refused wherever a byte of a segment, manifest or list has changed', async () => {
    await using kept = await KeptStore.create();
    await kept.fill(40);
    const { path } = await kept.backup({ copies: true });
    const names = [...(await segmentsIn(path)), 'MANIFEST', 'BACKUP'];
    for (const name of names) {
      const intact = await readFile(join(path, name));
      for (const offset of [9, 60, intact.length >> 1, intact.length - 2]) {
        await flip(join(path, name), offset);
        const code = name === 'BACKUP' ? /NOT_A_BACKUP|UNSUPPORTED_FORMAT/ : /CORRUPT/;
        await expect(kept.restore(path), `${name} at ${offset}`).rejects.toMatchObject({
          code: expect.stringMatching(code),
        });
        const { clean } = await verifyStore({ directory: path, report });
        expect(clean, `${name} at ${offset}`).toBe(false);
        await writeFile(join(path, name), intact);
      }
    }
    // Nothing of the attempts is left.
    expect((await readdir(kept.root)).filter((name) => name.startsWith('restored'))).toEqual([]);
    expect(await verifyStore({ directory: path, report })).toMatchObject({ clean: true });
  });

  it('is refused when a segment is missing or short', async () => {
    await using kept = await KeptStore.create();
    await kept.fill(40);
    const { path } = await kept.backup({ copies: true });
    const [first = '', second = ''] = await segmentsIn(path);
    await truncate(join(path, first), 5000);
    await expect(kept.restore(path)).rejects.toMatchObject({ code: 'CORRUPT' });
    await unlink(join(path, second));
    await expect(kept.restore(path)).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it('does without a hint that is damaged, and says so', async () => {
    await using kept = await KeptStore.create();
    await kept.fill(40);
    await kept.reopen();
    const { path } = await kept.backup({ copies: true });
    await flip(join(path, 'seg-0000000001.hint'), 130);
    const { target, summary, findings } = await kept.restore(path);
    expect(findings).toMatchObject([
      { level: 'info', kind: 'hint-damaged', file: 'seg-0000000001.hint' },
    ]);
    expect(await kept.stateOf(target, summary)).toEqual(kept.current);
  });

  it('is not repaired where it is', async () => {
    await using kept = await KeptStore.create();
    await kept.fill(40);
    const { path } = await kept.backup({ copies: true });
    await flip(join(path, 'seg-0000000001.log'), 5000);
    const confirm = () => Promise.resolve(true);
    await expect(repairInPlace({ directory: path, report, confirm })).rejects.toMatchObject({
      code: 'NOT_A_STORE',
    });
  });
});

it('to an earlier state: at every revision, batches whole', async () => {
  await using kept = await KeptStore.create({ segmentBytes: 4096 });
  const inBatch = new Map<number, number>();
  for (let round = 0; round < 7; round += 1) {
    await kept.put(`key:${round % 5}`, `${round}`.padEnd(300, '.'));
    if (round % 3 === 1) await kept.delete(`key:${(round + 2) % 5}`);
    if (round % 4 !== 2) continue;
    const revisions = await kept.batch({ a: `${round}`, b: `${round}`, c: `${round}` });
    for (const revision of revisions.slice(0, -1)) inBatch.set(revision, (revisions[0] ?? 0) - 1);
  }
  const { path, revision: newest } = await kept.backup();
  for (let asked = 1; asked <= newest; asked += 1) {
    const { target, summary } = await kept.restore(path, { toRevision: asked });
    const revision = inBatch.get(asked) ?? asked;
    expect(summary).toMatchObject({ revision, cutsBatch: inBatch.has(asked) });
    const state = await kept.stateOf(target, summary);
    expect(state, `at ${asked}`).toEqual(kept.states.get(revision));
  }
  await expect(kept.restore(path, { toRevision: newest + 1 })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining(`ends at revision ${newest}`),
  });
});

it('to an earlier state: at three times', async () => {
  const clock = new TestClock();
  await using kept = await KeptStore.create({ environment: { ...inlineEnvironment(), clock } });
  const begin = clock.wall;
  for (const value of ['one', 'two', 'three', 'four']) {
    await kept.put('k', value);
    clock.pass(10);
    await kept.put('other', value);
    clock.pass(90);
  }
  const { path, time: end } = await kept.backup();
  expect(end).toBe(begin + 399);
  for (const [index, value] of ['one', 'two', 'three'].entries()) {
    const { target } = await kept.restore(path, { toTime: begin + index * 100 + 10 });
    await using store = await openStore({ directory: target });
    expect((await store.get('k'))?.toString()).toBe(value);
    expect((await store.get('other'))?.toString()).toBe(value);
  }
  const before = await kept.restore(path, { toTime: begin - 1 });
  expect(before.summary).toMatchObject({ revision: 0, segments: 0 });
  await expect(kept.restore(path, { toTime: end + 1 })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining('ends at'),
  });
});

it('to an earlier state: takes the first backup that reaches it', async () => {
  await using kept = await KeptStore.create();
  await kept.put('k', 'first');
  const first = await kept.backup();
  await kept.put('k', 'second');
  await kept.store.merge(); // which drops the first
  await kept.put('k', 'third');
  const second = await kept.backup();
  expect(second.historyFloor).toBe(2);
  const early = await kept.restore(kept.backups, { toRevision: 1 });
  expect(early.summary.backup).toBe(first.path);
  const late = await kept.restore(kept.backups, { toRevision: 2 });
  expect(late.summary.backup).toBe(second.path);
  expect(await kept.stateOf(late.target, late.summary)).toEqual(kept.states.get(2));
});

it('to an earlier state: below the floor of history is refused, and the floor is named', async () => {
  const clock = new TestClock();
  await using kept = await KeptStore.create({ environment: { ...inlineEnvironment(), clock } });
  await kept.put('k', 'first');
  const time = clock.wall;
  clock.pass(10);
  await kept.put('k', 'second');
  await kept.put('k', 'third');
  await kept.store.merge();
  const { path } = await kept.backup();
  for (const point of [{ toRevision: 2 }, { toTime: time }]) {
    await expect(kept.restore(path, point)).rejects.toMatchObject({
      code: 'BELOW_HISTORY_FLOOR',
      message: expect.stringContaining('goes back to revision 3 (2'),
      details: { historyFloor: 3 },
    });
  }
  expect((await readdir(kept.root)).filter((name) => name.startsWith('restored'))).toEqual([]);
});

it('to an earlier state: leaves a store with no history before that state', async () => {
  await using kept = await KeptStore.create();
  await kept.fill(20);
  await kept.backup();
  const { target } = await kept.restore(kept.backups, { toRevision: 7 });
  expect(await readManifest(new NodeFileSystem(), target)).toMatchObject({ historyFloor: 7 });
});
