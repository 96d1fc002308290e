/** scrub: look for damage in what nobody asks for, or see how that goes. */

import type { ScrubResult, ScrubStatus } from '../../vocabulary/scrub.ts';
import { EXIT_OK, EXIT_SERVER_ERROR, UsageError } from '../exit-codes.ts';
import { printResult } from '../print-result.ts';
import { formatByteCount, formatCounted, formatDuration, formatMoment } from '../quantity.ts';
import { whileRunning } from '../running-job.ts';
import type { CommandSpec, Invocation } from './command.ts';

const ACTIONS = ['status', 'run', 'stop'];

export const scrub: CommandSpec = {
  name: 'scrub',
  summary: 'read all segments of the server for damage, or see how that goes',
  args: [{ name: '[action]', kind: 'value', summary: 'status by default', choices: ACTIONS }],
  flags: [
    {
      flags: '--bytes-per-second <bytes>',
      kind: 'revision',
      summary: "for run: instead of the server's scrubBytesPerSecond; 0: no limit",
    },
  ],
  notes:
    'status   when it ran last, when it runs next, what it has found\n' +
    'run      now; waits until it is done. Interrupted here, the server goes on with it\n' +
    'stop     the one that runs\n' +
    'What is damaged is listed under damage in stats, and answers CORRUPT. Exit code 1: run has\n' +
    'found damage. It runs by itself, too: see scrubIntervalHours.',

  async run(invocation) {
    const [action = 'status'] = invocation.args;
    const rate = invocation.flags.number('bytesPerSecond');
    if (rate !== undefined && action !== 'run') {
      throw new UsageError('--bytes-per-second is for scrub run');
    }
    if (action === 'run') return run(invocation, rate);
    const client = await invocation.shell.client();
    if (action === 'stop') {
      const stopped = await client.stopScrub();
      await printResult(invocation, { stopped }, stopped ? 'ok, it stops' : 'none runs');
      return EXIT_OK;
    }
    const status = await client.scrubStatus();
    await printResult(invocation, { ...status }, statusText(status));
    return EXIT_OK;
  },
};

async function run(invocation: Invocation, rate: number | undefined): Promise<number> {
  const client = await invocation.shell.client();
  const work = client.scrub(rate, { timeoutMs: 0 });
  const result = await whileRunning(invocation.shell, client, 'scrub', work);
  await printResult(invocation, { ...result }, resultText(result));
  return result.damaged.length > 0 ? EXIT_SERVER_ERROR : EXIT_OK;
}

function resultText({ segments, bytes, damaged, hintsRejected, ms }: ScrubResult): string {
  const read = `${formatCounted(segments, 'segment')}, ${formatByteCount(bytes)}, ${formatDuration(ms)}`;
  const hints = hintsRejected > 0 ? `; ${formatCounted(hintsRejected, 'hint')} written anew` : '';
  if (damaged.length === 0) return `clean: ${read}${hints}`;
  const list = damaged.slice(0, 20).join(', ');
  return `damaged: ${formatCounted(damaged.length, 'segment')} (${list}) in ${read}${hints}; stats has the places under damage`;
}

function statusText(status: ScrubStatus): string {
  const { running, bytesDone, bytesTotal, runs, damagedSegments, lastEndedAt, nextAt } = status;
  const now = running
    ? `running, ${formatByteCount(bytesDone)} of ${formatByteCount(bytesTotal)}`
    : 'idle';
  const last = `last ${lastEndedAt === null ? 'never' : formatMoment(lastEndedAt)}`;
  const next = nextAt === null ? '' : `, next ${formatMoment(nextAt)}`;
  const error = status.lastError === null ? '' : `; the last failure: ${status.lastError}`;
  const found = `${runs} since the start, damaged segments found: ${damagedSegments}`;
  return `${now}, ${last}${next}, ${found}${error}`;
}
