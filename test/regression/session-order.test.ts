/**
 * What one session sends in one go takes effect in that order, whatever each of it has to wait
 * for: a large batch that is being sequenced, or applied, a value that comes from the disk. And a
 * read sees what was sent before it, and nothing of what was sent behind it.
 */

import { expect, it } from 'vitest';
import type { Decision, Modifier } from '../../src/storage/modifier.ts';
import { PromiseSink } from '../../src/storage/promise-sink.ts';
import type { EntryView } from '../../src/storage/reply-sink.ts';
import type { Session } from '../../src/storage/session.ts';
import type { Store } from '../../src/storage/store.ts';
import type { BatchItem } from '../../src/vocabulary/entry.ts';
import { CONDITION_NONE, TTL_NONE } from '../../src/vocabulary/write-arguments.ts';
import { SeededRandom } from '../crash/world/seeded-random.ts';
import { Touch } from '../crash/world/touch.ts';
import { Stage, turn } from './stage/stage.ts';
import { putsOf } from './stage/writes.ts';

/** Values of this size are read in the thread pool. */
const LARGE_BYTES = 100_000;
const KEYS = ['a', 'b', 'c', 'd'];
const ROUNDS = Number(process.env['CASKD_ORDER_ROUNDS'] ?? 25);
const OPERATIONS = 60;
/** So many items are sequenced over several turns. */
const SLICED_ITEMS = 400;

class Append implements Modifier {
  readonly needsValue = true;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  apply(current: EntryView | undefined, decision: Decision): void {
    const value = Buffer.from(`${current === undefined ? '' : textOf(current)}${this.#text}`);
    decision.put(value, 0, value.length);
  }
}

function textOf({ buffer, valueStart, valueBytes }: EntryView): string {
  return Buffer.from(buffer.subarray(valueStart, valueStart + valueBytes)).toString();
}

/** Long values are told by their ends. */
function shown(value: string | undefined): string {
  if (value === undefined) return 'absent';
  return value.length < 40 ? value : `${value.slice(0, 12)}..${value.length}..${value.slice(-12)}`;
}

interface Told {
  readonly what: string;
  readonly wanted: string;
  readonly answer: Promise<string>;
}

/** A session, and what it would be if each request were carried out at once. */
class Client {
  readonly told: Told[] = [];
  readonly #sink = new PromiseSink();
  readonly #session: Session;
  readonly #values = new Map<string, string>();
  readonly #random: SeededRandom;
  #count = 0;

  constructor(store: Store, random: SeededRandom) {
    this.#session = store.openSession(this.#sink);
    this.#random = random;
  }

  send(): void {
    this.#count += 1;
    const key = KEYS[this.#random.below(KEYS.length)] as string;
    const choice = this.#random.below(100);
    if (choice < 34) this.#get(key);
    else if (choice < 40) this.#exists(key);
    else if (choice < 60) this.#put(key, this.#value());
    else if (choice < 68) this.#delete(key);
    else if (choice < 80) this.#append(key);
    else if (choice < 88) this.#touch(key);
    else if (choice < 98) this.#batch(key);
    else this.#clear();
  }

  #value(): string {
    const name = `v${this.#count}`;
    return this.#random.below(4) === 0 ? name.padEnd(LARGE_BYTES, '.') : name;
  }

