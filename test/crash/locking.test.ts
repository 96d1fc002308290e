/** One process at a time: a kernel lock, whatever is in the file. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openStore, type Store } from '../../src/storage/index.ts';
import { scratchDirectories } from './world/scratch.ts';
import { SMALL } from './world/world.ts';

const newDirectory = scratchDirectories();
const fixture = fileURLToPath(new URL('./fixtures/open-store.ts', import.meta.url));

const open = (directory: string): Promise<Store> => openStore({ ...SMALL, directory });

function openInChild(directory: string): string {
  return execFileSync(process.execPath, [fixture, directory], { encoding: 'utf8' }).trim();
}

it('26. a second opener is refused, in this process and in another', async () => {
  const directory = newDirectory();
  const store = await open(directory);
  await store.put('a', '1');
  await expect(open(directory)).rejects.toMatchObject({ code: 'LOCKED' });
  expect(openInChild(directory)).toBe('LOCKED');
  await expect(open(directory)).rejects.toMatchObject({ code: 'LOCKED' });
  expect((await store.get('a'))?.toString()).toBe('1');
  await store.close();
  expect(openInChild(directory)).toBe('OPENED');
  const again = await open(directory);
  expect((await again.get('a'))?.toString()).toBe('1');
  await again.close();
});

it('26. a failed open releases the lock', async () => {
  const directory = newDirectory();
  const store = await open(directory);
  await store.put('a', '1');
  await store.close();
  renameSync(`${directory}/seg-0000000001.log`, `${directory}-kept`);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await expect(open(directory)).rejects.toMatchObject({ code: 'MISSING_SEGMENT' });
  }
  expect(openInChild(directory)).toBe('MISSING_SEGMENT');
  renameSync(`${directory}-kept`, `${directory}/seg-0000000001.log`);
  const again = await open(directory);
  expect((await again.get('a'))?.toString()).toBe('1');
  await again.close();
});

it.each([
  ['empty', ''],
  ['garbage', '\u0000\u0001 not a pid'],
  ['of a dead process', '4194303\n'],
  ['of a living process', `${process.ppid}\n`],
])('25. a LOCK that is %s does not keep anyone out', async (_, content) => {
  const directory = newDirectory();
  await (await open(directory)).close();
  expect(existsSync(`${directory}/LOCK`)).toBe(true);
  writeFileSync(`${directory}/LOCK`, content);
  const store = await open(directory);
  expect(readFileSync(`${directory}/LOCK`, 'utf8')).toBe(`${process.pid}\n`);
  await store.close();
});
