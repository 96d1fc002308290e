/** A server of someone else as a child: started, asked until it answers, ended by its own pid. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { endWithParent } from '../../end-with-parent.ts';
import { cpuMsOf, residentBytesOf } from '../../process-figures.ts';

const TRY_MS = 10;
const LINES_KEPT = 20;

export class ServerProcess {
  readonly port: number;
  readonly startedMs = performance.now();
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #lines: string[] = [];
  #over = false;

  constructor(program: string, args: readonly string[], port: number) {
    this.port = port;
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    endWithParent(this.#child);
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      output?.on('data', (chunk: Buffer) => {
        this.#lines.push(...chunk.toString().split('\n'));
        this.#lines.splice(0, this.#lines.length - LINES_KEPT);
      });
    }
    this.#exited = once(this.#child, 'exit').then(() => {
      this.#over = true;
    });
  }

  /** Asks again and again until it answers. @throws when it ends before, or never answers */
  async answered(isReady: () => Promise<boolean>, timeoutMs = 120_000): Promise<this> {
    while (!(await isReady().catch(() => false))) {
      if (this.#over) throw new Error(`the server ended:\n${this.#lines.join('\n')}`);
      if (performance.now() - this.startedMs > timeoutMs) {
        await this.kill();
        throw new Error(`the server did not answer:\n${this.#lines.join('\n')}`);
      }
      await delay(TRY_MS);
    }
    return this;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  cpuMs(): Promise<number> {
    return cpuMsOf(this.pid);
  }

  residentBytes(): Promise<number> {
    return residentBytesOf(this.pid);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#exited;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}
