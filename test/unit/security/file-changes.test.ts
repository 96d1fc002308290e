import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileChanges } from '../../../src/security/file-changes.ts';

let directory: string;
let paths: string[];
let calls = 0;
let changes: FileChanges;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'caskd-changes-'));
  paths = ['one', 'two'].map((name) => join(directory, name));
  for (const path of paths) await writeFile(path, 'x');
  calls = 0;
  const onChange = async () => {
    calls += 1;
  };
  // the test looks itself
  changes = await FileChanges.watch({ paths, onChange, intervalMs: 1_000_000 });
});

afterEach(async () => {
  changes.close();
  await rm(directory, { recursive: true });
});

test('files that stay as they are are no change', async () => {
  await changes.look();
  await changes.look();
  expect(calls).toBe(0);
});

test('a change is told once, when the files were the same at two looks', async () => {
  await writeFile(paths[1] ?? '', 'xy');
  await changes.look();
  expect(calls).toBe(0);
  await writeFile(paths[0] ?? '', 'xyz');
  await changes.look();
  expect(calls).toBe(0);
  await changes.look();
  await changes.look();
  expect(calls).toBe(1);
});

test('a file that goes and one that comes back are changes', async () => {
  await rm(paths[0] ?? '');
  await changes.look();
  await changes.look();
  expect(calls).toBe(1);
  await writeFile(paths[0] ?? '', 'x');
  await changes.look();
  await changes.look();
  expect(calls).toBe(2);
});
