/** A daemon as a process that is killed at any moment: only ever by the handle of its own child. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DAEMON_ENVIRONMENT } from '../daemon-environment.ts';
import { TortureError } from './torture-error.ts';

const SCRIPT = fileURLToPath(new URL('../../bin/caskd.js', import.meta.url));
const LINES_KEPT = 60;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 120_000;

type LogLine = Readonly<Record<string, unknown>> & {
  readonly level?: string;
  readonly msg?: string;
};

/** Children that are to be gone when this process is. */
const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

export class KillableDaemon {
  readonly exited: Promise<void>;
  readonly spawnedAtMs: number = performance.now();
  /** When it said so, on the clock of `performance.now()`; 0: not yet. */
  openingAtMs = 0;
  readyAtMs = 0;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  /** Lines of the levels error and fatal: after a mere kill there must be none. */
  readonly #complaints: string[] = [];
  #address = '';
  #wake: () => void = () => {};
  #over = false;

  constructor(flags: readonly string[]) {
    this.#child = spawn(
      process.execPath,
      [SCRIPT, '--listen', '127.0.0.1:0', '--http', 'off', ...flags],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: process.env['PATH'], ...DAEMON_ENVIRONMENT },
      },
    );
    alive.add(this.#child);
    this.exited = once(this.#child, 'exit').then(() => {
      this.#over = true;
      alive.delete(this.#child);
      this.#wake();
    });
    const { stdout, stderr } = this.#child;
    if (stdout !== null) createInterface({ input: stdout }).on('line', (line) => this.#read(line));
    stderr?.on('data', (chunk: Buffer) => this.#complaints.push(`stderr: ${chunk}`));
  }

  get url(): string {
    return `cask://${this.#address}`;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** The last lines of its log. */
  get log(): string {
    return this.#lines.join('\n');
  }

  /** Waits until it opens its directory, or has ended. */
  async untilOpening(): Promise<void> {
    await this.#until(() => this.openingAtMs > 0);
  }

  /** @throws TortureError when it does not come to serve */
  async untilReady(): Promise<void> {
    await this.#until(() => this.readyAtMs > 0);
    if (this.readyAtMs > 0) return;
    const complaints = this.#complaints.join('\n');
    const { exitCode, signalCode } = this.#child;
    const state = this.#over ? `ended with ${exitCode ?? signalCode}` : 'is still starting';
    throw new TortureError(`the daemon ${state} and does not serve:\n${complaints}\n${this.log}`);
  }

  /**
   * kill -9, by surprise.
   * @throws TortureError when it had ended by itself before
   */
  async kill(): Promise<void> {
    if (this.#over) throw new TortureError(`the daemon ended by itself:\n${this.log}`);
    this.#child.kill('SIGKILL');
    await this.exited;
    this.check();
  }

  /**
   * Asks it to stop, and kills it -9 after a while if it is still there.
   * @returns whether it was killed
   */
  async stop(killAfterMs: number = STOP_TIMEOUT_MS): Promise<boolean> {
    this.#child.kill('SIGTERM');
    const inTime = new AbortController();
    const timer = sleep(killAfterMs, undefined, { signal: inTime.signal }).catch(() => {});
    await Promise.race([this.exited, timer]);
    inTime.abort();
    const killed = !this.#over;
    if (killed && killAfterMs === STOP_TIMEOUT_MS) {
      throw new TortureError(`the daemon did not stop:\n${this.log}`);
    }
    this.#child.kill('SIGKILL');
    await this.exited;
    this.check();
    const { exitCode } = this.#child;
    if (exitCode !== null && exitCode !== 0) {
      throw new TortureError(`the daemon stopped with ${exitCode}:\n${this.log}`);
    }
    return exitCode === null;
  }

  /** Ends it whatever it does. */
  async destroy(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }

  /** @throws TortureError when it complained of anything */
  check(): void {
    if (this.#complaints.length === 0) return;
    throw new TortureError(`the daemon complained:\n${this.#complaints.join('\n')}\n\n${this.log}`);
  }

  async #until(condition: () => boolean): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!condition() && !this.#over && performance.now() < deadline) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #read(text: string): void {
    this.#lines.push(text);
    if (this.#lines.length > LINES_KEPT) this.#lines.shift();
    let line: LogLine;
    try {
      line = JSON.parse(text) as LogLine;
    } catch {
      return; // cut by the kill
    }
    if (isComplaint(line)) this.#complaints.push(text);
    if (line.msg === 'opening') this.openingAtMs = performance.now();
    if (line.msg === 'ready') {
      this.#address = String(line['address']);
      this.readyAtMs = performance.now();
    }
    this.#wake();
  }
}

/** Work that a stop in good order cut off, and says so. */
const CUT_OFF: Readonly<Record<string, string>> = {
  'merge-failed': 'the merge job was ended',
  'backup-failed': 'the server is stopping',
};

/** Errors in the log, but for such work. */
function isComplaint({ level, msg = '', reason }: LogLine): boolean {
  if (level !== 'error' && level !== 'fatal') return false;
  return CUT_OFF[msg] === undefined || CUT_OFF[msg] !== reason;
}
