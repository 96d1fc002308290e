/** The daemon under a service manager: a stand-in for systemd hears it and hands it sockets. */

import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { skipsBecause, toolObstacle } from '../kernel/capabilities.ts';
import { WireClient } from '../unit/server/wire-client.ts';
import { DaemonProcess } from './daemon-process.ts';

const DAEMON = fileURLToPath(new URL('memory-daemon.ts', import.meta.url));
const MANAGER = fileURLToPath(new URL('service-manager.py', import.meta.url));
const LAUNCHED = fileURLToPath(new URL('../../bin/caskd.js', import.meta.url));
const FREE = ['--listen', '127.0.0.1:0'];

const python = toolObstacle('python3');
const withoutManager = skipsBecause('service manager', python ?? toolObstacle('systemd-notify'));
const withoutPython = skipsBecause('socket activation', python);

let directory: string;
const started: DaemonProcess[] = [];

function begin(node: string[], script: string, args: string[], env = {}): DaemonProcess {
  const process = new DaemonProcess(args, { node, script, env });
  started.push(process);
  return process;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'caskd-service-'));
});
afterEach(async () => {
  for (const { child, exited } of started.splice(0)) {
    child.kill('SIGKILL');
    await exited;
  }
  await rm(directory, { recursive: true });
});

/** Everything here takes as long as starting processes on a busy machine does. */
const PATIENCE = { timeout: 20_000 };

/** A notification socket, and what was said to it. */
async function notificationSocket(): Promise<{ NOTIFY_SOCKET: string; heard: () => string[] }> {
  const NOTIFY_SOCKET = join(directory, 'notify');
  const manager = begin(['python3'], MANAGER, ['notified', NOTIFY_SOCKET]);
  await manager.line('bound');
  return { NOTIFY_SOCKET, heard: () => manager.lines.flatMap(({ said = [] }) => said as string[]) };
}

describe.skipIf(withoutManager)('notifications', () => {
  test('from loading over a reload to stopping', async () => {
    const { NOTIFY_SOCKET, heard } = await notificationSocket();
    const env = { NOTIFY_SOCKET, WATCHDOG_USEC: '40000' };
    const daemon = begin([process.execPath], DAEMON, FREE, env);
    await daemon.line('ready');
    await expect.poll(heard, PATIENCE).toContain('READY=1');
    const said = heard();
    expect(said).toContain(`MAINPID=${daemon.child.pid}`);
    expect(said.indexOf('EXTEND_TIMEOUT_USEC=60000000')).toBeLessThan(said.indexOf('READY=1'));
    expect(said).toContain('STATUS=loading ./caskd-data');
    const signs = () => heard().filter((line) => line === 'WATCHDOG=1').length;
    await expect.poll(signs, PATIENCE).toBeGreaterThan(2);
    expect(heard().find((line) => line.startsWith('STATUS=serving on 127.0.0.1:'))).toBeDefined();
    daemon.kill('SIGHUP');
    const readies = () => heard().filter((line) => line === 'READY=1').length;
    await expect.poll(readies, PATIENCE).toBe(2);
    const reloading = heard().indexOf('RELOADING=1');
    expect(reloading).toBeGreaterThan(heard().indexOf('READY=1'));
    expect(heard()[reloading + 1]).toMatch(/^MONOTONIC_USEC=\d+$/);
    daemon.kill('SIGTERM');
    expect((await daemon.exited).code).toBe(0);
    await expect.poll(heard, PATIENCE).toContain('STOPPING=1');
    expect(daemon.stdout).not.toContain('systemd-notify-failed');
  });

  test('no sign of life while the event loop hangs', async () => {
    const { NOTIFY_SOCKET, heard } = await notificationSocket();
    const env = { NOTIFY_SOCKET, WATCHDOG_USEC: '40000', MISBEHAVIOUR: 'hangs' };
    const daemon = begin([process.execPath], DAEMON, FREE, env);
    // the helper has the log open, too, and has therefore sent all there was to send
    await daemon.exited;
    const signs = heard().filter((line) => line === 'WATCHDOG=1').length;
    expect(signs).toBeGreaterThan(0);
    // 100 ms until it hung and 20 ms between them; 50 more fit into the time that it hung
    expect(signs).toBeLessThan(20);
  });
});

