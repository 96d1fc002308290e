/** Threats L of docs/security.md: whoever reads logs, errors, metrics and histories. */

import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { resolveClientOptions } from '../../src/client/client-options.ts';
import { CaskClient, connect } from '../../src/client/index.ts';
import { CaskError } from '../../src/errors/cask-error.ts';
import { runCaskctl } from '../../src/shell/caskctl.ts';
import { DaemonProcess } from '../e2e/daemon-process.ts';
import { UsersOnDisk } from '../unit/security/users-on-disk.ts';
import { frame, HELLO, PREAMBLE, request, WireClient } from '../unit/server/wire-client.ts';
import { FakeClient } from '../unit/shell/fake-client.ts';
import { fakeIo, fakeTerminal } from '../unit/shell/fake-io.ts';

const CASKD = fileURLToPath(new URL('../../bin/caskd.js', import.meta.url));

/** Each stands for one kind of secret. */
const KEY = 'markerkey7391';
const VALUE = 'markervalue5520';
const PASSWORD = 'markerpassword1846';
const MISTYPED = 'markermistyped6677';
const NOT_A_USER = 'markeruser9034';
const MARKERS = [KEY, VALUE, PASSWORD, MISTYPED, NOT_A_USER];

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'caskd-logs-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** Any form in which bytes may stand in a text. */
function formsOf(marker: string): string[] {
  const bytes = Buffer.from(marker);
  // base64 of a part depends on where it begins
  const base64 = [0, 1, 2].map((skip) =>
    Buffer.concat([Buffer.alloc(skip), bytes])
      .toString('base64')
      .slice(4, -4),
  );
  return [marker, bytes.toString('hex'), [...bytes].join(','), ...base64];
}

function expectNoMarkers(text: string): void {
  for (const form of MARKERS.flatMap(formsOf)) expect(text).not.toContain(form);
}

const ignore = () => {};

/** Everything that clients do, right and wrong. */
async function keepBusy(port: number): Promise<void> {
  await using db = await connect({ port, user: 'ada', password: PASSWORD });
  await db.put(KEY, VALUE, { ttlMs: 100_000 });
  await db.put(KEY, VALUE, { ifAbsent: true }).catch(ignore);
  await db.batch([{ type: 'put', key: `${KEY}b`, value: VALUE, ifRevision: 5 }]).catch(ignore);
  await db.batch([{ type: 'put', key: `${KEY}c`, value: VALUE }]);
  await Promise.all(Array.from({ length: 500 }, (_, index) => db.put(`${KEY}/${index}`, VALUE)));
  await db.getMany([KEY, `${KEY}none`]);
  await db.rangePage({ prefix: KEY, limit: 10 });
  await db.rangePage({ start: KEY, limit: 1_000_000 }).catch(ignore);
  await db.put(KEY.repeat(6000), VALUE).catch(ignore);
  await db.put(KEY, Buffer.alloc(20_000_000, VALUE)).catch(ignore);
  await db.delete(KEY);
  await db.deleteRange({ prefix: `${KEY}/1` });
  await db.merge();
  await db.authenticate('ada', MISTYPED).catch(ignore);
  await connect({ port, user: NOT_A_USER, password: PASSWORD }).catch(ignore);
  await connect({ port, user: 'ada', password: `${PASSWORD}${MISTYPED}` }).catch(ignore);
  for (const bytes of [
    Buffer.from(`${KEY}${VALUE}`),
    Buffer.concat([PREAMBLE, HELLO, frame(Buffer.from(VALUE))]),
    Buffer.concat([PREAMBLE, request(1, 3, KEY)]),
    Buffer.concat([PREAMBLE, HELLO, request(2, 5, KEY, VALUE), request(3, 15, KEY, PASSWORD)]),
  ]) {
    const client = await WireClient.open(port);
    client.send(bytes);
    await client.next().catch(ignore);
    await client.close();
  }
}

/** What is told over HTTP, and answers to those who ask for what there is not. */
async function askOverHttp(address: string): Promise<string> {
  const basic = (password: string) => `Basic ${Buffer.from(`ada:${password}`).toString('base64')}`;
  const told: string[] = [];
  for (const [path, authorization] of [
    ['/metrics', basic(PASSWORD)],
    ['/v1/stats', basic(PASSWORD)],
    ['/v1/stats', basic(MISTYPED)],
    [`/${KEY}?value=${VALUE}`, basic(PASSWORD)],
  ] as const) {
    const headers = { authorization };
    told.push(await (await fetch(`http://${address}${path}`, { headers })).text());
  }
  return told.join('\n');
}

