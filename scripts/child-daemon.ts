/**
 * A daemon as a child process of a script: started on a free port, watched through its log,
 * stopped or killed by its own pid and no other.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DAEMON_ENVIRONMENT } from './daemon-environment.ts';
import { endWithParent } from './end-with-parent.ts';
import { cpuMsOf, residentBytesOf } from './process-figures.ts';

/** What is run after `node`; the daemon's flags follow. */
export type DaemonProgram = readonly string[];

/** The program as `npm start` runs it. */
export const DAEMON_SHIM: DaemonProgram = [
  fileURLToPath(new URL('../bin/caskd.js', import.meta.url)),
];

/** Lines of the log that are kept for the message of a failure. */
const LINES_KEPT = 20;
const START_TIMEOUT_MS = 60_000;

type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string };

export class ChildDaemon {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #spawnedAt = performance.now();
  readonly #seen = new Map<string, { readonly line: LogLine; readonly ms: number }>();
  readonly #waiting = new Map<string, () => void>();
  readonly #lastLines: string[] = [];
  #over = false;

  private constructor(
    program: DaemonProgram,
    flags: readonly string[],
    launcher: readonly string[],
  ) {
    const own = ['--listen', '127.0.0.1:0', '--http', 'off'];
    const command = [...launcher, process.execPath, ...program, ...own, ...flags];
    this.#child = spawn(command[0] as string, command.slice(1), {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...DAEMON_ENVIRONMENT },
    });
    endWithParent(this.#child);
    this.#exited = once(this.#child, 'exit').then(() => {
      this.#over = true;
      for (const wake of this.#waiting.values()) wake();
    });
    const { stdout } = this.#child;
    if (stdout !== null) {
      createInterface({ input: stdout }).on('line', (line) => this.#read(line));
    }
  }

  /**
   * Starts a daemon and waits until it serves.
   * @param launcher a command that ends by running what follows it, as the same process
   */
  static async start(
    flags: readonly string[],
    program = DAEMON_SHIM,
    launcher: readonly string[] = [],
  ): Promise<ChildDaemon> {
    const daemon = new ChildDaemon(program, flags, launcher);
    await daemon.msUntil('ready');
    return daemon;
  }

  /** Milliseconds from spawning the process to this line of its log; waits for the line. */
  async msUntil(msg: string): Promise<number> {
    if (!this.#seen.has(msg) && !this.#over) {
      const timer = setTimeout(() => this.#waiting.get(msg)?.(), START_TIMEOUT_MS);
      await new Promise<void>((resolve) => this.#waiting.set(msg, resolve));
      clearTimeout(timer);
    }
    const seen = this.#seen.get(msg);
    if (seen !== undefined) return seen.ms;
    const state = this.#over ? 'ended' : `waited ${START_TIMEOUT_MS} ms`;
    throw new Error(`the daemon ${state} without "${msg}":\n${this.#lastLines.join('\n')}`);
  }

  get url(): string {
    return `cask://${String(this.#seen.get('ready')?.line['address'])}`;
  }

  /** Of a daemon that was started with `--http`. */
  get httpUrl(): string {
    return `http://${String(this.#seen.get('http-ready')?.line['address'])}`;
  }

  /** Of a daemon that was started with `--resp`. */
  get respPort(): number {
    return Number(new URL(`redis://${String(this.#seen.get('resp-ready')?.line['address'])}`).port);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Memory that is resident now, shared memory of the keydir included. */
  residentBytes(): Promise<number> {
    return residentBytesOf(this.pid);
  }

  /** Processor time used so far, user and system, all threads. */
  cpuMs(): Promise<number> {
    return cpuMsOf(this.pid);
  }

  /** kill -9. Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Asks it to stop and waits until it has. @throws when it does not exit with 0 */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#exited;
    const { exitCode } = this.#child;
    if (exitCode !== 0) {
      throw new Error(`the daemon stopped with ${exitCode}:\n${this.#lastLines.join('\n')}`);
    }
  }

  #read(text: string): void {
    this.#lastLines.push(text);
    if (this.#lastLines.length > LINES_KEPT) this.#lastLines.shift();
    const line = JSON.parse(text) as LogLine;
    const msg = line.msg ?? '';
    if (this.#seen.has(msg)) return;
    this.#seen.set(msg, { line, ms: performance.now() - this.#spawnedAt });
    this.#waiting.get(msg)?.();
  }
}
