/** Judges the event loop of a daemon beside that of an idle process. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DaemonProgram } from '../../child-daemon.ts';
import { endWithParent } from '../../end-with-parent.ts';
import type { ResultsRecorder } from '../report/results.ts';
import { type LoopFigures, loopFileOf } from './loop-figures.ts';

const WATCH = fileURLToPath(new URL('./loop-watch.ts', import.meta.url));
/** Tells that it is watched, and then does nothing for an hour. */
const IDLE = "console.log('idle'); setTimeout(() => {}, 3_600_000)";
const ANSWER_MS_MAX = 10_000;
const TABLE = 'delay of the event loop';

/** The daemon's program, watched. */
export function watched(program: DaemonProgram): DaemonProgram {
  return ['--import', WATCH, ...program];
}

export class LoopJudge implements AsyncDisposable {
  readonly #control: ChildProcess;

  private constructor(control: ChildProcess) {
    this.#control = control;
  }

  static async start(): Promise<LoopJudge> {
    const args = ['--import', WATCH, '--eval', IDLE];
    const control = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    endWithParent(control);
    if (control.stdout !== null) await once(control.stdout, 'data');
    return new LoopJudge(control);
  }

  /** From here on. */
  async begin(pid: number): Promise<void> {
    await this.#read(pid);
  }

  /** What was since `begin`, or since it was judged last. */
  async judge(results: ResultsRecorder, name: string, pid: number): Promise<void> {
    const { daemon, control } = await this.#read(pid);
    for (const [subject, figures] of [
      ['caskd', daemon],
      ['idle process', control],
    ] as const) {
      const row = { table: TABLE, case: name, subject };
      results.sample(row, 'p99', 'ms', figures.p99Ms);
      results.sample(row, 'p99.99', 'ms', figures.p9999Ms);
      results.sample(row, 'longest', 'ms', figures.maxMs);
    }
    results.judge('loop-delay', Math.max(0, daemon.p9999Ms - control.p9999Ms));
  }

  async #read(pid: number): Promise<{ daemon: LoopFigures; control: LoopFigures }> {
    const [daemon, control] = await Promise.all([ask(pid), ask(this.#control.pid ?? 0)]);
    return { daemon, control };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#control.kill();
    if (this.#control.exitCode === null) await once(this.#control, 'exit');
  }
}

async function ask(pid: number): Promise<LoopFigures> {
  const path = loopFileOf(pid);
  rmSync(path, { force: true });
  process.kill(pid, 'SIGUSR2');
  const deadlineMs = performance.now() + ANSWER_MS_MAX;
  while (!existsSync(path)) {
    if (performance.now() > deadlineMs) throw new Error(`process ${pid} does not tell its delays`);
    await delay(5);
  }
  const figures = JSON.parse(readFileSync(path, 'utf8')) as LoopFigures;
  rmSync(path);
  return figures;
}
