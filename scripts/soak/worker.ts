/**
 * One connection of the load: every operation on keys of its own, several at a time, and each
 * answer compared with what it must be.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type BatchItem,
  type CaskClient,
  type CaskError,
  connect,
  type Page,
  type PutOptions,
} from '../../src/client/index.ts';
import { foundOf, story } from '../torture/check.ts';
import { DESCRIBED_BYTES_MIN } from '../torture/described-value.ts';
import type { Attempt, Found, KeyHistory } from '../torture/key-history.ts';
import { KeyOwner, valueFor } from '../torture/key-owner.ts';
import type { SeededRandom } from '../torture/seeded-random.ts';
import { TortureError } from '../torture/torture-error.ts';
import { LockedKeys } from './locked-keys.ts';
import { type AnyEntry, checkPage, type Question } from './page-check.ts';
import { isPresent, problemOfRead } from './seen.ts';

const GROUPS = 12;
const KEYS_PER_GROUP = 25;
const DEPTH_MAX = 12;
const BATCH_ITEMS_MAX = 12;
/** Within the daemon's limits for a value and, together, for a batch. */
const VALUE_BYTES_MAX = 4_000_000;
const ITEM_BYTES_MAX = 600_000;
const MANY_KEYS_MAX = 20;
const PAGE_ITEMS_MAX = 80;
/** Longer than any run. */
const LONG_TTL_MS = 30 * 24 * 3_600_000;
const SHORT_TTL_MS_MAX = 2000;
/** Beyond what a busy machine needs. */
const REQUEST_TIMEOUT_MS = 120_000;

/** Answers to a read that are no answer. */
const READ_REFUSALS: ReadonlySet<string> = new Set([
  'SHUTTING_DOWN',
  'CONNECTION_LOST',
  'CLOSED',
  'BUSY',
]);

/** The condition of a put or delete, and what must become of it. */
interface Asked {
  readonly options: PutOptions;
  /** Undefined: either. */
  readonly conflicts: boolean | undefined;
  readonly ttlMs: number;
}

export class Worker extends KeyOwner {
  operations = 0;
  /** Entries that were compared with what they must be. */
  verified = 0;
  conflicts = 0;
  rangesDeleted = 0;
  readonly #random: SeededRandom;
  readonly #locked: LockedKeys;
  #client: CaskClient | undefined;
  #running: Promise<unknown> | undefined;
  #isStopped = true;

  constructor(name: string, random: SeededRandom) {
    const keys = Array.from({ length: GROUPS * KEYS_PER_GROUP }, (_, index) => {
      return `${groupOf(name, index % GROUPS)}k${index}`;
    });
    super(name, keys);
    this.#random = random;
    this.#locked = new LockedKeys(keys);
  }

  async start(url: string): Promise<void> {
    const client = await connect({
      url,
      reconnect: false,
      clientName: this.name,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
    });
    this.#client = client;
    this.#isStopped = false;
    const depth = this.#random.between(1, DEPTH_MAX);
    this.#running = Promise.all(Array.from({ length: depth }, () => this.#work(client)));
  }

  /** Waits for the answers to what was sent. @throws TortureError when one was wrong */
  async finish(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
    await this.#client?.close();
    this.#client = undefined;
    this.throwProblem();
  }