test('a helper that is missing or fails is a line in the log, and no more', async () => {
  const program = join(directory, 'systemd-notify');
  for (const tool of ['sh', 'flock']) {
    const { stdout } = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' });
    await symlink(stdout.trim(), join(directory, tool));
  }
  const env = { PATH: directory, NOTIFY_SOCKET: '/nowhere' };
  const daemon = begin([process.execPath], DAEMON, FREE, env);
  expect(await daemon.line('systemd-notify-failed')).toMatchObject({
    level: 'warn',
    reason: 'systemd-notify is not installed',
  });
  await (await WireClient.greeted(await daemon.port())).close();
  // kills the shell that runs it
  await writeFile(program, '#!/bin/sh\nkill -KILL $PPID\n', { mode: 0o755 });
  const other = begin([process.execPath], DAEMON, FREE, env);
  expect(await other.line('systemd-notify-failed')).toMatchObject({
    reason: 'it ended with SIGKILL',
  });
  await other.line('ready');
  other.kill('SIGTERM');
  expect((await other.exited).code).toBe(0);
});

describe.skipIf(withoutPython)('socket activation', () => {
  function activated(names: string, kinds: string[], args: string[], env = {}): DaemonProcess {
    const program = ['--', process.execPath, DAEMON, ...args];
    return begin(['python3'], MANAGER, ['listening', names, ...kinds, ...program], env);
  }

  test.each(['tcp', 'tcp6'])('serves on a %s socket that was handed down', async (kind) => {
    const daemon = activated('caskd', [kind], ['--listen', '127.0.0.1:1']);
    const { ports } = await daemon.line('listening');
    const port = await daemon.port();
    expect(ports).toEqual([port]);
    const { address } = await daemon.line('ready');
    expect(address).toBe(kind === 'tcp' ? `127.0.0.1:${port}` : `[::1]:${port}`);
    if (kind === 'tcp') await (await WireClient.greeted(port)).close();
    daemon.kill('SIGTERM');
    expect((await daemon.exited).code).toBe(0);
  });

  test('who comes before the daemon is there is served once it is ready', async () => {
    const daemon = activated('caskd', ['tcp'], [], { MISBEHAVIOUR: 'slow-open' });
    const { ports } = await daemon.line('listening');
    const early = await WireClient.greeted(Number((ports as number[])[0]));
    expect(daemon.stdout).toContain('"ready"');
    await early.close();
  });

  test('an address of everybody needs --insecure', async () => {
    const refused = activated('caskd', ['any'], []);
    expect((await refused.exited).code).toBe(3);
    expect(refused.stdout).toMatch(/0\.0\.0\.0:\d+ can be reached by others/);
    await activated('caskd', ['any'], ['--insecure']).line('ready');
  });

  test.each(['unix', 'udp'])('a %s socket is refused', async (kind) => {
    const daemon = activated('caskd', [kind], []);
    expect((await daemon.exited).code).toBe(3);
    expect(daemon.stdout).toContain('not one that listens for TCP');
  });

  test('sockets that nobody knows are refused', async () => {
    const daemon = activated('caskd:dns', ['tcp', 'tcp'], []);
    expect((await daemon.exited).code).toBe(2);
    expect(daemon.stderr).toContain('a socket is named "dns"');
  });

  test('through the shim of an older Node', async () => {
    const fake = fileURLToPath(new URL('fake-old-node.mjs', import.meta.url));
    const shim = [process.execPath, '--import', fake, LAUNCHED];
    const args = ['--data', join(directory, 'data'), '--ballast-bytes', '0'];
    const program = ['--', ...shim, ...args];
    const daemon = begin(['python3'], MANAGER, ['listening', 'caskd', 'tcp', ...program]);
    const { ports } = await daemon.line('listening');
    expect(ports).toEqual([await daemon.port()]);
    daemon.kill('SIGTERM');
    expect((await daemon.exited).code).toBe(0);
  });
});
