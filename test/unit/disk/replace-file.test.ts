import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { NodeFileSystem } from '../../../src/storage/disk/node-file-system.ts';
import { replaceFile } from '../../../src/storage/disk/replace-file.ts';

const fs = new NodeFileSystem();
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'caskd-replace-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

it('writes a file, and writes it again', async () => {
  for (const text of ['one', 'another']) {
    const bytes = Buffer.from(text);
    await replaceFile(fs, directory, 'F', (file) => file.write(bytes, 0, bytes.length, 0));
    expect(readFileSync(join(directory, 'F'), 'utf8')).toBe(text);
  }
  expect(readdirSync(directory)).toEqual(['F']);
});

it('a failure leaves the old file, and nothing else', async () => {
  writeFileSync(join(directory, 'F'), 'old');
  writeFileSync(join(directory, 'F.tmp'), 'of an earlier failure');
  const failing = replaceFile(fs, directory, 'F', async (file) => {
    await file.write(Buffer.from('half'), 0, 4, 0);
    throw new Error('no more');
  });
  await expect(failing).rejects.toThrowError('no more');
  expect(readFileSync(join(directory, 'F'), 'utf8')).toBe('old');
  expect(readdirSync(directory)).toEqual(['F']);
});