  /** The same, once the daemon is gone or told to go. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#client?.destroy();
    await this.finish();
  }

  async #work(client: CaskClient): Promise<void> {
    while (!this.#isStopped) {
      try {
        if (await this.#doOne(client)) this.operations += 1;
        else await nextTurn();
      } catch (thrown) {
        this.fail((thrown as Error).message);
      }
      if (client.status !== 'ready' || this.problem !== undefined) this.#isStopped = true;
    }
  }

  /** @returns false: the keys that it fell on are in use */
  #doOne(client: CaskClient): Promise<boolean> {
    const kind = this.#random.below(1000);
    if (kind < 330) return this.#withKey((key, history) => this.#put(client, key, history));
    if (kind < 430) return this.#withKey((key, history) => this.#delete(client, key, history));
    if (kind < 510) return this.#batch(client);
    if (kind < 780) return this.#withKey((key, history) => this.#get(client, key, history));
    if (kind < 850) return this.#getMany(client);
    return kind < 996 ? this.#page(client) : this.#deletePrefix(client);
  }

  async #withKey(act: (key: string, history: KeyHistory) => Promise<void>): Promise<boolean> {
    const key = this.#locked.take(this.#random);
    if (key === undefined) return false;
    await act(key, this.#historyOf(key));
    this.#locked.release([key]);
    return true;
  }

  async #put(client: CaskClient, key: string, history: KeyHistory): Promise<void> {
    const { options, conflicts, ttlMs } = this.#condition(history);
    const attempt = this.attempt('put', 0, this.#valueBytes(VALUE_BYTES_MAX), ttlMs);
    this.note(key, attempt);
    const answer = client.put(key, valueFor(key, attempt), options);
    const revisions = answer.then(({ revision }) => [revision]);
    const error = await this.settle([attempt], revisions, { mayConflict: conflicts !== false });
    this.#checkConflict(history, error, conflicts);
  }

  /** Of a put; mostly none. */
  #condition(history: KeyHistory): Asked {
    const random = this.#random;
    const isThere = isPresent(history, LONG_TTL_MS);
    const kind = isThere === undefined ? 99 : random.below(100);
    const { revision = 0, ttlMs = 0 } = history.certain ?? {};
    if (kind < 10) return { options: { ifAbsent: true }, conflicts: isThere, ttlMs: 0 };
    if (kind < 20 && isThere) {
      return { options: { ifRevision: revision }, conflicts: false, ttlMs: 0 };
    }
    if (kind < 25 && isThere && revision > 1) {
      return { options: { ifRevision: revision - 1 }, conflicts: true, ttlMs: 0 };
    }
    if (kind < 35)
      return { options: { keepTtl: true }, conflicts: false, ttlMs: isThere ? ttlMs : 0 };
    const ownTtlMs = this.#ttlMs();
    return {
      options: ownTtlMs === 0 ? {} : { ttlMs: ownTtlMs },
      conflicts: false,
      ttlMs: ownTtlMs,
    };
  }

  #checkConflict(
    history: KeyHistory,
    error: CaskError | undefined,
    conflicts: boolean | undefined,
  ): void {
    if (error?.code === 'CONFLICT') this.conflicts += 1;
    if (conflicts !== true || error !== undefined) return;
    this.fail(`${history.key}: a condition that fails was let pass\n${story(history)}`);
  }

  async #delete(client: CaskClient, key: string, history: KeyHistory): Promise<void> {
    const isThere = isPresent(history, LONG_TTL_MS);
    const isConditional = isThere === true && this.#random.chance(0.2);
    const options = isConditional ? { ifRevision: history.certain?.revision ?? 0 } : {};
    const attempt = this.attempt('delete', 0, 0, 0);
    this.note(key, attempt);
    let wasThere: boolean | undefined;
    const answer =
      !isConditional && this.#random.chance(0.3)
        ? client.getAndDelete(key).then((value) => {
            wasThere = value !== undefined;
            return [undefined];
          })
        : client.deleteEntry(key, options).then(({ deleted, revision }) => {
            wasThere = deleted;
            return [revision];
          });
    const error = await this.settle([attempt], answer);
    if (error !== undefined || isThere === undefined || isThere === wasThere) return;
    this.fail(`${key}: a delete found it ${isThere ? 'absent' : 'there'}\n${story(history)}`);
  }

  async #batch(client: CaskClient): Promise<boolean> {
    const keys = this.#someKeys(BATCH_ITEMS_MAX);
    if (!this.#locked.takeAll(keys)) return false;
    const attempts: Attempt[] = [];
    const items = keys.map((key, item): BatchItem => {
      const isDelete = this.#random.chance(0.3);
      const attempt = isDelete
        ? this.attempt('delete', item, 0, 0)
        : this.attempt('put', item, this.#valueBytes(ITEM_BYTES_MAX), this.#ttlMs());
      attempts.push(attempt);
      this.note(key, attempt);
      const { ttlMs } = attempt;
      if (isDelete) return { type: 'delete', key };
      const value = valueFor(key, attempt);
      return { type: 'put', key, value, ...(ttlMs === 0 ? {} : { ttlMs }) };
    });
    const answer = client.batch(items);
    await this.settle(
      attempts,
      answer.then((results) => results.map(({ revision }) => revision)),
    );
    this.#locked.release(keys);
    return true;
  }

  async #get(client: CaskClient, key: string, history: KeyHistory): Promise<void> {
    const sentAtMs = Date.now();
    const entry = await this.#answer(client.getEntry(key).then((found) => ({ found })));
    if (entry === undefined) return;
    const { found } = entry;
    this.#compare(history, found && foundOf(key, found.value, found.revision, [this]), sentAtMs);
  }

  async #getMany(client: CaskClient): Promise<boolean> {
    const keys = this.#someKeys(MANY_KEYS_MAX);
    if (!this.#locked.takeAll(keys)) return false;
    const sentAtMs = Date.now();
    const entries = await this.#answer(client.getManyEntries(keys));
    for (const [index, entry] of (entries ?? []).entries()) {
      const key = keys[index] as string;
      if (entry?.error !== undefined) throw new TortureError(`${key}: ${entry.error.message}`);
      const found = entry && foundOf(key, entry.value, entry.revision, [this]);
      this.#compare(this.#historyOf(key), found, sentAtMs);
    }
    this.#locked.release(keys);
    return true;
  }

  /** A page of its own keys, either way; what nobody changed meanwhile must be right. */
  async #page(client: CaskClient): Promise<boolean> {
    const random = this.#random;
    const question: Question = {
      prefix: `${this.name}/`,
      from: random.pick(this.keys),
      reverse: random.chance(0.5),
      keysOnly: random.chance(0.2),
      limit: random.between(1, PAGE_ITEMS_MAX),
    };
    const { prefix, from, reverse, keysOnly, limit } = question;
    const before = this.#locked.turns();
    const sentAtMs = Date.now();
    const bounds = { prefix, reverse, limit, ...(reverse ? { end: from } : { start: from }) };
    const answer: Promise<Page<AnyEntry>> = keysOnly
      ? client.rangePage({ ...bounds, keysOnly })
      : client.rangePage(bounds);
    const page = await this.#answer(answer);
    if (page === undefined) return true;
    const { verified, problem } = checkPage({
      question,
      page,
      owner: this,
      sentAtMs,
      keys: this.#locked.keys.filter((key) => this.#locked.isSame(key, before)),
    });
    this.verified += verified;
    if (problem !== undefined) this.fail(problem);
    return true;
  }

  /** A group of keys at once; how many went must be right where that is certain. */
  async #deletePrefix(client: CaskClient): Promise<boolean> {
    const prefix = groupOf(this.name, this.#random.below(GROUPS));
    const keys = this.keys.filter((key) => key.startsWith(prefix));
    if (!this.#locked.takeAll(keys)) return false;
    const states = keys.map((key) => isPresent(this.#historyOf(key), LONG_TTL_MS));
    // It has no place in the order of the writes behind it: they may be applied and it not.
    const change = { ...this.attempt('delete', 0, 0, 0), write: Number.POSITIVE_INFINITY };
    const attempts = keys.map((_, item) => ({ ...change, item }));
    for (const [index, key] of keys.entries()) this.note(key, attempts[index] as Attempt);
    let deleted = 0;
    const answer = client.deletePrefix(prefix).then((result) => {
      deleted = result.deleted;
      return [];
    });
    const error = await this.settle(attempts, answer, { isPartial: true });
    const expected = states.filter((isThere) => isThere === true).length;
    if (error === undefined) {
      this.rangesDeleted += 1;
      const wasWrong = states.includes(undefined) ? deleted < expected : deleted !== expected;
      if (wasWrong)
        this.fail(`deleting ${prefix} took ${deleted} keys, and there were ${expected}`);
    }
    this.#locked.release(keys);
    return true;
  }

  /** The answer to a read; undefined: there is none, and need not be. */
  async #answer<T>(answer: Promise<T>): Promise<T | undefined> {
    try {
      return await answer;
    } catch (thrown) {
      const error = thrown as CaskError;
      if (!READ_REFUSALS.has(error.code)) {
        this.fail(`${this.name}: a read was answered ${error.code}: ${error.message}`);
      }
      return undefined;
    }
  }

  #compare(history: KeyHistory, found: Found | undefined, sentAtMs: number): void {
    const problem = problemOfRead(history, found, sentAtMs, Date.now());
    if (problem !== undefined) this.fail(`${history.key}: ${problem}${story(history)}`);
    this.verified += 1;
  }

  #historyOf(key: string): KeyHistory {
    return this.histories.get(key) as KeyHistory;
  }

  #someKeys(max: number): string[] {
    const count = this.#random.between(2, max);
    return [...new Set(Array.from({ length: count }, () => this.#random.pick(this.keys)))];
  }

  #valueBytes(max: number): number {
    const random = this.#random;
    const size = random.below(10_000);
    if (size < 100) return 0;
    if (size < 7000) return random.between(DESCRIBED_BYTES_MIN, 600);
    if (size < 9700) return random.between(600, 6000);
    if (size < 9990) return random.between(6000, 100_000);
    return random.between(100_000, max);
  }

  #ttlMs(): number {
    const random = this.#random;
    if (random.chance(0.85)) return 0;
    return random.chance(0.5) ? LONG_TTL_MS : random.between(1, SHORT_TTL_MS_MAX);
  }
}

function groupOf(name: string, group: number): string {
  return `${name}/g${group}/`;
}
