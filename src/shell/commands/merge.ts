/** merge: reclaim the space of dead records, and look on. */

import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT_OK, UsageError } from '../exit-codes.ts';
import { printResult } from '../print-result.ts';
import { ProgressBar } from '../progress.ts';
import { formatByteCount } from '../quantity.ts';
import type { MergeStatus, ShellClient } from '../shell-client.ts';
import { isTerminal } from '../shell-io.ts';
import type { CommandSpec, Flags, Invocation } from './command.ts';

const POLL_MS = 200;
const ACTIONS = ['pause', 'resume', 'status'] as const;

export const merge: CommandSpec = {
  name: 'merge',
  summary: 'reclaim the space of dead records; waits until it is done',
  args: [],
  flags: [
    { flags: '--status', kind: 'switch', summary: 'only say how far a merge is' },
    { flags: '--pause', kind: 'switch', summary: 'pause merging' },
    { flags: '--resume', kind: 'switch', summary: 'go on merging' },
  ],

  async run(invocation) {
    const action = actionOf(invocation.flags);
    const client = await invocation.shell.client();
    if (action === undefined) await mergeNow(invocation, client);
    else await printStatus(invocation, await ask(client, action));
    return EXIT_OK;
  },
};

function actionOf(flags: Flags): (typeof ACTIONS)[number] | undefined {
  const given = ACTIONS.filter((action) => flags.has(action));
  if (given.length > 1) throw new UsageError(`--${given.join(' and --')} exclude each other`);
  return given[0];
}

function ask(client: ShellClient, action: (typeof ACTIONS)[number]): Promise<MergeStatus> {
  if (action === 'pause') return client.pauseMerge();
  return action === 'resume' ? client.resumeMerge() : client.mergeStatus();
}

async function mergeNow(invocation: Invocation, client: ShellClient): Promise<void> {
  const done = new AbortController();
  const running = client.merge({ timeoutMs: 0 }).finally(() => done.abort());
  const [result] = await Promise.all([running, showProgress(invocation, client, done.signal)]);
  const facts = { ...result } as Record<string, unknown>;
  await printResult(invocation, facts, sentenceOf(facts));
}

/** Asks how far the merge is until it is done; only where somebody sees it. */
async function showProgress(
  { shell }: Invocation,
  client: ShellClient,
  done: AbortSignal,
): Promise<void> {
  if (!isTerminal(shell.io.stderr)) return;
  let bar: ProgressBar | undefined;
  while (!done.aborted && !shell.signal?.aborted) {
    // a failure shows in the merge's own reply
    const status = await client.mergeStatus().catch(() => undefined);
    if (status !== undefined && status.bytesTotal > 0) {
      bar ??= new ProgressBar(shell.io.stderr, {
        unit: undefined,
        bytesTotal: status.bytesTotal,
      });
      bar.update(0, status.bytesDone);
    }
    await sleep(POLL_MS, undefined, { signal: done }).catch(() => {});
  }
  bar?.clear();
}

function sentenceOf(facts: Readonly<Record<string, unknown>>): string {
  const { inputs, outputs, bytesBefore, bytesAfter, ms } = facts;
  if (inputs === 0) return 'ok, nothing to merge';
  const segments = `${inputs} segments into ${outputs}`;
  const bytes = `${formatByteCount(Number(bytesBefore))} -> ${formatByteCount(Number(bytesAfter))}`;
  return `ok, ${segments}, ${bytes}, ${ms} ms`;
}

async function printStatus(invocation: Invocation, status: MergeStatus): Promise<void> {
  const { state, bytesDone, bytesTotal, paused, runs } = status;
  const bytes = `${formatByteCount(bytesDone)} of ${formatByteCount(bytesTotal)}`;
  const sentence = `${state}${paused ? ', paused' : ''}, ${bytes}, ${runs} merges so far`;
  await printResult(invocation, { ...status }, sentence);
}
