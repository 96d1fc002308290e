/** The daemon as a process, with the programs of Redis. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DaemonProcess } from '../e2e/daemon-process.ts';
import { hasProgram } from './redis-tools.ts';
import { encode, Wire } from './wire.ts';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('../../bin/caskd.js', import.meta.url));
/** `CASKD_RESP_KEYS=1000000` for the whole of it. */
const KEYS = Number(process.env['CASKD_RESP_KEYS'] ?? 20_000);
const TIMEOUT_MS = Math.max(60_000, KEYS / 2);

let directory: string;
let daemon: DaemonProcess;
let port: number;

async function start(): Promise<void> {
  const given = ['--data', directory, '--listen', '127.0.0.1:0', '--resp', '127.0.0.1:0'];
  daemon = new DaemonProcess(given, { script: SCRIPT });
  const { address } = await daemon.line('resp-ready');
  port = Number(String(address).split(':').at(-1));
  await daemon.line('ready');
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'caskd-resp-daemon-'));
  await start();
});

afterEach(async () => {
  daemon.kill('SIGKILL');
  await daemon.exited;
  await rm(directory, { recursive: true });
});

/** Gives `redis-cli --pipe` so many SET, at its pace. */
async function feed({ stdin }: ChildProcess): Promise<void> {
  for (let from = 0; from < KEYS; from += 1000) {
    const commands: Buffer[] = [];
    for (let n = from; n < Math.min(from + 1000, KEYS); n += 1) {
      commands.push(encode(['SET', `mass:${n}`, `value ${n}`]));
    }
    const isRoom = stdin?.write(Buffer.concat(commands));
    if (!isRoom) await new Promise((resolve) => stdin?.once('drain', resolve));
  }
  stdin?.end();
}

it.skipIf(!hasProgram('redis-cli'))(
  `redis-cli --pipe puts ${KEYS} keys, and --scan gives each once`,
  async () => {
    const pipe = spawn('redis-cli', ['-p', String(port), '--pipe']);
    let said = '';
    pipe.stdout.on('data', (chunk) => {
      said += chunk;
    });
    const ended = new Promise((resolve) => pipe.once('close', resolve));
    await feed(pipe);
    expect(await ended).toBe(0);
    expect(said).toContain(`errors: 0, replies: ${KEYS}`);
    const scan = spawn('redis-cli', ['-p', String(port), '--scan', '--pattern', 'mass:*']);
    const seen = new Set<string>();
    let lines = 0;
    for await (const line of createInterface({ input: scan.stdout })) {
      seen.add(line);
      lines += 1;
    }
    expect([lines, seen.size]).toEqual([KEYS, KEYS]);
  },
  TIMEOUT_MS,
);

it('SHUTDOWN ends it cleanly, and everything is there at the next start', async () => {
  {
    using wire = await Wire.open({ port });
    expect(await wire.call('SET', 'k', 'value')).toBe('+OK\r\n');
    wire.write(encode(['SHUTDOWN']));
    expect(await daemon.exited).toEqual({ code: 0, signal: null });
  }
  await start();
  using wire = await Wire.open({ port });
  expect(await wire.call('GET', 'k')).toBe('$5\r\nvalue\r\n');
});

it('SIGTERM: what was sent before is answered', async () => {
  using wire = await Wire.open({ port });
  const commands = Array.from({ length: 500 }, () => encode(['INCR', 'n']));
  wire.write(Buffer.concat(commands));
  const replies = [await wire.reply()];
  daemon.kill('SIGTERM');
  while (replies.length < commands.length) replies.push(await wire.reply());
  expect(replies).toEqual(commands.map((_, n) => `:${n + 1}\r\n`));
  expect(await daemon.exited).toEqual({ code: 0, signal: null });
});

const PYTHON = ['/usr/bin/python3', 'python3'].find((path) => hasProgram(path));
/** Types into redis-cli as a person does, and prints what the terminal showed. */
const TYPING = `
import fcntl, os, pty, select, struct, sys, termios, time
pid, terminal = pty.fork()
if pid == 0:
    os.environ['TERM'] = 'xterm'
    os.execvp('redis-cli', ['redis-cli', '-p', sys.argv[1]])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 25, 160, 0, 0))
shown = b''
def until(text):
    global shown
    end = time.time() + 10
    while text not in shown and time.time() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            shown += os.read(terminal, 65536)
until(b'> ')
for typed, hint in ((b'cask.range ', b'[AFTER cursor]'), (b'\\x15getex ', b'key [')):
    os.write(terminal, typed)
    until(hint)
os.write(terminal, b'\\x15exit\\n')
sys.stdout.write(repr(shown))
`;

it.skipIf(PYTHON === undefined || !hasProgram('redis-cli'))(
  'redis-cli shows hints while one types',
  async () => {
    const { stdout } = await run(PYTHON ?? '', ['-c', TYPING, String(port)]);
    expect(stdout).toContain('start end');
    expect(stdout).toContain('[AFTER cursor]');
    expect(stdout).toMatch(/getex.*key \[/s);
  },
  TIMEOUT_MS,
);
