/** `bin/caskctl.js` against the daemon that `bin/caskd.js` starts. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DaemonProcess } from './daemon-process.ts';

const CASKD = fileURLToPath(new URL('../../bin/caskd.js', import.meta.url));
const CASKCTL = fileURLToPath(new URL('../../bin/caskctl.js', import.meta.url));

let directory: string;
let daemon: DaemonProcess;
let address: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'caskctl-e2e-'));
  const words = ['--data', join(directory, 'data'), '--listen', '127.0.0.1:0'];
  daemon = new DaemonProcess([...words, '--durability', 'os'], { script: CASKD });
  address = `127.0.0.1:${await daemon.port()}`;
});

afterAll(async () => {
  daemon.kill('SIGTERM');
  await daemon.exited;
  await rm(directory, { recursive: true });
});

interface Ran {
  readonly code: number | null;
  readonly out: Buffer;
  readonly err: string;
}

/** Runs caskctl to its end. */
async function caskctl(
  words: readonly string[],
  { stdin = '', url = `cask://${address}` }: { stdin?: string | Buffer; url?: string } = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [CASKCTL, ...words], {
    env: { ...process.env, CASKD_URL: url },
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.end(stdin);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out: Buffer.concat(out), err: Buffer.concat(err).toString() };
}

async function text(words: readonly string[], stdin?: string | Buffer): Promise<string> {
  const { code, out, err } = await caskctl(words, stdin === undefined ? {} : { stdin });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out.toString();
}

describe('keys', () => {
  it('puts, gets and deletes, byte for byte', async () => {
    expect(await text(['put', 'a\\x00', '1\\n'])).toMatch(/^ok, revision \d+, version 1\n$/);
    expect(await text(['get', 'a\\x00'])).toBe('1\n');
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 256));
    await text(['put', 'bytes', '-x'], bytes);
    expect((await caskctl(['get', 'bytes'])).out.equals(bytes)).toBe(true);
    expect(await text(['del', 'bytes', 'a\\x00', 'none'])).toBe('2\n');
  });

  it('says by its exit code what happened', async () => {
    await text(['put', 'once', 'v']);
    expect(await caskctl(['get', 'none'])).toMatchObject({ code: 5 });
    expect(await caskctl(['exists', 'none'])).toMatchObject({ code: 5 });
    const conflict = await caskctl(['put', 'once', 'w', '--if-absent']);
    expect(conflict).toMatchObject({ code: 6 });
    expect(conflict.err).toMatch(/^CONFLICT: .*\(revision \d+\)\n$/);
    expect(await caskctl(['put', '', 'v'])).toMatchObject({ code: 1 });
    expect(await caskctl(['put', 'k'])).toMatchObject({ code: 2 });
    expect(await caskctl(['ping'])).toMatchObject({ code: 0 });
    const nobody = await caskctl(['ping'], { url: 'cask://127.0.0.1:1' });
    expect(nobody).toMatchObject({ code: 3 });
    expect(nobody.err).toMatch(/^CONNECT_FAILED: /);
    await text(['del', 'once']);
  });
});

describe('files', () => {
  it('imports, ranges and exports', async () => {
    const lines = Array.from({ length: 5000 }, (_, index) =>
      JSON.stringify({ key: `i:${String(index).padStart(5, '0')}`, value: `v${index}` }),
    );
    lines.splice(1234, 0, '{"key": nonsense');
    lines.push('{"key_b64":"af8=","value_b64":"AAH/","ttl_ms":3600000}');
    const ran = await caskctl(['import', '-', '--json'], { stdin: lines.join('\n') });
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/^BAD_LINE: line 1235: not JSON: .*\n$/);
    expect(JSON.parse(ran.out.toString())).toMatchObject({ imported: 5001, refused: 1 });
    expect(await text(['count'])).toBe('5001\n');
    const range = ['range', '--prefix', 'i:', '--reverse', '--limit', '1500', '--keys-only'];
    const keys = (await text(range)).trimEnd().split('\n');
    expect(keys).toHaveLength(1500);
    expect([keys[0], keys.at(-1)]).toEqual(['i:04999', 'i:03500']);

    const file = join(directory, 'export.ndjson');
    expect(await text(['export', file])).toBe('5,001 exported\n');
    const exported = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(exported[0]).toBe('{"key":"i:00000","value":"v0"}');
    const { expires_at: expiresAt, ...rest } = JSON.parse(exported.at(-1) ?? '');
    expect(rest).toEqual({ key_b64: 'af8=', value_b64: 'AAH/' });
    expect(expiresAt - Date.now()).toBeGreaterThan(3_000_000);
  });

  it('applies a batch whole or not at all', async () => {
    const file = join(directory, 'batch.ndjson');
    await writeFile(
      file,
      '{"type":"put","key":"b:1","value":"1"}\n{"type":"delete","key":"i:00000"}\n',
    );
    expect(await text(['batch', file])).toBe('ok, 1 put, 1 deleted\n');
    await writeFile(
      file,
      '{"type":"put","key":"b:2","value":"2"}\n{"type":"put","key":"b:1","value":"2","if_absent":true}\n',
    );
    const conflict = await caskctl(['batch', file]);
    expect(conflict.code).toBe(6);
    expect(conflict.err).toContain('index 1');
    expect((await caskctl(['exists', 'b:2'])).code).toBe(5);
  });
});