  #note(what: string, wanted: string, answer: Promise<string>): void {
    this.told.push({ what: `${this.#count}: ${what}`, wanted, answer });
  }

  #get(key: string): void {
    const bytes = Buffer.from(key);
    const asked = this.#sink.ask<{ value: Buffer } | undefined>((token) =>
      this.#session.get(bytes, 0, bytes.length, token),
    );
    const answer = asked.then((found) => shown(found?.value.toString()));
    this.#note(`get ${key}`, shown(this.#values.get(key)), answer);
  }

  #exists(key: string): void {
    const bytes = Buffer.from(key);
    const asked = this.#sink.ask((token) => this.#session.exists(bytes, 0, bytes.length, token));
    this.#note(`exists ${key}`, String(this.#values.has(key)), asked.then(String));
  }

  #put(key: string, value: string): void {
    const bytes = Buffer.from(key);
    const data = Buffer.from(value);
    const asked = this.#sink.ask((token) => {
      const { length } = data;
      this.#session.put(bytes, 0, bytes.length, data, 0, length, CONDITION_NONE, TTL_NONE, token);
    });
    this.#values.set(key, value);
    this.#note(
      `put ${key} ${shown(value)}`,
      'ok',
      asked.then(() => 'ok'),
    );
  }

  #delete(key: string): void {
    const bytes = Buffer.from(key);
    const asked = this.#sink.ask<number>((token) =>
      this.#session.delete(bytes, 0, bytes.length, CONDITION_NONE, token),
    );
    const answer = asked.then((revision) => String(revision > 0));
    this.#note(`delete ${key}`, String(this.#values.delete(key)), answer);
  }

  #modify(key: string, modifier: Modifier): Promise<string> {
    const bytes = Buffer.from(key);
    const asked = this.#sink.ask((token) =>
      this.#session.modify(bytes, 0, bytes.length, modifier, token),
    );
    return asked.then((found) => (found === undefined ? 'absent' : 'changed'));
  }

  #append(key: string): void {
    const answer = this.#modify(key, new Append(`+${this.#count}`));
    this.#values.set(key, `${this.#values.get(key) ?? ''}+${this.#count}`);
    this.#note(`append ${key}`, 'changed', answer);
  }

  #touch(key: string): void {
    const answer = this.#modify(key, new Touch(1_000_000 + this.#count));
    this.#note(`touch ${key}`, this.#values.has(key) ? 'changed' : 'absent', answer);
  }

  #batch(key: string): void {
    const others = this.#random.below(3) === 0 ? SLICED_ITEMS : 1;
    const items: BatchItem[] = putsOf('other-', others, 'x');
    const value = this.#value();
    for (const one of KEYS) {
      if (one === key) items.push({ type: 'put', key, value });
      else if (this.#random.below(4) === 0) items.push({ type: 'delete', key: one });
    }
    const asked = this.#session.batch(
      items.map((item) => ({ ...item, key: Buffer.from(item.key as string) })),
    );
    for (const item of items) {
      if (item.type === 'delete') this.#values.delete(item.key as string);
    }
    this.#values.set(key, value);
    this.#note(
      `batch of ${items.length}, ${key} ${shown(value)}`,
      'ok',
      asked.then(() => 'ok'),
    );
  }

  #clear(): void {
    const asked = this.#sink.ask((token) => this.#session.clear(token));
    this.#values.clear();
    this.#note(
      'clear',
      'ok',
      asked.then(() => 'ok'),
    );
  }
}

/** Another session keeps the ways busy: with large batches, and with values from the disk. */
function disturb(store: Store, random: SeededRandom): void {
  const choice = random.below(3);
  const ignored = (): void => {};
  if (choice === 0) store.batch(putsOf('far-', SLICED_ITEMS, 'y')).catch(ignored);
  else if (choice === 1) store.modify('far', new Append('.')).catch(ignored);
  else store.put('far', 'z'.repeat(LARGE_BYTES)).catch(ignored);
}

async function runRound(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const stage = new Stage();
  stage.clock.tickMs = 0.3;
  const durability = random.below(2) === 0 ? 'always' : 'os';
  const store = await stage.open({ durability, cacheBytes: random.below(2) * 1_000_000 });
  await store.put('far', 'far');
  const client = new Client(store, random);
  for (let sent = 0; sent < OPERATIONS; sent += 1) {
    if (random.below(8) === 0) await turn();
    if (random.below(30) === 0) await stage.quiet();
    if (random.below(8) === 0) disturb(store, random);
    client.send();
  }
  const answers = await Promise.all(
    client.told.map(async ({ what, answer }) => `${what}: ${await answer.catch(String)}`),
  );
  const wanted = client.told.map(({ what, wanted: one }) => `${what}: ${one}`);
  expect(answers, `CASKD_ORDER_SEED=${seed}`).toEqual(wanted);
  await store.close();
}

it(
  'takes effect in the order sent, and is read in that order',
  async () => {
    const given = process.env['CASKD_ORDER_SEED'];
    const first = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
    const rounds = given === undefined ? ROUNDS : 1;
    for (let round = 0; round < rounds; round += 1) await runRound(first + round);
  },
  Math.max(120_000, ROUNDS * 2000),
);
