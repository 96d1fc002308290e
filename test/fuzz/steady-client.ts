/** A client that works on keys of its own and knows what every answer must be. */

import { type CaskClient, connect } from '../../src/client/index.ts';
import { mustHold } from './fuzz-target.ts';

const KEYS = 100;

export class SteadyClient {
  answers = 0;
  slowestMs = 0;
  readonly #client: CaskClient<'utf8'>;
  readonly #expected = new Map<string, string>();
  readonly #prefix = `steady/${crypto.randomUUID()}/`;
  #stopped = false;
  readonly #done: Promise<void>;

  private constructor(client: CaskClient<'utf8'>) {
    this.#client = client;
    this.#done = this.#work();
    this.#done.catch(() => {}); // told by `stop`
  }

  static async start(port: number): Promise<SteadyClient> {
    return new SteadyClient(await connect({ port, encoding: 'utf8', reconnect: false }));
  }

  /** @throws whatever went wrong meanwhile */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
    await this.#client.close();
  }

  async #work(): Promise<void> {
    for (let round = 0; !this.#stopped; round += 1) {
      const startedAtMs = performance.now();
      await this.#round(round);
      this.slowestMs = Math.max(this.slowestMs, performance.now() - startedAtMs);
      this.answers += 1;
    }
  }

  async #round(round: number): Promise<void> {
    const client = this.#client;
    const key = `${this.#prefix}${String(round % KEYS).padStart(4, '0')}`;
    const before = this.#expected.get(key);
    mustHold((await client.get(key)) === before, `${key} is as it was left`);
    if (round % 7 === 3) {
      mustHold((await client.delete(key)) === (before !== undefined), `${key} is deleted if there`);
      this.#expected.delete(key);
    } else {
      const value = `${key} in round ${round} `.repeat(1 + (round % 50));
      await client.put(key, value);
      this.#expected.set(key, value);
    }
    if (round % KEYS === 0) await this.#compareRange();
  }

  async #compareRange(): Promise<void> {
    const seen = new Map<string, string>();
    for await (const entry of this.#client.range({ prefix: this.#prefix, pageSize: 30 })) {
      mustHold(entry.error === undefined, `${entry.key} can be read`);
      seen.set(entry.key, entry.value);
    }
    const expected = [...this.#expected].sort(([a], [b]) => (a < b ? -1 : 1));
    mustHold(JSON.stringify([...seen]) === JSON.stringify(expected), 'the range is as written');
  }
}
