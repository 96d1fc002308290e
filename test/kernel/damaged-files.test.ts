/** Files that were damaged between two runs: each kind is reported, nothing wrong is served. */

import { chmod, chown, cp, open, readFile, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CaskClient, CaskError } from '../../src/client/index.ts';
import { SEGMENT_HEADER_BYTES } from '../../src/storage/format/segment-header.ts';
import { Acknowledged, valueOfKey } from './acknowledged.ts';
import { skipsBecause } from './capabilities.ts';
import { StoreUnderTest } from './store-under-test.ts';

const KEYS = 1000;
/** Records of about 1.1 KB in segments of 256 KiB: far enough from both ends of the first one. */
const MIDDLE = 100_000;
const NOBODY = 65_534;
/** Root reads whatever it likes, so that a daemon as root cannot be kept out. */
const IS_ROOT = process.getuid?.() === 0;

/** Written once; every test damages a copy. */
let original: StoreUnderTest;
let acknowledged: Acknowledged;
let store: StoreUnderTest;

beforeAll(async () => {
  original = await StoreUnderTest.create();
  acknowledged = new Acknowledged();
  const daemon = original.spawn();
  await acknowledged.putMany(await original.connect(daemon), 'k/', KEYS, 50);
  expect(await original.stop(daemon)).toBe(0);
  expect(acknowledged.refusals).toEqual([]);
});

beforeEach(async () => {
  store = await StoreUnderTest.create();
  await cp(original.directory, store.directory, { recursive: true });
});

afterEach(() => store[Symbol.asyncDispose]());
afterAll(() => original[Symbol.asyncDispose]());

async function first(pattern: RegExp): Promise<string> {
  const [name = 'none'] = await store.files(pattern);
  return join(store.directory, name);
}

async function flipByte(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  await file.write(Buffer.of((byte[0] as number) ^ 0x40), 0, 1, at);
  await file.close();
}

/** A manifest as a later caskd writes it: another version, with the checksum that goes with it. */
async function makeNewer(path: string): Promise<void> {
  const file = await open(path, 'r+');
  const header = Buffer.alloc(32);
  await file.read(header, 0, 32, 0);
  header.writeUInt16LE(2, 8);
  header.writeUInt32LE(crc32(header.subarray(0, 28)), 28);
  await file.write(header, 0, 32, 0);
  await file.close();
}

interface Readings {
  readonly right: number;
  readonly absent: number;
  readonly codes: readonly string[];
  readonly failed: number;
}

/** Reads every key by itself: never a wrong value. */
async function readAll(client: CaskClient<'utf8'>): Promise<Readings> {
  let right = 0;
  let absent = 0;
  const codes: string[] = [];
  for (const key of acknowledged.keys) {
    try {
      const value = await client.get(key);
      if (value === undefined) absent += 1;
      else {
        expect(value).toBe(valueOfKey(key));
        right += 1;
      }
    } catch (thrown) {
      codes.push((thrown as CaskError).code);
    }
  }
  return { right, absent, codes: [...new Set(codes)], failed: codes.length };
}

/** The daemon refuses to start. */
async function refusal(): Promise<{ code: number | null; line: unknown }> {
  const daemon = store.spawn();
  const { code } = await daemon.exited;
  return { code, line: daemon.lines.at(-1) };
}

describe('a segment', () => {
  test('a flipped byte in a value: CORRUPT for that key, all others right', async () => {
    await flipByte(await first(/\.log$/), MIDDLE);
    const daemon = store.spawn();
    const client = await store.connect(daemon);
    expect(await readAll(client)).toEqual({
      right: KEYS - 1,
      absent: 0,
      codes: ['CORRUPT'],
      failed: 1,
    });
    let damaged = 0;
    for await (const entry of client.range()) if (entry.error !== undefined) damaged += 1;
    expect(damaged).toBe(1);
    await client.put('new', 'put');
    expect((await client.stats())['reads']).toMatchObject({ corrupt: expect.any(Number) });
    expect(await store.stop(daemon)).toBe(0);
  });

  test('truncated: what was cut off is CORRUPT, the rest is right, and it is logged', async () => {
    await truncate(await first(/\.log$/), MIDDLE);
    const daemon = store.spawn();
    const { right, absent, codes, failed } = await readAll(await store.connect(daemon));
    expect(codes).toEqual(['CORRUPT']);
    expect(absent).toBe(0);
    expect(right + failed).toBe(KEYS);
    expect(failed).toBeGreaterThan(50);
    expect(failed).toBeLessThan(KEYS / 2);
    expect(await daemon.line('segment-too-short')).toMatchObject({ level: 'error', segment: 1 });
    expect(await store.stop(daemon)).toBe(0);
  });

  test('its header is gone: logged, and all is read', async () => {
    await flipByte(await first(/\.log$/), 30);
    const daemon = store.spawn();
    expect((await readAll(await store.connect(daemon))).right).toBe(KEYS);
    expect(await daemon.line('segment-header-damaged')).toMatchObject({ level: 'error' });
  });

  test('damaged, and its hint is lost: the rest is right, the range is reported', async () => {
    await flipByte(await first(/\.log$/), SEGMENT_HEADER_BYTES + 10);
    await rm(await first(/\.hint$/));
    const daemon = store.spawn();
    const client = await store.connect(daemon);
    const { right, absent, failed } = await readAll(client);
    expect({ right, lost: absent + failed }).toEqual({ right: KEYS - 1, lost: 1 });
    expect(await daemon.line('segment-damaged')).toMatchObject({ level: 'error', segment: 1 });
    const stats = await client.stats();
    expect(stats['degraded']).toBe(true);
    expect(stats['damage']).toHaveLength(1);
    // nothing is dropped while it is not known what was lost
    expect(await client.merge().catch((error: CaskError) => error.code)).toBeDefined();
    expect((await readAll(client)).right).toBe(KEYS - 1);
  });

  test('deleted: the start is refused, naming it', async () => {
    await rm(await first(/\.log$/));
    const { code, line } = await refusal();
    expect(code).toBe(5);
    expect(line).toMatchObject({ level: 'fatal', code: 'MISSING_SEGMENT' });
    expect((line as { error: string }).error).toContain('seg-0000000001.log');
  });
});

