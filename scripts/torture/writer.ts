/**
 * One connection that writes its own keys, and knows what was sent, in which order, and answered.
 */

import { type BatchItem, type CaskClient, connect } from '../../src/client/index.ts';
import { DESCRIBED_BYTES_MIN } from './described-value.ts';
import type { Attempt } from './key-history.ts';
import { KeyOwner, type Revisions, valueFor } from './key-owner.ts';
import type { SeededRandom } from './seeded-random.ts';

const KEYS = 250;
const BATCH_ITEMS_MAX = 12;
const IN_FLIGHT_MAX = 48;
const LONG_TTL_MS = 3_600_000;

export class Writer extends KeyOwner {
  readonly #random: SeededRandom;
  #client: CaskClient | undefined;
  #running: Promise<unknown> | undefined;
  #stopped = true;

  constructor(name: string, random: SeededRandom) {
    super(
      name,
      Array.from({ length: KEYS }, (_, index) => `${name}/k${index}`),
    );
    this.#random = random;
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
    this.throwProblem();
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
    const key = this.#random.pick(this.keys);
    const attempt = this.#attempt('put', 0);
    this.note(key, attempt);
    const { ttlMs } = attempt;
    const answer = client.put(key, valueFor(key, attempt), ttlMs === 0 ? {} : { ttlMs });
    return this.#settled(
      [attempt],
      answer.then(({ revision }) => [revision]),
    );
  }

  #delete(client: CaskClient): Promise<void> {
    const key = this.#random.pick(this.keys);
    const attempt = this.#attempt('delete', 0);
    this.note(key, attempt);
    const answer = client.deleteEntry(key);
    return this.#settled(
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
      const key = this.#random.pick(this.keys);
      const attempt = this.#attempt(this.#random.chance(0.3) ? 'delete' : 'put', item);
      const { ttlMs } = attempt;
      attempts.push(attempt);
      this.note(key, attempt);
      if (attempt.kind === 'delete') items.push({ type: 'delete', key });
      else {
        const value = valueFor(key, attempt);
        items.push({ type: 'put', key, value, ...(ttlMs === 0 ? {} : { ttlMs }) });
      }
    }
    const answer = client.batch(items);
    return this.#settled(
      attempts,
      answer.then((results) => results.map(({ revision }) => revision)),
    );
  }

  /** A change that is about to be sent; the items after the first share its number. */
  #attempt(kind: 'put' | 'delete', item: number): Attempt {
    if (kind === 'delete') return this.attempt(kind, item, 0, 0);
    return this.attempt(kind, item, this.#valueBytes(), this.#ttlMs());
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

  async #settled(attempts: readonly Attempt[], answer: Promise<Revisions>): Promise<void> {
    const error = await this.settle(attempts, answer);
    const isLost = error !== undefined && this.#client?.status !== 'ready';
    if (isLost || this.problem !== undefined) this.#stopped = true;
  }
}
