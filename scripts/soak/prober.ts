/** A client that behaves well: small requests, one at a time, and how long each of them took. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type CaskClient, connect } from '../../src/client/index.ts';
import { foundOf, story } from '../torture/check.ts';
import { DESCRIBED_BYTES_MIN } from '../torture/described-value.ts';
import type { KeyHistory } from '../torture/key-history.ts';
import { KeyOwner, valueFor } from '../torture/key-owner.ts';
import { problemOfRead } from './seen.ts';

const KEYS = 16;
const BETWEEN_MS = 10;
const VALUE_BYTES = DESCRIBED_BYTES_MIN + 32;

export class Prober extends KeyOwner {
  #client: CaskClient | undefined;
  #running: Promise<void> | undefined;
  #isStopped = true;
  #took: number[] = [];
  #round = 0;

  constructor() {
    super(
      'probe',
      Array.from({ length: KEYS }, (_, index) => `probe/${index}`),
    );
  }

  async start(url: string): Promise<void> {
    this.#client = await connect({ url, reconnect: false, clientName: this.name });
    this.#isStopped = false;
    this.#running = this.#work(this.#client);
  }

  /** @throws TortureError when an answer was wrong */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#client?.destroy();
    await this.#running;
    this.throwProblem();
  }

  /** What requests took since the last time, in ms. */
  takeDurations(): number[] {
    const took = this.#took;
    this.#took = [];
    return took;
  }

  async #work(client: CaskClient): Promise<void> {
    while (!this.#isStopped && client.status === 'ready' && this.problem === undefined) {
      const key = this.keys[this.#round % KEYS] as string;
      this.#round += 1;
      const history = this.histories.get(key) as KeyHistory;
      try {
        await this.#put(client, key);
        await this.#get(client, key, history);
      } catch (thrown) {
        this.fail((thrown as Error).message);
      }
      await sleep(BETWEEN_MS);
    }
  }

  async #put(client: CaskClient, key: string): Promise<void> {
    const attempt = this.attempt('put', 0, VALUE_BYTES, 0);
    this.note(key, attempt);
    const startedAt = performance.now();
    const answer = client.put(key, valueFor(key, attempt));
    const revisions = answer.then(({ revision }) => [revision]);
    const error = await this.settle([attempt], revisions);
    if (error === undefined) this.#took.push(performance.now() - startedAt);
  }

  async #get(client: CaskClient, key: string, history: KeyHistory): Promise<void> {
    const startedAt = performance.now();
    const sentAtMs = Date.now();
    const entry = await client.getEntry(key).catch(() => null);
    // without an answer nothing is known; the daemon is being stopped, or the next check says more
    if (entry === null) return;
    this.#took.push(performance.now() - startedAt);
    const found = entry && foundOf(key, entry.value, entry.revision, [this]);
    const problem = problemOfRead(history, found, sentAtMs, Date.now());
    if (problem !== undefined) this.fail(`${key}: ${problem}${story(history)}`);
  }
}
