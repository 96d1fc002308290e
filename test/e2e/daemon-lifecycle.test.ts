/** The daemon from start to exit code, as a process, over a store in memory. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { connect } from '../../src/client/index.ts';
import { FLAG_PUSH } from '../../src/protocol/frame.ts';
import { request, WireClient } from '../unit/server/wire-client.ts';
import { DaemonProcess } from './daemon-process.ts';

const SCRIPT = fileURLToPath(new URL('memory-daemon.ts', import.meta.url));
const FREE = ['--listen', '127.0.0.1:0'];

const started: DaemonProcess[] = [];

function start(args: string[], env: Record<string, string> = {}): DaemonProcess {
  const daemon = new DaemonProcess(args, { script: SCRIPT, env });
  started.push(daemon);
  return daemon;
}

afterEach(async () => {
  for (const daemon of started.splice(0)) {
    daemon.kill('SIGKILL');
    await daemon.exited;
  }
});

/** A server on a port of its own, which is therefore taken. */
async function takePort(): Promise<{ port: number; release: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

describe('serving', () => {
  test('says ready with address, pid and figures; SIGTERM ends it with 0', async () => {
    const daemon = start(FREE);
    const ready = await daemon.line('ready');
    expect(ready).toMatchObject({ level: 'info', pid: daemon.child.pid, store: { keys: 0 } });
    expect(ready['address']).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(ready['loadMs']).toEqual(expect.any(Number));
    const client = await WireClient.greeted(await daemon.port());
    expect((await client.ask(2, 5, 'k', 'v')).slice(0, 2)).toEqual([2, 0]);
    daemon.kill('SIGTERM');
    expect((await client.next()).flags).toBe(FLAG_PUSH);
    await client.ended;
    expect(await daemon.exited).toEqual({ code: 0, signal: null });
    expect(daemon.lines.at(-1)).toMatchObject({ msg: 'stopped', requests: { PUT: 1 } });
    expect(daemon.stderr).toBe('');
  });

  test('the port does not answer before the store is open', async () => {
    const { port, release } = await takePort();
    await release();
    const daemon = start(['--listen', `127.0.0.1:${port}`], { MISBEHAVIOUR: 'slow-open' });
    await daemon.line('opening');
    const early = new WireClient(port);
    await early.ended;
    expect(early.error).toMatchObject({ code: 'ECONNREFUSED' });
    await daemon.line('ready');
    await (await WireClient.greeted(port)).close();
  });

  test('SIGINT finishes what was asked', async () => {
    const daemon = start(FREE, { MISBEHAVIOUR: 'slow-writes' });
    const client = await WireClient.greeted(await daemon.port());
    client.send(request(2, 5, 'k', 'v'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    daemon.kill('SIGINT');
    expect((await client.next()).body[1]).toBe(2);
    expect((await client.next()).body.slice(0, 2)).toEqual([2, 0]);
    expect((await daemon.exited).code).toBe(0);
  });
});

test('SIGHUP reads the file anew', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'caskd-reload-'));
  const path = join(directory, 'caskd.toml');
  await writeFile(path, 'maxConnections = 5\n');
  const daemon = start([...FREE, '--config', path]);
  const client = await WireClient.greeted(await daemon.port());
  await writeFile(path, 'maxConnections = 1\nmaxKeyBytes = 10\nlogLevel = "debug"\n');
  daemon.kill('SIGHUP');
  expect(await daemon.line('configuration-reloaded')).toMatchObject({
    changed: { maxConnections: 1, logLevel: 'debug' },
  });
  expect(await daemon.line('restart-needed')).toMatchObject({ settings: ['maxKeyBytes'] });
  const refused = await WireClient.open(await daemon.port());
  expect((await refused.next()).body).toContain('TOO_MANY_CONNECTIONS');
  await writeFile(path, 'maxConnections = 0\n');
  daemon.kill('SIGHUP');
  expect(await daemon.line('configuration-refused')).toMatchObject({
    problems: [expect.stringContaining('maxConnections in ')],
  });
  await client.close();
  await rm(directory, { recursive: true });
});

