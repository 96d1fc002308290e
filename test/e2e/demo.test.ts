/** `npm run demo` on a small directory: files of all sizes, a kill, a merge, no difference. */

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listParts, readPart } from '../../scripts/demo/files.ts';
import { Ledger } from '../../scripts/demo/ledger.ts';
import type { Entry } from '../../src/client/index.ts';

const DEMO = fileURLToPath(new URL('../../scripts/demo.ts', import.meta.url));
/** Above the limit of 16 MiB for a value, so that it is stored in two parts. */
const LARGE_BYTES = 17 * 1024 * 1024;
const SMALL_FILES = 400;

let directory: string;
let root: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'caskd-demo-test-'));
  root = join(directory, 'files');
  await mkdir(join(root, 'many'), { recursive: true });
  await mkdir(join(root, '.cache'));
  await writeFile(join(root, '.cache', 'changing'), 'left out');
  await writeFile(join(root, 'empty'), '');
  await writeFile(join(root, 'large'), Buffer.alloc(LARGE_BYTES, 'large '));
  for (let index = 0; index < SMALL_FILES; index += 1) {
    await writeFile(join(root, 'many', `${index}.txt`), `file ${index} `.repeat(index * 10));
  }
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

describe('the demo', () => {
  it('ends well, and removes its directory', async () => {
    const tmp = join(directory, 'tmp');
    await mkdir(tmp);
    const env = { ...process.env, TMPDIR: tmp };
    const args = [DEMO, '--root', root, '--durability', 'interval'];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env });
    expect(stderr).toBe('');
    expect(stdout).toContain(`every acknowledged value is there: ${SMALL_FILES + 3} keys\n`);
    expect(await readdir(tmp)).toEqual([]);
  });

  it('cuts a large file into numbered parts', async () => {
    const parts = await listParts(root, 10 * 1024 * 1024);
    expect(parts.map(({ key }) => key).filter((key) => !key.includes('/many/'))).toEqual([
      'files/empty',
      'files/large#0001',
      'files/large#0002',
    ]);
    const second = parts.find(({ key }) => key === 'files/large#0002');
    expect(second?.bytes).toBe(7 * 1024 * 1024);
    const value = second === undefined ? undefined : await readPart(second);
    expect(value?.equals(Buffer.alloc(LARGE_BYTES, 'large ').subarray(10 * 1024 * 1024))).toBe(
      true,
    );
  });

  it('notices a lost, a changed and an old value', () => {
    const ledger = new Ledger();
    const file = Buffer.from('value');
    const found = (revision: number, value = file): Entry => ({
      key: Buffer.from('k'),
      value,
      revision,
      version: 1,
      createdAt: 0,
      updatedAt: 0,
      expiresAt: undefined,
    });
    ledger.acknowledged('k', 7);
    expect(ledger.problem('k', found(7), file)).toBeUndefined();
    expect(ledger.problem('k', undefined, file)).toBe('k: lost');
    expect(ledger.problem('k', found(7, Buffer.from('other')), file)).toContain('differs');
    expect(ledger.problem('k', found(6), file)).toBe('k: revision 6, acknowledged was 7');
    expect(ledger.problem('k', found(8), file)).toBe('k: revision 8, acknowledged was 7');
    // a put that was never answered may have been applied, but takes nothing back
    ledger.unanswered('k');
    expect(ledger.problem('k', found(8), file)).toBeUndefined();
    expect(ledger.problem('k', found(6), file)).toContain('acknowledged was 7');
  });
});
