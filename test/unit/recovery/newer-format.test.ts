/** A directory of a newer caskd is refused and left alone; a flipped bit is no newer version. */

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { repairInPlace, verifyStore } from '../../../src/storage/offline/index.ts';
import { KeptStore, open, readAll } from '../backup/kept-store.ts';

const SEGMENT = 'seg-0000000001.log';
const HINT = 'seg-0000000001.hint';
/** Where the checksum of the header stands, of all bytes before it. */
const CRC_AT: Readonly<Record<string, number>> = { MANIFEST: 28, [SEGMENT]: 76, [HINT]: 108 };

async function closedStore(): Promise<KeptStore> {
  const kept = await KeptStore.create();
  await kept.fill(10);
  await kept.store.close();
  return kept;
}

async function filesOf(directory: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const name of await readdir(directory)) {
    if (name !== 'LOCK') files.set(name, (await readFile(join(directory, name))).toString('hex'));
  }
  return files;
}

/** Changes the header; with its checksum, as a newer caskd would have written it. */
async function changeHeader(
  kept: KeptStore,
  name: string,
  change: (bytes: Buffer) => void,
  withChecksum: boolean,
): Promise<void> {
  const path = join(kept.directory, name);
  const bytes = await readFile(path);
  change(bytes);
  const at = CRC_AT[name] as number;
  if (withChecksum) bytes.writeUInt32LE(crc32(bytes.subarray(0, at)), at);
  await writeFile(path, bytes);
}

const VERSION_2 = (bytes: Buffer): void => void bytes.writeUInt16LE(2, 8);
const FEATURE = (bytes: Buffer): void => void bytes.writeUInt32LE(4, 12);

it.each([
  ['MANIFEST', VERSION_2, /the manifest has format version 2; this caskd knows version 1: a newer/],
  ['MANIFEST', FEATURE, /the manifest needs features .*\(bits 0x4\): a newer/],
  [SEGMENT, VERSION_2, /the segment has format version 2; this caskd knows version 1: a newer/],
  [SEGMENT, FEATURE, /the segment needs features .*\(bits 0x4\): a newer/],
])(
  '%s of a newer caskd: refused in a clear sentence, nothing is touched',
  async (name, change, says) => {
    await using kept = await closedStore();
    await changeHeader(kept, name, change, true);
    const before = await filesOf(kept.directory);
    const { directory } = kept;
    const expected = { code: 'UNSUPPORTED_FORMAT', message: expect.stringMatching(says) };
    await expect(open(directory)).rejects.toMatchObject(expected);
    await expect(verifyStore({ directory, report() {} })).rejects.toMatchObject(expected);
    expect(await filesOf(directory)).toEqual(before);
  },
);

it('a hint of a newer caskd is a cache like any other', async () => {
  await using kept = await closedStore();
  await changeHeader(kept, HINT, VERSION_2, true);
  await kept.reopen();
  expect(kept.store.stats().opened).toMatchObject({ scanned: 1 });
  expect(await readAll(kept.store)).toEqual(kept.current);
});

it('a flipped bit in the version of a segment does not keep the store from opening', async () => {
  await using kept = await closedStore();
  await changeHeader(kept, SEGMENT, VERSION_2, false);
  const { directory } = kept;
  const { damaged } = await verifyStore({ directory, report() {} });
  expect(damaged).toBe(1);
  const logged: string[] = [];
  await kept.reopen({ logger: (_, event) => logged.push(event) });
  expect(logged).toContain('segment-header-damaged');
  expect(await readAll(kept.store)).toEqual(kept.current);
  await kept.store.close();
  const confirm = () => Promise.resolve(true);
  await repairInPlace({ directory, report() {}, confirm });
  expect(await verifyStore({ directory, report() {} })).toMatchObject({ clean: true });
  await kept.reopen();
  expect(await readAll(kept.store)).toEqual(kept.current);
});

it('a flipped bit in the version of the manifest is damage, which repair mends', async () => {
  await using kept = await closedStore();
  await changeHeader(kept, 'MANIFEST', FEATURE, false);
  const { directory } = kept;
  await expect(open(directory)).rejects.toMatchObject({ code: 'BAD_MANIFEST' });
  const confirm = () => Promise.resolve(true);
  const summary = await repairInPlace({ directory, report() {}, confirm });
  expect(summary).toMatchObject({ repaired: true, manifestRebuilt: false });
  await kept.reopen();
  expect(await readAll(kept.store)).toEqual(kept.current);
});
