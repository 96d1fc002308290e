/**
 * One connection that writes its own keys, and knows what was sent, in which order, and answered.
 */

import {
  type BatchItem,
  type CaskClient,
  type CaskError,
  connect,
} from '../../src/client/index.ts';
import { DESCRIBED_BYTES_MIN, describedValue } from './described-value.ts';
import { type Attempt, KeyHistory, type Outcome } from './key-history.ts';
import type { SeededRandom } from './seeded-random.ts';
import { TortureError } from './torture-error.ts';

const KEYS = 250;
const BATCH_ITEMS_MAX = 12;
const IN_FLIGHT_MAX = 48;
const LONG_TTL_MS = 3_600_000;

/** Errors of a write that was refused, or never sent; whatever else comes is a bug. */
const REFUSALS: ReadonlySet<string> = new Set([
  'SHUTTING_DOWN',
  'CONNECTION_LOST',
  'CLOSED',
  'BUSY',
  'NOT_APPLIED',
]);

/** What a batch or a single write answers, reduced to revisions in the order of its items. */
type Revisions = readonly (number | undefined)[];

export class Writer {
  readonly name: string;
  readonly histories: ReadonlyMap<string, KeyHistory>;
  acknowledged = 0;
  unknown = 0;
  refused = 0;
  /** The highest revision that was acknowledged or seen, by anyone, before this run. */
  revisionFloor = 0;
  revisionMax = 0;
  readonly #random: SeededRandom;
  readonly #keys: readonly string[];
  #writes = 0;
  #client: CaskClient | undefined;
  #running: Promise<unknown> | undefined;
  #stopped = true;
  #problem: TortureError | undefined;

  constructor(name: string, random: SeededRandom) {
    this.name = name;
    this.#random = random;
    this.#keys = Array.from({ length: KEYS }, (_, index) => `${name}/k${index}`);
    this.histories = new Map(this.#keys.map((key) => [key, new KeyHistory(key)]));
  }

  /** Starts writing over a connection of its own, and goes on until that is lost. */
  async start(url: string): Promise<void> {
    const client = await connect({ url, reconnect: false, clientName: this.name });
    this.#client = client;
    this.#stopped = false;
    const depth = this.#random.between(1, IN_FLIGHT_MAX);
    this.#running = Promise.all(Array.from({ length: depth }, () => this.#write(client)));
  }

  /** Waits until every write has its answer; the daemon is gone, or is told to go. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#client?.destroy();
    await this.#running;
    this.#client = undefined;
    if (this.#problem !== undefined) throw this.#problem;
  }

  async #write(client: CaskClient): Promise<void> {
    while (!this.#stopped) await this.#writeOnce(client);
  }

  #writeOnce(client: CaskClient): Promise<void> {
    const random = this.#random;
    const kind = random.below(100);
    if (kind < 60) return this.#put(client);
    if (kind < 82) return this.#delete(client);
    return this.#batch(client);
  }

  #put(client: CaskClient): Promise<void> {
    const key = this.#random.pick(this.#keys);
    const attempt = this.#attempt('put', 0);
    this.#note(key, attempt);
    const { ttlMs } = attempt;
    const answer = client.put(key, valueFor(key, attempt), ttlMs === 0 ? {} : { ttlMs });
    return this.#settle(
      [attempt],
      answer.then(({ revision }) => [revision]),
    );
  }

  #delete(client: CaskClient): Promise<void> {
    const key = this.#random.pick(this.#keys);
    const attempt = this.#attempt('delete', 0);
    this.#note(key, attempt);
    const answer = client.deleteEntry(key);
    return this.#settle(
      [attempt],
      answer.then(({ revision }) => [revision]),
    );
  }

  /** Several keys at once, one of them perhaps twice. */
  #batch(client: CaskClient): Promise<void> {
    const items: BatchItem[] = [];
    const attempts: Attempt[] = [];
    const count = this.#random.between(2, BATCH_ITEMS_MAX);
    for (let item = 0; item < count; item += 1) {
      const key = this.#random.pick(this.#keys);
      const attempt = this.#attempt(this.#random.chance(0.3) ? 'delete' : 'put', item);
      const { ttlMs } = attempt;
      attempts.push(attempt);
      this.#note(key, attempt);
      if (attempt.kind === 'delete') items.push({ type: 'delete', key });
      else {
        const value = valueFor(key, attempt);
        items.push({ type: 'put', key, value, ...(ttlMs === 0 ? {} : { ttlMs }) });
      }
    }
    const answer = client.batch(items);
    return this.#settle(
      attempts,
      answer.then((results) => results.map(({ revision }) => revision)),
    );
  }

  /** A change that is about to be sent; the items after the first share its number. */
  #attempt(kind: 'put' | 'delete', item: number): Attempt {
    if (item === 0) this.#writes += 1;
    return {
      kind,
      write: this.#writes,
      item,
      bytes: kind === 'put' ? this.#valueBytes() : 0,
      ttlMs: kind === 'put' ? this.#ttlMs() : 0,
      sentAtMs: Date.now(),
      settledAtMs: 0,
      outcome: 'pending',
      answer: '',
      revision: 0,
    };
  }

  #valueBytes(): number {
    const random = this.#random;
    const size = random.below(1000);
    if (size < 10) return 0;
    if (size < 700) return random.between(DESCRIBED_BYTES_MIN, 600);
    if (size < 970) return random.between(600, 6000);
    return size < 997 ? random.between(6000, 60_000) : random.between(60_000, 250_000);
  }

  #ttlMs(): number {
    const random = this.#random;
    if (random.chance(0.9)) return 0;
    return random.chance(0.5) ? LONG_TTL_MS : random.between(1, 500);
  }

  #note(key: string, attempt: Attempt): void {
    this.histories.get(key)?.add(attempt);
  }

  async #settle(attempts: readonly Attempt[], answer: Promise<Revisions>): Promise<void> {
    try {
      const revisions = await answer;
      for (const [index, attempt] of attempts.entries()) {
        this.#settled(attempt, 'acknowledged', '');
        attempt.revision = revisions[index] ?? 0;
        this.#checkRevision(attempt);
      }
      this.acknowledged += 1;
    } catch (thrown) {
      const error = thrown as CaskError;
      const outcome = error.code === 'OUTCOME_UNKNOWN' ? 'unknown' : 'refused';
      for (const attempt of attempts) this.#settled(attempt, outcome, error.code);
      this[outcome] += 1;
      if (outcome === 'refused' && !REFUSALS.has(error.code)) {
        this.#fail(`${this.name}: a write was refused with ${error.code}: ${error.message}`);
      }
      if (this.#client?.status !== 'ready') this.#stopped = true;
    }
  }

  #settled(attempt: Attempt, outcome: Outcome, answer: string): void {
    attempt.outcome = outcome;
    attempt.answer = answer;
    attempt.settledAtMs = Date.now();
  }

  /** A revision that anyone may have seen before a crash is never given out again. */
  #checkRevision({ revision, write }: Attempt): void {
    if (revision === 0) return;
    this.revisionMax = Math.max(this.revisionMax, revision);
    if (revision > this.revisionFloor) return;
    const floor = `revisions up to ${this.revisionFloor} were seen before the restart`;
    this.#fail(`${this.name}: write ${write} got revision ${revision}; ${floor}`);
  }

  #fail(message: string): void {
    this.#problem ??= new TortureError(message);
    this.#stopped = true;
  }
}

function valueFor(key: string, { write, item, bytes }: Attempt): Buffer {
  return describedValue({ key, write, item }, bytes);
}
