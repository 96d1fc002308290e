import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { decodeBackupList } from '../../../src/storage/format/backup-list.ts';
import { KeptStore, segmentsIn } from './kept-store.ts';

async function inodeOf(path: string): Promise<number> {
  return (await stat(path)).ino;
}

it('files are those of the store, listed with length and SHA-256', async () => {
  await using kept = await KeptStore.create();
  await kept.fill(60);
  const { path, files, bytes, bytesCopied } = await kept.backup({ caskdVersion: '1.2.3' });
  const list = decodeBackupList(await readFile(join(path, 'BACKUP')));
  expect(list).toMatchObject({
    uuid: kept.store.uuid,
    caskd: '1.2.3',
    revision: 60,
    historyFloor: 0,
    isLinked: true,
    damaged: [],
  });
  expect(list.files).toHaveLength(files);
  expect(list.files.reduce((sum, file) => sum + file.bytes, 0)).toBe(bytes);
  const names = list.files.map(({ name }) => name);
  expect([...names, 'BACKUP'].sort()).toEqual((await readdir(path)).sort());
  for (const { name, sha256 } of list.files) {
    const found = createHash('sha256').update(await readFile(join(path, name)));
    expect(found.digest('hex'), name).toBe(sha256);
  }
  // On one file system nothing is copied.
  expect(bytesCopied).toBe(0);
  const [first = ''] = await segmentsIn(path);
  expect(await inodeOf(join(path, first))).toBe(await inodeOf(join(kept.directory, first)));
});

it('files are copies when that is asked for, and then only of other copies', async () => {
  await using kept = await KeptStore.create();
  await kept.fill(40);
  await kept.backup();
  const first = await kept.backup({ copies: true });
  expect(first.bytesReused).toBe(0);
  expect(first.bytesCopied).toBeGreaterThan(40 * 900);
  const [name = ''] = await segmentsIn(first.path);
  const inode = await inodeOf(join(first.path, name));
  expect(inode).not.toBe(await inodeOf(join(kept.directory, name)));
  await kept.backup();
  const second = await kept.backup({ copies: true });
  expect(await inodeOf(join(second.path, name))).toBe(inode);
});

it('files that the last backup has are taken from there', async () => {
  await using kept = await KeptStore.create();
  await kept.fill(60);
  const first = await kept.backup();
  await kept.fill(5, 'more');
  const second = await kept.backup();
  expect(second.bytesReused).toBeGreaterThan(60 * 900);
  expect(second.bytes - second.bytesReused).toBeLessThan(20 * 900);
  const [name = ''] = await segmentsIn(first.path);
  expect(await inodeOf(join(second.path, name))).toBe(await inodeOf(join(first.path, name)));
  expect((await kept.backup({ full: true })).bytesReused).toBe(0);
  const { target, summary } = await kept.restore(second.path);
  expect(await kept.stateOf(target, summary)).toEqual(kept.current);
});

it('files of older backups are removed as `keep` says, those of other stores are not', async () => {
  await using kept = await KeptStore.create();
  await using other = await KeptStore.create();
  await other.put('other', 'store');
  await other.backup({ directory: kept.backups, keep: 1 });
  const paths: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    await kept.put(`k${round}`, 'v'.repeat(900));
    paths.push((await kept.backup()).path);
  }
  const { removed, path } = await kept.backup({ keep: 2 });
  expect(removed.map((name) => join(kept.backups, name))).toEqual(paths.slice(0, 3));
  const left = (await readdir(kept.backups)).filter((name) => name !== 'LOCK').sort();
  expect(left).toHaveLength(3);
  expect(left.map((name) => join(kept.backups, name))).toEqual(
    expect.arrayContaining([paths[3], path]),
  );
  const { target, summary } = await kept.restore(path);
  expect(await kept.stateOf(target, summary)).toEqual(kept.current);
});

it('files survive merges of what they were taken from', async () => {
  await using kept = await KeptStore.create();
  await kept.fill(40);
  const { path } = await kept.backup();
  const state = kept.current;
  await kept.fill(40);
  await kept.store.merge();
  const { target, summary } = await kept.restore(path);
  expect(await kept.stateOf(target, summary)).toEqual(state);
});
