/** Somebody who looks after the daemon without rest: merges, backups, scrubs, settings, figures. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type CaskClient, type CaskError, connect } from '../../src/client/index.ts';
import type { SeededRandom } from '../torture/seeded-random.ts';
import { TortureError } from '../torture/torture-error.ts';

const BETWEEN_MS_MAX = 400;
const BACKUPS_KEPT = 2;

/** What it may be told instead; anything else is a bug. */
const REFUSALS: ReadonlySet<string> = new Set([
  'BUSY',
  'CANCELLED',
  'CLOSED',
  'CONNECTION_LOST',
  'MERGE_RUNNING',
  'OUTCOME_UNKNOWN',
  'SHUTTING_DOWN',
  'TIMEOUT',
]);

/** Settings that change while the daemon runs, and values that none of them breaks. */
const SETTINGS: readonly (readonly [string, readonly string[]])[] = [
  ['cacheBytes', ['0', '4m', '16m']],
  ['syncIntervalMs', ['5', '50', '1000']],
  ['maxOpenSegments', ['2', '8', '16']],
  ['framesPerTurn', ['1', '64', '512']],
  ['bytesPerTurn', ['1k', '1m']],
  ['maxInFlight', ['4', '4096']],
  ['mergeCheckIntervalMs', ['50', '500', '5000']],
  ['mergeTriggerDeadRatio', ['0.2', '0.5']],
  ['mergeBytesPerSecond', ['0', '4m']],
  ['mergeInputBytesMax', ['16m', '4g']],
  ['retainHistoryMs', ['0', '1000']],
  ['slowLogMs', ['0', '10']],
  ['logLevel', ['info', 'warn', 'debug']],
];

export class Operator {
  /** How often each of its acts came to its end. */
  readonly done: Record<string, number> = {};
  readonly #random: SeededRandom;
  #clients: CaskClient[] = [];
  #running: Promise<unknown> | undefined;
  #isStopped = true;
  #problem: TortureError | undefined;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Two at once, so that what takes long meets everything else. */
  async start(url: string): Promise<void> {
    const options = { url, reconnect: false, clientName: 'operator' };
    this.#clients = await Promise.all([connect(options), connect(options)]);
    this.#isStopped = false;
    this.#running = Promise.all(this.#clients.map((client) => this.#work(client)));
  }

  /** Waits for what is underway. @throws TortureError when something failed that must not */
  async finish(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
    await this.stop();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const client of this.#clients) client.destroy();
    await this.#running;
    if (this.#problem !== undefined) throw this.#problem;
  }

  async #work(client: CaskClient): Promise<void> {
    while (!this.#isStopped && client.status === 'ready') {
      const [name, act] = this.#choose(client);
      try {
        await act();
        this.done[name] = (this.done[name] ?? 0) + 1;
      } catch (thrown) {
        const { code, message } = thrown as CaskError;
        if (!REFUSALS.has(code)) {
          this.#problem ??= new TortureError(`${name} was answered ${code}: ${message}`);
        }
      }
      await sleep(this.#random.below(BETWEEN_MS_MAX));
    }
  }

  #choose(client: CaskClient): readonly [string, () => Promise<unknown>] {
    const random = this.#random;
    const [setting, values] = random.pick(SETTINGS);
    const acts: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['settings', () => client.setConfig(setting, random.pick(values))],
      ['settings', () => client.setConfig(setting, random.pick(values))],
      ['merges', () => client.merge()],
      ['pauses', () => client.pauseMerge().then(() => client.resumeMerge())],
      ['backups', () => client.backup({ keep: BACKUPS_KEPT, full: random.chance(0.2) })],
      ['scrubs', () => client.scrub(0)],
      ['syncs', () => client.sync()],
      ['counts', () => client.count()],
      ['figures', () => client.clients().then(() => client.slowLog())],
    ];
    return random.pick(acts);
  }
}
