/** `caskctl verify`, `repair` and `dump-segment` on the directory of a daemon. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DaemonProcess } from './daemon-process.ts';

const CASKD = fileURLToPath(new URL('../../bin/caskd.js', import.meta.url));
const CASKCTL = fileURLToPath(new URL('../../bin/caskctl.js', import.meta.url));
const SEGMENT = 'seg-0000000001.log';
/** No command may connect: nobody listens there. */
const NOBODY = 'cask://127.0.0.1:1';

let parent: string;
let original: string;
let data: string;

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function caskctl(words: readonly string[], url = NOBODY): Promise<Ran> {
  const child = spawn(process.execPath, [CASKCTL, ...words], {
    env: { ...process.env, CASKD_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

function start(directory: string): DaemonProcess {
  return new DaemonProcess(['--data', directory, '--listen', '127.0.0.1:0'], { script: CASKD });
}

async function stop(daemon: DaemonProcess): Promise<void> {
  daemon.kill('SIGTERM');
  await daemon.exited;
}

/** Flips the last byte of the value of the record of `key`. */
async function damageValue(key: string): Promise<void> {
  const { out } = await caskctl(['dump-segment', join(data, SEGMENT), '--json']);
  const record = objects(out).find((line) => line['key'] === key);
  const at = Number(record?.['offset']) + Number(record?.['bytes']) - 1;
  const file = await open(join(data, SEGMENT), 'r+');
  await file.write(Buffer.from('#'), 0, 1, at);
  await file.close();
}

function objects(out: string): Record<string, unknown>[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'caskctl-offline-'));
  original = join(parent, 'original');
  const daemon = start(original);
  const url = `cask://127.0.0.1:${await daemon.port()}`;
  const words = [
    'put a 1',
    'put b two',
    'put c\\x00 3',
    'del a',
    "put long '0123456789' --ttl-ms 9999999",
  ];
  for (const line of words) {
    const split = line.replaceAll("'", '').split(' ');
    expect((await caskctl(split, url)).code).toBe(0);
  }
  await stop(daemon);
});

afterAll(() => rm(parent, { recursive: true }));

beforeEach(async () => {
  data = await mkdtemp(join(parent, 'data-'));
  await cp(original, data, { recursive: true });
});

describe('verify', () => {
  it('exit code 0 for a clean store, and no connection is made', async () => {
    expect(await caskctl(['verify', data])).toEqual({
      code: 0,
      out: 'clean: 1 segment, 5 records, 330 B\n',
      err: '',
    });
  });

  it('exit code 1 for damage, a line and an object for each finding', async () => {
    await damageValue('b');
    const text = await caskctl(['verify', data]);
    expect(text.code).toBe(1);
    expect(text.out).toMatch(
      /^damage {2}seg-0000000001\.log at \d+, 48 bytes: the checksum of the value does not match \(put b, sequence 2\)\ndamaged: 1 finding, 1 record of known keys lost in 1 segment, /,
    );
    const { code, out } = await caskctl(['verify', data, '--json']);
    expect(code).toBe(1);
    expect(objects(out)).toMatchObject([
      { level: 'damage', kind: 'value-damaged', file: SEGMENT, key: 'b', first_sequence: 2 },
      { level: 'summary', kind: 'verify', clean: false, damaged: 1, lost_keys: 1 },
    ]);
  });

  it('refuses a store that a daemon has, and what is no store', async () => {
    const daemon = start(data);
    await daemon.port();
    for (const words of [
      ['verify', data],
      ['repair', data, '--yes'],
    ]) {
      const { code, err } = await caskctl(words);
      expect({ code, err }).toMatchObject({ code: 1, err: expect.stringMatching(/^LOCKED: /) });
    }
    await stop(daemon);
    const none = await caskctl(['verify', parent]);
    expect(none).toMatchObject({ code: 1, err: expect.stringMatching(/^NOT_A_STORE: /) });
    expect((await caskctl(['verify'])).code).toBe(2);
  });
});

describe('repair', () => {
  it('asks, and where nobody can answer refuses with the exit code of usage', async () => {
    await damageValue('b');
    const { code, err } = await caskctl(['repair', data]);
    expect(code).toBe(2);
    expect(err).toMatch(/^USAGE: there is no terminal to ask on: give --yes/);
    expect(await readdir(data)).not.toContain('quarantine');
  });

  it('--yes repairs in place; a daemon serves what is left', async () => {
    await damageValue('b');
    const { code, out } = await caskctl(['repair', data, '--yes']);
    expect(code).toBe(0);
    expect(out).toMatch(/\nrepaired: 1 segment replaced, 1 value of known keys lost\n$/);
    expect(await readdir(join(data, 'quarantine'))).toContain(SEGMENT);
    expect(await caskctl(['verify', data])).toMatchObject({ code: 0 });
    expect(await caskctl(['repair', data, '--yes'])).toMatchObject({
      code: 0,
      out: 'info    quarantine: damaged files that repair replaced\nthere is nothing to repair\n',
    });
    const daemon = start(data);
    const url = `cask://127.0.0.1:${await daemon.port()}`;
    expect((await caskctl(['range', '--keys-only'], url)).out).toBe('c\\x00\nlong\n');
    await stop(daemon);
  });

  it('--to writes a new store and asks nothing', async () => {
    await rm(join(data, 'MANIFEST'));
    const target = join(data, '../copy');
    const { code, out } = await caskctl(['repair', data, '--to', target, '--json']);
    expect(code).toBe(0);
    expect(objects(out).at(-1)).toMatchObject({ kind: 'copy', segments: 1, records_kept: 5 });
    expect(await caskctl(['verify', target])).toMatchObject({ code: 0 });
    expect(await caskctl(['verify', data])).toMatchObject({ code: 1 });
  });
});

describe('dump-segment', () => {
  it('prints header and records', async () => {
    const { code, out } = await caskctl(['dump-segment', join(data, SEGMENT)]);
    const lines = out.split('\n');
    expect(code).toBe(0);
    expect(lines[0]).toMatch(
      /^log segment 1, store [0-9a-f]{32}, base sequence 0, epoch 1, created /,
    );
    expect(lines[1]).toMatch(
      /^ {8}80 {2}put {5}sequence 1 {2}version 1 {2}created 20.*Z {2}key a {2}value 1 byte {2}1$/,
    );
    expect(lines[3]).toContain('key c\\x00');
    expect(lines[4]).toMatch(/ {2}delete {2}sequence 4 {2}updated 20\S+Z {2}key a$/);
    expect(lines[5]).toMatch(/ {2}expires 20\S+Z {2}key long {2}value 10 bytes {2}0123456789$/);
  });

  it('goes on behind damage, as NDJSON with whole values', async () => {
    const file = await open(join(data, SEGMENT), 'r+');
    await file.write(Buffer.alloc(20), 0, 20, 130);
    await file.close();
    const words = ['dump-segment', join(data, SEGMENT), '--json', '--values'];
    const { code, out } = await caskctl(words);
    expect(code).toBe(1);
    expect(objects(out)).toMatchObject([
      { kind: 'header', segment: 1 },
      { kind: 'record', key: 'a', value: '1', value_ok: true },
      { kind: 'damaged', offset: 126, bytes: 48 },
      { kind: 'record', key: 'c\0', value: '3' },
      { kind: 'record', type: 'delete', key: 'a', value_bytes: 0 },
      { kind: 'record', key: 'long', value: '0123456789', flags: ['EXPIRES'] },
    ]);
    expect(await caskctl(['dump-segment', '/does/not/exist'])).toMatchObject({ code: 2 });
    const foreign = await caskctl(['dump-segment', join(data, 'LOCK')]);
    expect(foreign).toMatchObject({ code: 1, err: expect.stringMatching(/^CORRUPT: /) });
  });
});
