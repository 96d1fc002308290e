/** latency: how long the server takes to answer a ping, over and over. */

import { DurationHistogram } from '../../vocabulary/duration-histogram.ts';
import { csvField } from '../entry-printer.ts';
import { EXIT_OK } from '../exit-codes.ts';
import { isCancelled, pause } from '../repetition.ts';
import { isTerminal, write } from '../shell-io.ts';
import { formatMs } from '../stats/server-sections.ts';
import type { CommandSpec, Invocation } from './command.ts';

const PING_EVERY_MS = 10;
const SECONDS_DEFAULT = 1;
const HISTORY_SECONDS_DEFAULT = 15;
const CLEAR_LINE = '\r\x1b[K';

export const latency: CommandSpec = {
  name: 'latency',
  summary: 'ping the server continuously and print how long it takes',
  args: [],
  flags: [
    { flags: '--history', kind: 'switch', summary: 'a line for each span of time, from scratch' },
  ],
  notes:
    `A ping every ${PING_EVERY_MS} ms, one after the other, until Ctrl-C. Without --history the figures are of\n` +
    'all pings so far: on a terminal one line that is renewed, elsewhere one after the first span.\n' +
    `-i is the length of a span in seconds (${SECONDS_DEFAULT}, with --history ${HISTORY_SECONDS_DEFAULT}), -r how many there are.`,
  heedsInterrupt: () => true,
  repeatsItself: () => true,

  async run(invocation) {
    const { shell, flags } = invocation;
    const isHistory = flags.has('history');
    const renews = !isHistory && isTerminal(shell.io.stdout) && invocation.format === 'table';
    const spans = flags.number('repeat') ?? (isHistory || renews ? Number.POSITIVE_INFINITY : 1);
    const seconds =
      flags.number('interval') ?? (isHistory ? HISTORY_SECONDS_DEFAULT : SECONDS_DEFAULT);
    let pings = new Pings();
    for (let span = 0; span < spans && !shell.signal?.aborted; span++) {
      if (isHistory) pings = new Pings();
      await pings.measure(invocation, seconds * 1000);
      if (pings.count > 0) await print(invocation, pings, renews, span);
    }
    if (renews) await write(shell.io.stdout, '\n');
    return EXIT_OK;
  },
};

class Pings {
  readonly #histogram = new DurationHistogram();
  #minMs = Number.POSITIVE_INFINITY;

  get count(): number {
    return this.#histogram.count;
  }

  /** Ends with the time or with the signal. */
  async measure({ shell }: Invocation, durationMs: number): Promise<void> {
    const client = await shell.client();
    const endMs = performance.now() + durationMs;
    try {
      do {
        const ms = await client.ping();
        this.#histogram.record(ms);
        this.#minMs = Math.min(this.#minMs, ms);
        if (!(await pause(PING_EVERY_MS / 1000, shell.signal))) return;
      } while (performance.now() < endMs);
    } catch (thrown) {
      if (!isCancelled(thrown, shell.signal)) throw thrown;
    }
  }

  /** In milliseconds. */
  facts(): Readonly<Record<string, number>> {
    const { count, sumMs, p50Ms, p99Ms, maxMs } = this.#histogram.summary();
    return { minMs: this.#minMs, avgMs: sumMs / count, p50Ms, p99Ms, maxMs, pings: count };
  }
}

async function print(
  { shell, format }: Invocation,
  pings: Pings,
  renews: boolean,
  span: number,
): Promise<void> {
  const { stdout } = shell.io;
  const facts = pings.facts();
  if (format === 'json') {
    await write(stdout, `${JSON.stringify(facts)}\n`);
    return;
  }
  if (format === 'csv') {
    const head = span === 0 ? `${Object.keys(facts).join(',')}\n` : '';
    await write(stdout, `${head}${Object.values(facts).map(String).map(csvField).join(',')}\n`);
    return;
  }
  const { pings: count, ...times } = facts;
  const words = Object.entries(times).map(([name, ms]) => `${name.slice(0, -2)} ${formatMs(ms)}`);
  const line = `${words.join(', ')} ms, ${count} pings`;
  await write(stdout, renews ? CLEAR_LINE + line : `${line}\n`);
}
