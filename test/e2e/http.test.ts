/** Health, metrics and statistics of the daemon as a process. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { connect } from '../../src/client/index.ts';
import { request, WireClient } from '../unit/server/wire-client.ts';
import { DaemonProcess } from './daemon-process.ts';

const CASKD = fileURLToPath(new URL('../../bin/caskd.js', import.meta.url));
const MEMORY_DAEMON = fileURLToPath(new URL('memory-daemon.ts', import.meta.url));
const FREE = ['--listen', '127.0.0.1:0', '--http', '127.0.0.1:0'];

const started: DaemonProcess[] = [];
const directories: string[] = [];

afterEach(async () => {
  for (const daemon of started.splice(0)) {
    daemon.kill('SIGKILL');
    await daemon.exited;
  }
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

function start(
  script: string,
  args: readonly string[],
  env: Record<string, string> = {},
): DaemonProcess {
  const daemon = new DaemonProcess(args, { script, env });
  started.push(daemon);
  return daemon;
}

async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'caskd-http-'));
  directories.push(directory);
  return directory;
}

async function urlOf(daemon: DaemonProcess): Promise<string> {
  return `http://${(await daemon.line('http-ready'))['address']}`;
}

async function statusAndBody(url: string): Promise<[number, unknown]> {
  const response = await fetch(url);
  return [response.status, await response.json()];
}

test('a real store: figures follow the work, and are those of STATS', async () => {
  const daemon = start(CASKD, [...FREE, '--data', join(await scratch(), 'data')]);
  const url = await urlOf(daemon);
  const db = await connect({ port: await daemon.port(), encoding: 'utf8' });
  for (let index = 0; index < 20; index++) await db.put(`key${index}`, 'value');
  await db.get('key1');
  await expect
    .poll(() => statusAndBody(`${url}/readyz`))
    .toEqual([200, { ready: true, reasons: [], warnings: [] }]);
  const text = await (await fetch(`${url}/metrics`)).text();
  const figure = (series: string): number => {
    const line = text.split('\n').find((one) => one.startsWith(`${series} `));
    return Number(line?.slice(series.length + 1));
  };
  expect(figure('caskd_keys')).toBe(20);
  expect(figure('caskd_requests_total{operation="PUT"}')).toBe(20);
  expect(figure('caskd_fsync_duration_seconds_count')).toBeGreaterThanOrEqual(20);
  expect(figure('caskd_fsync_duration_seconds_sum')).toBeGreaterThan(0);
  expect(figure('caskd_log_live_bytes')).toBeGreaterThan(20 * 5);
  expect(figure('caskd_process_cpu_seconds_total{mode="user"}')).toBeGreaterThan(0);
  expect(figure('caskd_ready')).toBe(1);
  expect(figure('caskd_log_lines_total{level="info"}')).toBe(daemon.lines.length);
  const [status, overHttp] = await statusAndBody(`${url}/v1/stats`);
  expect(status).toBe(200);
  const overTcp = await db.stats();
  expect(overHttp).toMatchObject({ keys: 20, uuid: (overTcp as { uuid: string }).uuid });
  expect(Object.keys(overHttp as object)).toEqual(Object.keys(overTcp));
  await db.close();
  daemon.kill('SIGTERM');
  expect(await daemon.exited).toEqual({ code: 0, signal: null });
  expect(daemon.lines.at(-1)).toMatchObject({ msg: 'stopped' });
});

test('while the store is loading: alive, not ready, no figures yet', async () => {
  const gate = join(await scratch(), 'gate');
  const daemon = start(MEMORY_DAEMON, FREE, { MISBEHAVIOUR: 'gated-open', GATE: gate });
  const url = await urlOf(daemon);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect(await statusAndBody(`${url}/readyz`)).toEqual([
    503,
    { ready: false, reasons: ['loading: the store is being opened'], warnings: [] },
  ]);
  expect(await statusAndBody(`${url}/v1/stats`)).toMatchObject([503, { code: 'LOADING' }]);
  expect((await fetch(`${url}/metrics`)).status).toBe(200);
  await writeFile(gate, '');
  await daemon.line('ready');
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect((await fetch(`${url}/v1/stats`)).status).toBe(200);
});

test('while it drains: alive, not ready; then it ends', async () => {
  const args = [...FREE, '--shutdown-grace-ms', '20000'];
  const daemon = start(MEMORY_DAEMON, args, { MISBEHAVIOUR: 'deaf-writes' });
  const url = await urlOf(daemon);
  const client = await WireClient.greeted(await daemon.port());
  client.send(request(2, 5, 'k', 'v'));
  await expect
    .poll(() => fetch(`${url}/metrics`).then((response) => response.text()))
    .toMatch(/^caskd_requests_total\{operation="PUT"\} 1$/m);
  daemon.kill('SIGTERM');
  await daemon.line('stopping');
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect(await statusAndBody(`${url}/readyz`)).toMatchObject([
    503,
    { reasons: ['draining: the server is stopping'] },
  ]);
  await client.close();
  expect(await daemon.exited).toEqual({ code: 0, signal: null });
});

test('a port that was asked for and is taken: refused before the store is opened', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const daemon = start(MEMORY_DAEMON, [...FREE, '--http', `127.0.0.1:${port}`]);
  expect((await daemon.exited).code).toBe(3);
  expect(daemon.lines).toHaveLength(1);
  expect(daemon.lines[0]).toMatchObject({
    level: 'fatal',
    msg: 'listen-failed',
    error: expect.stringMatching(new RegExp(`port ${port} \\(--http .*is in use`)),
  });
  other.close();
});

test('off: nothing is said of HTTP', async () => {
  const daemon = start(MEMORY_DAEMON, [...FREE, '--http', 'off']);
  await daemon.line('ready');
  expect(daemon.lines.filter(({ msg }) => msg.startsWith('http'))).toEqual([]);
});
