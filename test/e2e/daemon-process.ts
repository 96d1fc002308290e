/** Starts a daemon as a process of its own and watches its log. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export type LogLine = Record<string, unknown> & { readonly msg: string };

export interface StartOptions {
  readonly env?: Record<string, string>;
  /** Put before the arguments: the script. */
  readonly script: string;
  readonly node?: readonly string[];
}

export class DaemonProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], options: StartOptions) {
    const [node = process.execPath, ...nodeArgs] = options.node ?? [process.execPath];
    this.child = spawn(node, [...nodeArgs, options.script, ...args], {
      // several run at a time, and the default port is one
      env: { PATH: process.env['PATH'], CASKD_HTTP: 'off', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.exited = once(this.child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }));
  }

  /** The complete lines of the log so far. */
  get lines(): LogLine[] {
    const complete = this.stdout.split('\n').slice(0, -1);
    return complete.map((line) => JSON.parse(line) as LogLine);
  }

  /** The first line with this message, as soon as it is there. */
  async line(msg: string): Promise<LogLine> {
    let over = false;
    void this.exited.then(() => {
      over = true;
    });
    for (;;) {
      const found = this.lines.find((line) => line.msg === msg);
      if (found !== undefined) return found;
      if (over) throw new Error(`exited without "${msg}": ${this.stdout}${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** The port it serves, once it is ready. */
  async port(): Promise<number> {
    const { address } = await this.line('ready');
    return Number(String(address).split(':').at(-1));
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

/** Is there a process with this id (zombies do not count)? */
export async function isAlive(pid: number): Promise<boolean> {
  const { readFile } = await import('node:fs/promises');
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}
