/** Every example of docs/http.md is run against a daemon, and prints what the page says. */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { consoleCommands, patternOf } from '../unit/docs/console-blocks.ts';
import { DaemonProcess } from './daemon-process.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COMMANDS = consoleCommands(readFileSync(join(ROOT, 'docs/http.md'), 'utf8'));
const DEFAULT_ADDRESS = '127.0.0.1:7118';

let directory: string;
let daemon: DaemonProcess;
let address: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'caskd-http-page-'));
  const script = join(ROOT, 'bin/caskd.js');
  const places = [
    '--data',
    join(directory, 'data'),
    '--backup-directory',
    join(directory, 'backups'),
  ];
  const free = ['--listen', '127.0.0.1:0', '--http', '127.0.0.1:0'];
  daemon = new DaemonProcess([...places, ...free, '--durability', 'os'], { script });
  address = String((await daemon.line('http-ready'))['address']);
  await daemon.line('ready');
});

afterAll(async () => {
  daemon.kill('SIGTERM');
  await daemon.exited;
  await rm(directory, { recursive: true });
});

test('the page has examples', () => {
  expect(COMMANDS.length).toBeGreaterThan(30);
});

test.each(COMMANDS)('line $line: $command', async ({ command, prints }) => {
  const said = command.replaceAll(DEFAULT_ADDRESS, address);
  const { stdout, stderr } = await promisify(execFile)('/bin/sh', ['-c', said]);
  expect(stderr).toBe('');
  const shown = stdout.replaceAll(address, DEFAULT_ADDRESS).replaceAll('\r', '').trimEnd();
  expect(shown).toMatch(patternOf(prints));
});
