/**
 * Bad clients one after the other against a real daemon, while a good one goes on: what became of
 * them, what the good one noticed, and how much memory the daemon took.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ChildDaemon } from '../child-daemon.ts';
import type { ProbeFigures } from './prober.ts';
import type { Stage } from './scenario.ts';
import { fill, SCENARIOS } from './scenarios.ts';

export interface LoadOptions {
  /** 1: as many of each as the names say. */
  readonly scale: number;
  /** Only those whose name has these words. */
  readonly only?: string | undefined;
  readonly print: (line: string) => void;
}

export interface LoadRow {
  readonly name: string;
  readonly outcome: string;
  /** Undefined: it did what it should. */
  readonly failure: string | undefined;
  readonly probe: ProbeFigures;
  /** The most that was resident meanwhile. */
  readonly mostBytes: number;
}

/** So many times as long as undisturbed the good client may wait, at the 99th percentile. */
export const P99_FACTOR_MAX = 200;

const MIB = 1024 * 1024;
const PROBER = fileURLToPath(new URL('./prober.ts', import.meta.url));
const SAMPLE_MS = 50;
const QUIET_MS = 3000;
/** Memory of replies in all and of requests in all; deadlines that bad clients meet soon. */
const FLAGS = [
  ...['--max-connections', '12000', '--handshake-timeout-ms', '2000', '--durability', 'interval'],
  ...['--max-output-bytes', '128m', '--max-request-bytes', '64m', '--cache-bytes', '16m'],
  ...['--output-soft-bytes', '1m', '--output-hard-bytes', '8m', '--output-timeout-ms', '4000'],
];

/** @returns a row for the undisturbed time, then one for each kind of bad client */
export async function runLoad({ scale, only = '', print }: LoadOptions): Promise<LoadRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'caskd-load-'));
  const daemon = await ChildDaemon.start(['--data', join(directory, 'data'), ...FLAGS]);
  const prober = fork(PROBER, [daemon.url]);
  try {
    await once(prober, 'message');
    const port = Number(new URL(daemon.url).port);
    const stage: Stage = { port, scale, residentBytes: () => daemon.residentBytes() };
    await fill(port);
    const rows: LoadRow[] = [];
    const watch = async (name: string, work: () => Promise<string>): Promise<void> => {
      const row = await watched(daemon, prober, name, work);
      rows.push(row);
      print(lineOf(row, rows[0] ?? row));
    };
    await ask(prober);
    await watch('undisturbed', async () => {
      await delay(Math.max(500, QUIET_MS * Math.min(1, scale * 10)));
      return 'the good client alone';
    });
    for (const { name, run } of SCENARIOS) {
      if (name.includes(only)) await watch(name, () => run(stage));
    }
    return rows;
  } finally {
    prober.disconnect();
    await once(prober, 'exit');
    await daemon.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function watched(
  daemon: ChildDaemon,
  prober: ChildProcess,
  name: string,
  work: () => Promise<string>,
): Promise<LoadRow> {
  let mostBytes = await daemon.residentBytes();
  const timer = setInterval(() => {
    void daemon.residentBytes().then((bytes) => {
      mostBytes = Math.max(mostBytes, bytes);
    });
  }, SAMPLE_MS);
  let outcome = '';
  let failure: string | undefined;
  try {
    outcome = await work();
  } catch (thrown) {
    failure = thrown instanceof Error ? thrown.message : String(thrown);
  }
  clearInterval(timer);
  return { name, outcome, failure, probe: await ask(prober), mostBytes };
}

async function ask(prober: ChildProcess): Promise<ProbeFigures> {
  const answer = once(prober, 'message').then(([figures]) => figures as ProbeFigures);
  const gone = once(prober, 'exit').then(([code]) => {
    throw new Error(`the good client ended with ${code}`);
  });
  prober.send('figures');
  return Promise.race([answer, gone]);
}

/** True when it was served as it should be. */
export function isRight({ failure, probe }: LoadRow): boolean {
  return failure === undefined && probe.wrong === 0 && probe.failures.length === 0;
}

/** @param quiet the undisturbed time of the same run */
export function isPrompt(row: LoadRow, quiet: LoadRow): boolean {
  return row.probe.p99Ms <= quiet.probe.p99Ms * P99_FACTOR_MAX;
}

function lineOf(row: LoadRow, quiet: LoadRow): string {
  const { name, outcome, failure, probe, mostBytes } = row;
  const { requests, p50Ms, p99Ms, maxMs, refused, wrong, failures } = probe;
  const factor = p99Ms / quiet.probe.p99Ms;
  const times = `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms (x${factor.toFixed(1)}), worst ${maxMs.toFixed(0)} ms`;
  const trouble = [
    isPrompt(row, quiet) ? '' : `EXCEEDS x${P99_FACTOR_MAX}`,
    refused > 0 ? `${refused} refused for the moment` : '',
    wrong > 0 ? `${wrong} WRONG` : '',
    failures.length > 0 ? `FAILED: ${failures.join(', ')}` : '',
  ];
  return [
    `${name}: ${failure === undefined ? outcome : `FAILED: ${failure}`}`,
    `  good client: ${[`${requests} answers`, times, ...trouble].filter(Boolean).join(', ')}`,
    `  resident at most ${Math.round(mostBytes / MIB)} MiB`,
  ].join('\n');
}