describe('hints', () => {
  test.each([
    ['deleted', (path: string) => rm(path)],
    ['cut short', (path: string) => truncate(path, 500)],
    ['flipped', (path: string) => flipByte(path, 300)],
  ])('%s: the segment is scanned, and the hint comes back', async (_what, damage) => {
    const path = await first(/\.hint$/);
    const whole = await readFile(path);
    await damage(path);
    const daemon = store.spawn();
    expect((await readAll(await store.connect(daemon))).right).toBe(KEYS);
    expect(await daemon.line('hint-rejected')).toMatchObject({ level: 'warn', segment: 1 });
    expect(await store.stop(daemon)).toBe(0);
    expect((await readFile(path)).equals(whole)).toBe(true);
  });
});

describe('the manifest', () => {
  test.each([
    ['deleted', (path: string) => rm(path), 'NOT_A_STORE'],
    ['flipped', (path: string) => flipByte(path, 100), 'BAD_MANIFEST'],
    ['cut short', (path: string) => truncate(path, 40), 'BAD_MANIFEST'],
    ['empty', (path: string) => truncate(path, 0), 'BAD_MANIFEST'],
    ['with a flipped version', (path: string) => flipByte(path, 9), 'BAD_MANIFEST'],
    ['of a later version', makeNewer, 'UNSUPPORTED_FORMAT'],
  ])('%s: the start is refused', async (_what, damage, expected) => {
    const before = await store.files(/^seg-/);
    await damage(await first(/^MANIFEST$/));
    const { code, line } = await refusal();
    expect(code).toBe(5);
    expect(line).toMatchObject({ level: 'fatal', code: expected });
    expect(await store.files(/^seg-/)).toEqual(before);
  });
});

describe('permissions', () => {
  // only root can start a daemon as someone else; anyone else is someone else already
  const drop = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
  const obstacle = IS_ROOT ? undefined : 'needs root, to run the daemon as nobody';
  const skips = skipsBecause('files of mode 000', obstacle);

  async function giveToNobody(): Promise<void> {
    const parent = join(store.directory, '..');
    const names = (await store.files(/./)).map((name) => join(store.directory, name));
    for (const path of [parent, store.directory, ...names]) await chown(path, NOBODY, NOBODY);
  }

  test.skipIf(skips)('an unreadable segment: refused, typed, and untouched', async () => {
    await giveToNobody();
    const path = await first(/\.log$/);
    const { size } = await stat(path);
    await chmod(path, 0o000);
    const daemon = store.spawn({ under: drop });
    expect((await daemon.exited).code).toBe(5);
    expect(daemon.lines.at(-1)).toMatchObject({ level: 'fatal', code: 'NOT_WRITABLE' });
    expect((await stat(path)).size).toBe(size);
    await chmod(path, 0o600);
    const again = store.spawn({ under: drop });
    expect((await readAll(await store.connect(again))).right).toBe(KEYS);
    expect(await store.stop(again)).toBe(0);
  });

  test.skipIf(skips)(
    'a directory that is not writable: reads go on, a put is refused',
    async () => {
      await giveToNobody();
      await chmod(store.directory, 0o500);
      const daemon = store.spawn({ under: drop });
      const client = await store.connect(daemon);
      expect((await readAll(client)).right).toBe(KEYS);
      const refused = await client.put('new', 'put').catch((thrown: CaskError) => thrown.code);
      expect(refused).toMatch(/^[A-Z_]+$/);
      daemon.kill('SIGKILL');
      await daemon.exited;
      await chmod(store.directory, 0o700);
      const again = store.spawn({ under: drop });
      expect((await readAll(await store.connect(again))).right).toBe(KEYS);
    },
  );
});