test('L1 the log, metrics and statistics of a busy daemon hold no keys, values or passwords', async () => {
  const disk = await UsersOnDisk.create(['ada', 'admin', PASSWORD]);
  const flags = ['--data', join(directory, 'data'), '--users-file', disk.path];
  const more = ['--log-level', 'debug', '--slow-log-ms', '0', '--durability', 'os'];
  const addresses = ['--listen', '127.0.0.1:0', '--http', '127.0.0.1:0'];
  const daemon = new DaemonProcess([...flags, ...more, ...addresses], { script: CASKD });
  const port = await daemon.port();
  await keepBusy(port);
  const told = await askOverHttp(String((await daemon.line('http-ready'))['address']));
  await writeFile(disk.path, `{"name":"${NOT_A_USER} ","password":"${PASSWORD}"}`);
  daemon.kill('SIGHUP');
  await daemon.line('users-not-reloaded');
  daemon.kill('SIGTERM');
  expect((await daemon.exited).code).toBe(0);
  const names = new Set(daemon.lines.map(({ msg }) => msg));
  for (const msg of ['client-greeted', 'authentication-failed', 'user-authenticated', 'merged']) {
    expect(names).toContain(msg);
  }
  expect(told).toContain('caskd_requests_total');
  expectNoMarkers(daemon.stdout + daemon.stderr);
  expectNoMarkers(told);
  await disk.remove();
});

test('L2 a client cannot write lines of its own into the log', async () => {
  const flags = ['--data', join(directory, 'data'), '--listen', '127.0.0.1:0'];
  const daemon = new DaemonProcess([...flags, '--log-level', 'debug'], { script: CASKD });
  const client = await WireClient.open(await daemon.port());
  const forged = '"}\n{"level":"fatal","msg":"forged"}\n\x1b[2J';
  client.send(PREAMBLE, request(1, 1, { client: `${forged}${'x'.repeat(10_000)}` }));
  await client.next();
  const greeted = await daemon.line('client-greeted');
  await client.close();
  daemon.kill('SIGTERM');
  await daemon.exited;
  expect(greeted['client']).toHaveLength(128);
  expect(daemon.lines.map(({ msg }) => msg)).not.toContain('forged');
  expect(daemon.stdout).not.toContain('\x1b');
});

test('L3 a password that is asked for is neither shown nor kept', async () => {
  const history = join(directory, 'history');
  const io = fakeTerminal({ CASKCTL_HISTORY: history });
  const words = ['--user', 'ada'];
  const ended = runCaskctl(words, io, () => Promise.resolve(new FakeClient()));
  await vi.waitFor(() => expect(io.stderr.text).toContain('Password of ada'));
  io.stdin.write(`${PASSWORD}\r`);
  await vi.waitFor(() => expect(io.stdout.text).toContain('> '));
  io.stdin.write(` put k ${VALUE}\r`);
  await vi.waitFor(() => expect(io.stdout.text).toContain('ok, revision 1'));
  io.stdin.write('count\r');
  await vi.waitFor(() => expect(io.stdout.text).toContain('\n1\n'));
  io.stdin.write('exit\r');
  expect(await ended).toBe(0);
  await vi.waitFor(async () => expect(await readFile(history, 'utf8')).toContain('count'));
  expectNoMarkers(await readFile(history, 'utf8'));
  expect((await stat(history)).mode & 0o777).toBe(0o600);
  expect(io.stdout.text + io.stderr.text).not.toContain(PASSWORD);
});

test.each([['--help'], ['help'], ['count'], ['nonsense'], ['get', '--nonsense']])(
  'L4 a URL with a password is shown without it: %s',
  async (...words) => {
    const io = fakeIo({ env: { CASKD_URL: `casks://ada:${PASSWORD}@db.example` } });
    const refused = () => Promise.reject(new CaskError('CONNECT_FAILED', 'no'));
    await runCaskctl(words, io, refused);
    expect(io.stdout.text + io.stderr.text).not.toBe('');
    expectNoMarkers(io.stdout.text + io.stderr.text);
  },
);

test('L4 the errors of the client library do not quote it', async () => {
  for (const url of [`casks://ada:${PASSWORD}@db:99999`, `x://ada:${PASSWORD}@db`]) {
    await expect(connect(url)).rejects.not.toThrow(PASSWORD);
  }
  const nobody = connect({ url: `cask://ada:${PASSWORD}@127.0.0.1:1` });
  await expect(nobody).rejects.not.toThrow(PASSWORD);
});

test('L4 a client that is printed shows no password', () => {
  const given = { url: `casks://ada:${PASSWORD}@db.example` };
  const client = new CaskClient(resolveClientOptions(given));
  expectNoMarkers(inspect(client, { depth: 20, showHidden: true }) + JSON.stringify(client));
});