test('the client reads and changes settings', async () => {
  const daemon = start([...FREE, '--max-jobs', '2']);
  const db = await connect({ port: await daemon.port(), host: '127.0.0.1' });
  expect(await db.getConfig('maxJobs')).toMatchObject([{ value: 2, place: '--max-jobs' }]);
  await db.setConfig('logLevel', 'warn');
  expect(await daemon.line('setting-changed')).toMatchObject({ from: 'info', to: 'warn' });
  await expect(db.setConfig('maxJobs', 0)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  expect((await db.getConfig('logLevel'))[0]).toMatchObject({ text: 'warn', origin: 'command' });
  await db.close();
});

describe('stopping', () => {
  test('a second signal ends it at once', async () => {
    const args = [...FREE, '--shutdown-grace-ms', '20000'];
    const daemon = start(args, { MISBEHAVIOUR: 'deaf-writes' });
    const client = await WireClient.greeted(await daemon.port());
    client.send(request(2, 5, 'k', 'v'));
    daemon.kill('SIGTERM');
    await daemon.line('stopping');
    daemon.kill('SIGINT');
    expect((await daemon.exited).code).toBe(1);
    await client.close();
  });

  test('long work is stopped, and who waits for it is told', async () => {
    const daemon = start(FREE, { MISBEHAVIOUR: 'endless-deletes' });
    const client = await WireClient.greeted(await daemon.port());
    client.send(request(2, 16, 'k'));
    expect((await client.ask(3, 2)).slice(0, 2)).toEqual([3, 0]);
    daemon.kill('SIGTERM');
    // GOAWAY and the answer come in either order
    const bodies = [(await client.next()).body.slice(0, 3), (await client.next()).body.slice(0, 3)];
    expect(bodies).toContainEqual([2, 43, 'CANCELLED']);
    expect((await daemon.exited).code).toBe(0);
    await client.close();
  });

  test('the grace ends', async () => {
    const args = [...FREE, '--shutdown-grace-ms', '200'];
    const daemon = start(args, { MISBEHAVIOUR: 'deaf-writes' });
    const client = await WireClient.greeted(await daemon.port());
    client.send(request(2, 5, 'k', 'v'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    daemon.kill('SIGTERM');
    expect((await daemon.exited).code).toBe(0);
    expect(daemon.stdout).toContain('requests-unanswered');
    await client.close();
  });

  test.each([
    ['fails', 1, 'stopped-by-failure'],
    ['throws', 70, 'bug'],
    ['rejects', 70, 'bug'],
  ])('a store that %s ends it with %i', async (misbehaviour, code, msg) => {
    const daemon = start(FREE, { MISBEHAVIOUR: misbehaviour });
    expect((await daemon.exited).code).toBe(code);
    expect(daemon.lines.at(-1)).toMatchObject({ level: 'fatal', msg });
  });
});

describe('not starting', () => {
  test('a busy port names port and flag', async () => {
    const { port, release } = await takePort();
    const daemon = start(['--listen', `127.0.0.1:${port}`]);
    expect((await daemon.exited).code).toBe(3);
    const line = daemon.lines.at(-1);
    expect(line).toMatchObject({ level: 'fatal', msg: 'listen-failed' });
    expect(line?.['error']).toMatch(new RegExp(`port ${port} \\(--listen .*is in use`));
    await release();
  });

  test('an address of others', async () => {
    const daemon = start(['--listen', '192.0.2.1:7117', '--insecure']);
    expect((await daemon.exited).code).toBe(3);
    expect(daemon.stdout).toContain('does not have the address');
  });

  test('a non-loopback address needs --insecure', async () => {
    const refused = start(['--listen', '0.0.0.0:0']);
    expect((await refused.exited).code).toBe(3);
    expect(refused.stderr).toContain('--insecure');
    expect(refused.stdout).toBe('');
    const allowed = start(['--listen', '0.0.0.0:0', '--insecure']);
    await allowed.line('ready');
    const warned = await allowed.line('address-not-protected');
    expect(warned['reason']).toContain('can be reached by others');
  });

  test.each([
    ['locked', 4, 'LOCKED'],
    ['not-a-store', 5, 'NOT_A_STORE'],
    ['bad-option', 2, 'INVALID_OPTION'],
  ])('a store that is %s: exit code %i', async (misbehaviour, code, name) => {
    const daemon = start(FREE, { MISBEHAVIOUR: misbehaviour });
    expect((await daemon.exited).code).toBe(code);
    expect(daemon.lines.at(-1)).toMatchObject({ msg: 'open-failed', code: name });
  });

  test('every wrong option is listed', async () => {
    const args = ['--durability', 'maybe', '--segment-bytes', '12q', '--max-in-flight', '0.5'];
    const daemon = start(args, { CASKD_LOG_LEVEL: 'loud' });
    expect((await daemon.exited).code).toBe(2);
    for (const part of ['--durability', '--segment-bytes', '--max-in-flight', 'CASKD_LOG_LEVEL']) {
      expect(daemon.stderr).toContain(part);
    }
  });

  test('limits out of range are listed with what is allowed, and nothing is opened', async () => {
    const daemon = start([...FREE, '--max-connections', '0'], { CASKD_SEGMENT_BYTES: '1' });
    expect((await daemon.exited).code).toBe(2);
    expect(daemon.stderr.split('\n')).toEqual([
      'caskd: CASKD_SEGMENT_BYTES is 1, allowed are 4k to 4294967295',
      'caskd: --max-connections is 0, allowed are 1 to 100000',
      'caskd --help lists every setting',
      '',
    ]);
    expect(daemon.stdout).toBe('');
  });
});

describe('words that only print', () => {
  test('--check-config prints the configuration with origins and opens nothing', async () => {
    const daemon = start(['--check-config', ...FREE], {
      CASKD_SYNC_INTERVAL_MS: '5',
      CASKD_SERVICE_HOST: 'of others',
      MISBEHAVIOUR: 'locked',
    });
    expect((await daemon.exited).code).toBe(0);
    expect(daemon.stdout).toMatch(/^listen = "127.0.0.1:0" +# --listen$/m);
    expect(daemon.stdout).toMatch(/^syncIntervalMs = 5 +# CASKD_SYNC_INTERVAL_MS$/m);
    expect(daemon.stdout).toMatch(/^maxConnections = 1000 +# default$/m);
    expect(daemon.stderr).toBe('caskd: the variable CASKD_SERVICE_HOST is not a setting\n');
    const wrong = start(['--check-config', '--sync-interval-ms', '0']);
    expect((await wrong.exited).code).toBe(2);
    expect(wrong.stdout).toBe('');
  });

  test('--help and --version', async () => {
    const version = start(['--version']);
    expect((await version.exited).code).toBe(0);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const help = start(['--help']);
    expect((await help.exited).code).toBe(0);
    expect(help.stdout).toContain('--sync-interval-ms <ms>');
  });
});