describe('upkeep', () => {
  it('shows statistics, syncs and merges', async () => {
    const stats: unknown = JSON.parse(await text(['stats', '--json']));
    expect(stats).toBeTypeOf('object');
    expect((await text(['stats'])).split('\n').length).toBeGreaterThan(5);
    expect(await text(['sync'])).toMatch(/^ok, durable up to revision \d+\n$/);
    expect(await text(['merge'])).toMatch(/^ok, /);
    expect(await text(['merge', '--status'])).toMatch(/merges so far\n$/);
    expect(await text(['get', 'i:00001'])).toBe('v1');
  });

  it('takes a script from standard input, and stops when its reader does', async () => {
    const script = "put 's 1' one\nget 's 1'\n";
    expect(await text([], script)).toMatch(/^ok, revision \d+, version 1\none$/);
    const child = spawn(process.execPath, [CASKCTL, 'range', '--url', `cask://${address}`]);
    child.stdout.once('data', () => child.stdout.destroy());
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe('looking on', () => {
  /** Starts caskctl, sends Ctrl-C once it has printed something, and gives what came of it. */
  async function interrupted(words: readonly string[]) {
    const child = spawn(process.execPath, [CASKCTL, ...words, '--url', `cask://${address}`]);
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk;
    });
    child.stdout.once('data', () => child.kill('SIGINT'));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, out };
  }

  it('tells who is connected, what was slow, what is large and how the server does', async () => {
    const script = [
      ...['config set slowLogMs 0', 'slowlog --reset', 'get i:00001 --json', 'slowlog --json'],
      ...['clients --json', 'count --json', 'bigkeys --json', 'exists i:00001 -r 2 --json'],
      ...['latency -i 0.1 --json', 'stats'],
    ].join('\n');
    const out = await text([], script);
    const facts = out
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line): Record<string, unknown> => JSON.parse(line));
    const having = (name: string) => facts.filter((fact) => name in fact);
    const get = having('operation').find(({ operation }) => operation === 'GET');
    expect(get).toMatchObject({ keyBytes: 7, requests: 1, client: 'caskctl' });
    expect(having('lastOperation')).toMatchObject([{ name: 'caskctl', lastOperation: 'CLIENTS' }]);
    const [counted] = having('count');
    const [sizes] = having('histogram');
    expect(sizes?.['keys']).toBe(counted?.['count']);
    expect(having('exists')).toHaveLength(2);
    expect(having('p99Ms')).toHaveLength(1);
    for (const title of ['Server', 'Requests, in ms', 'Store', 'Space on disk', 'Limits']) {
      expect(out).toContain(`\n${title}`);
    }
    expect(out).toMatch(/\n {2}GET +\d/);
    expect(await caskctl(['client', 'kill', '999999'])).toMatchObject({ code: 5 });
  });

  it('goes on until Ctrl-C', async () => {
    const { code, out } = await interrupted(['stats', '--watch', '-i', '0.05', '--csv']);
    expect([code, out.split(',')[0]]).toEqual([0, 'clients']);
    const repeated = await interrupted(['ping', '-i', '0.05']);
    expect([repeated.code, repeated.out]).toEqual([0, expect.stringMatching(/^pong /)]);
  });
});
