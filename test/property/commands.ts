/** What can be done to a store, to the model and to the real one, and what must come of it. */

import fc from 'fast-check';
import { expect } from 'vitest';
import type { BatchItem, PutOptions, RangeOptions } from '../../src/storage/index.ts';
import type { Decision, Modifier } from '../../src/storage/modifier.ts';
import type { EntryView } from '../../src/storage/reply-sink.ts';
import { TTL_NONE } from '../../src/vocabulary/write-arguments.ts';
import { inspect } from '../crash/world/inspect.ts';
import { Touch } from '../crash/world/touch.ts';
import type { Condition, Held, StoreModel } from './store-model.ts';
import type { Subject } from './subject.ts';

type Command = fc.AsyncCommand<StoreModel, Subject>;
type Ttl = number | 'keep' | undefined;

/** A command from its name and what it does. */
function command(name: string, run: (model: StoreModel, real: Subject) => Promise<void>): Command {
  return { check: () => true, run, toString: () => name };
}

const bytesOf = (key: string) => Buffer.from(key, 'latin1');

function entryOf(key: string, held: Held): object {
  return { ...held, key: bytesOf(key), value: bytesOf(held.value) };
}

function optionsOf(model: StoreModel, key: string, condition: Condition, ttl: Ttl): PutOptions {
  const revision = model.find(key)?.revision ?? 0;
  return {
    ...(condition.kind === 'absent' ? { ifAbsent: true } : {}),
    ...(condition.kind === 'present' ? { ifPresent: true } : {}),
    ...(condition.kind === 'current' ? { ifRevision: revision } : {}),
    ...(condition.kind === 'stale' ? { ifRevision: revision + 1 } : {}),
    ...(ttl === 'keep' ? { keepTtl: true } : {}),
    ...(typeof ttl === 'number' ? { ttlMs: ttl } : {}),
  };
}

function put(key: string, value: string, condition: Condition, ttl: Ttl): Command {
  const name = `put(${JSON.stringify(key)}, ${value.length} bytes, ${condition.kind}, ttl ${ttl})`;
  return command(name, async (model, { store }) => {
    const options = optionsOf(model, key, condition, ttl);
    const putting = store.put(bytesOf(key), bytesOf(value), options);
    if (!model.meets(key, condition)) {
      const details = { revision: model.find(key)?.revision ?? null };
      await expect(putting).rejects.toMatchObject({ code: 'CONFLICT', details });
      return;
    }
    const { value: _, ...meta } = model.put(key, value, ttl);
    expect(await putting).toEqual(meta);
  });
}

function remove(key: string, condition: Condition): Command {
  return command(`delete(${JSON.stringify(key)}, ${condition.kind})`, async (model, { store }) => {
    const deleting = store.delete(bytesOf(key), optionsOf(model, key, condition, undefined));
    if (!model.meets(key, condition)) {
      await expect(deleting).rejects.toMatchObject({ code: 'CONFLICT' });
      return;
    }
    expect(await deleting).toBe(model.delete(key));
  });
}

interface Item {
  readonly key: string;
  /** Undefined: a delete. */
  readonly value: string | undefined;
  readonly condition: Condition;
  readonly ttl: Ttl;
}

function itemOf(model: StoreModel, { key, value, condition, ttl }: Item): BatchItem {
  if (value === undefined) {
    return { type: 'delete', key: bytesOf(key), ...optionsOf(model, key, condition, undefined) };
  }
  const options = optionsOf(model, key, condition, ttl);
  return { type: 'put', key: bytesOf(key), value: bytesOf(value), ...options };
}

function batch(items: readonly Item[]): Command {
  const short = items.map(({ key, value, condition }) => {
    return `${value === undefined ? 'delete' : 'put'} ${JSON.stringify(key)} ${condition.kind}`;
  });
  return command(`batch(${short.join(', ')})`, async (model, { store }) => {
    const writing = store.batch(items.map((item) => itemOf(model, item)));
    const index = items.findIndex(({ key, condition }) => !model.meets(key, condition));
    if (index >= 0) {
      await expect(writing).rejects.toMatchObject({ code: 'CONFLICT', details: { index } });
      return;
    }
    const wanted = items.map(({ key, value, ttl }) => {
      if (value !== undefined) {
        const { revision, version } = model.put(key, value, ttl);
        return { revision, version };
      }
      return { revision: model.delete(key) ? model.revision : undefined, version: undefined };
    });
    expect(await writing).toEqual(wanted);
  });
}

/** Writes called in one turn: each sees those before it, though none is committed. */
function burst(items: readonly Item[]): Command {
  return command(`burst(${items.length})`, async (model, { store }) => {
    const asked: Promise<void>[] = [];
    for (const { key, value, ttl } of items) {
      if (value === undefined) {
        const wanted = model.delete(key);
        asked.push(store.delete(bytesOf(key)).then((deleted) => expect(deleted).toBe(wanted)));
      } else {
        const { value: _, ...meta } = model.put(key, value, ttl);
        const options =
          ttl === undefined ? {} : ttl === 'keep' ? { keepTtl: true } : { ttlMs: ttl };
        const putting = store.put(bytesOf(key), bytesOf(value), options);
        asked.push(putting.then((found) => expect(found).toEqual(meta)));
      }
    }
    await Promise.all(asked);
  });
}

function touch(key: string, ttl: number | undefined): Command {
  return command(`touch(${JSON.stringify(key)}, ${ttl})`, async (model, { store }) => {
    const touching = store.modify(bytesOf(key), new Touch(ttl ?? TTL_NONE));
    const held = model.touch(key, ttl);
    const { value: _, ...meta } = held ?? { value: '' };
    expect(await touching).toEqual(held === undefined ? undefined : meta);
  });
}

/** Doubles a value, cuts a long one, deletes an empty one. */
class Churn implements Modifier {
  readonly needsValue = true;

  apply(current: EntryView | undefined, decision: Decision): void {
    if (current === undefined) return;
    const { buffer, valueStart, valueBytes } = current;
    if (valueBytes === 0) decision.delete();
    else if (valueBytes > 200) decision.put(buffer, valueStart, 100);
    else decision.put(Buffer.concat([bytesIn(current), bytesIn(current)]), 0, valueBytes * 2);
  }
}

function bytesIn({ buffer, valueStart, valueBytes }: EntryView): Uint8Array {
  return buffer.subarray(valueStart, valueStart + valueBytes);
}

/** Modifies, and touches in between, called in one turn: each sees those before it. */
function modify(key: string, ttls: readonly (number | undefined)[]): Command {
  return command(`modify(${JSON.stringify(key)}, ${ttls.length})`, async (model, { store }) => {
    const asked: Promise<void>[] = [];
    const ask = (modifier: Modifier, wanted: unknown): void => {
      const answer = store.modify(bytesOf(key), modifier);
      asked.push(answer.then((found) => expect(found).toEqual(wanted)));
    };
    for (const ttl of ttls) {
      ask(new Churn(), churn(model, key));
      const touched = model.touch(key, ttl);
      const { value: _, ...meta } = touched ?? { value: '' };
      ask(new Touch(ttl ?? TTL_NONE), touched && meta);
    }
    await Promise.all(asked);
  });
}

function churn(model: StoreModel, key: string): object | undefined {
  const before = model.find(key);
  if (before === undefined) return undefined;
  const { value } = before;
  if (value.length === 0) {
    model.delete(key);
    const none = { version: 0, createdAt: 0, updatedAt: 0, expiresAt: undefined };
    return { revision: model.revision, ...none };
  }
  const changed = value.length > 200 ? value.slice(0, 100) : value + value;
  const { value: _, ...meta } = model.put(key, changed, 'keep');
  return meta;
}

/** Amid writes that are called in the same turn. */
function clear(before: readonly Item[], after: readonly Item[]): Command {
  const name = `clear(${before.length}, ${after.length})`;
  return command(name, async (model, { store }) => {
    const asked: Promise<unknown>[] = before.map((item) => ask(store, item));
    for (const item of before) apply(model, item);
    model.clear();
    const revision = model.revision;
    asked.push(store.clear().then((found) => expect(found).toBe(revision)));
    asked.push(...after.map((item) => ask(store, item)));
    for (const item of after) apply(model, item);
    await Promise.all(asked);
    expect(await store.count()).toBe(model.keys().length);
  });
}

function apply(model: StoreModel, { key, value, ttl }: Item): void {
  if (value === undefined) model.delete(key);
  else model.put(key, value, ttl);
}

function getMany(keys: readonly string[]): Command {
  return command(`getMany(${keys.length})`, async (model, { store }) => {
    const wanted = keys.map((key) => model.find(key));
    const found = await store.getMany(keys.map(bytesOf));
    expect(found).toEqual(wanted.map((held) => held && bytesOf(held.value)));
    const entries = await Promise.all(keys.map((key) => store.getEntry(bytesOf(key))));
    expect(entries).toEqual(wanted.map((held, at) => held && entryOf(keys[at] as string, held)));
  });
}

interface Bounds {
  readonly start: string | undefined;
  readonly end: string | undefined;
  readonly prefix: string | undefined;
  readonly after: string | undefined;
  readonly reverse: boolean;
  readonly keysOnly: boolean;
  readonly pageSize: number;
}

function isWithin(key: string, { start, end, prefix, after, reverse }: Bounds): boolean {
  const order = (other: string) => Buffer.compare(bytesOf(key), bytesOf(other));
  if (start !== undefined && order(start) < 0) return false;
  if (end !== undefined && order(end) >= 0) return false;
  if (prefix !== undefined && !key.startsWith(prefix)) return false;
  return after === undefined || (reverse ? order(after) < 0 : order(after) > 0);
}

function range(bounds: Bounds): Command {
  return command(`range(${JSON.stringify(bounds)})`, async (model, { store }) => {
    const keys = model.keys().filter((key) => isWithin(key, bounds));
    if (bounds.reverse) keys.reverse();
    const bytes = (bound: string | undefined) => bound && bytesOf(bound);
    const { reverse, keysOnly, pageSize, start, end, prefix, after } = bounds;
    const options: RangeOptions & { pageSize: number } = {
      start: bytes(start),
      end: bytes(end),
      prefix: bytes(prefix),
      after: bytes(after),
      reverse,
      keysOnly,
      pageSize,
    };
    const found: unknown[] = [];
    for await (const entry of store.range(options)) found.push(entry);
    const wanted = keys.map((key) => {
      const entry = entryOf(key, model.find(key) as Held);
      if (!keysOnly) return entry;
      const { value, updatedAt: _, ...rest } = entry as Held;
      return { ...rest, valueBytes: value.length };
    });
    expect(found).toEqual(wanted);
    expect(await store.count()).toBe(model.keys().length);
  });
}

type KeyBounds = Pick<Bounds, 'start' | 'end' | 'prefix'>;

/** Writes called in the same turn, before it and after: it sees the former and spares the latter. */
function deleteRange(bounds: KeyBounds, before: readonly Item[], after: readonly Item[]): Command {
  const name = `deleteRange(${JSON.stringify(bounds)}, ${before.length}, ${after.length})`;
  return command(name, async (model, { store }) => {
    const bytes = (bound: string | undefined) => bound && bytesOf(bound);
    const { start, end, prefix } = bounds;
    const all = start === undefined && end === undefined && prefix === undefined;
    const range = { start: bytes(start), end: bytes(end), prefix: bytes(prefix) };
    const isMeant = (key: string) =>
      isWithin(key, { ...bounds, after: undefined, reverse: false } as Bounds);
    const asked: Promise<unknown>[] = before.map((item) => ask(store, item));
    for (const { key, value, ttl } of before) {
      if (value === undefined) model.delete(key);
      else model.put(key, value, ttl);
    }
    const cutoff = model.revision;
    const deleting = store.deleteRange({ ...range, all });
    asked.push(...after.map((item) => ask(store, item)));
    for (const { key, value, ttl } of after) {
      if (value === undefined) model.delete(key);
      else model.put(key, value, ttl);
    }
    await Promise.all(asked);
    const meant = model.keys().filter((key) => {
      return isMeant(key) && (model.find(key)?.revision ?? 0) <= cutoff;
    });
    const deleted = model.deleteAll(meant);
    const revision = deleted === 0 ? undefined : model.revision;
    expect(await deleting).toEqual({ deleted, revision });
    expect(await store.count(range)).toBe(model.keys().filter(isMeant).length);
  });
}

function ask(store: Subject['store'], { key, value, ttl }: Item): Promise<unknown> {
  if (value === undefined) return store.delete(bytesOf(key));
  const options = ttl === undefined ? {} : ttl === 'keep' ? { keepTtl: true } : { ttlMs: ttl };
  return store.put(bytesOf(key), bytesOf(value), options);
}

function pass(ms: number): Command {
  return command(`pass(${ms})`, async (model, { world }) => {
    world.pass(ms);
    model.now += ms;
  });
}

const setBack = command('the wall clock is set back', async (_, { clock, store }) => {
  // A time counts once the engine has given it out: a page asks for it.
  await store.rangePage({ limit: 1 });
  clock.wall -= 500;
});

const merge = command('merge', async (_, { store }) => {
  await store.merge();
});

function fill(count: number): Command {
  return command(`fill(${count})`, async (model, { store }) => {
    for (let index = 0; index < count; index += 1) {
      const value = String(index).repeat(600);
      model.put('filler', value, undefined);
      await store.put('filler', value);
    }
  });
}

/** Everything agrees; after a new start the last revision is the engine's own. */
async function compare(model: StoreModel, { store }: Subject): Promise<void> {
  const state = await inspect(store, ({ key }) => model.liveBytes(key.toString('latin1')));
  expect(state.size).toBe(model.keys().length);
  for (const key of model.keys()) {
    expect(await store.getEntry(bytesOf(key))).toEqual(entryOf(key, model.find(key) as Held));
  }
  const { lastRevision } = store.stats();
  expect(lastRevision).toBeGreaterThanOrEqual(model.revision);
  model.revision = lastRevision;
}

function reopen(withHints: boolean): Command {
  return command(`reopen(${withHints ? 'with' : 'without'} hints)`, async (model, real) => {
    real.clock.wall = Math.max(real.clock.wall, model.now);
    await real.reopen(withHints);
    await compare(model, real);
  });
}

const kill = command('kill', async (model, real) => {
  real.clock.wall = Math.max(real.clock.wall, model.now);
  await real.kill();
  await compare(model, real);
});

const check = command('check', compare);

const keys = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'd', 'e', 'a\u0000', 'a\u00ff', '\u00ff', '\u0000'),
  fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('a', 'b', '\u0000', '\u00ff') }),
);
const values = fc.oneof(
  { weight: 8, arbitrary: fc.string({ maxLength: 20 }) },
  { weight: 2, arbitrary: fc.integer({ min: 100, max: 1900 }).map((size) => 'v'.repeat(size)) },
);
const conditions: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: 'none' as const }) },
  fc.record({ kind: fc.constantFrom('absent' as const, 'present' as const, 'current' as const) }),
  fc.constant({ kind: 'stale' as const }),
);
const ttls: fc.Arbitrary<Ttl> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  fc.integer({ min: 1, max: 3000 }),
  fc.constant('keep' as const),
);
const items: fc.Arbitrary<Item> = fc.record({
  key: keys,
  value: fc.option(
    values.map((value) => value.slice(0, 300)),
    { nil: undefined, freq: 3 },
  ),
  condition: fc.oneof({ weight: 9, arbitrary: fc.constant({ kind: 'none' as const }) }, conditions),
  ttl: ttls,
});
const short = { minLength: 1, maxLength: 4 };
const bound = fc.option(keys, { nil: undefined, freq: 2 });

export const COMMANDS: fc.Arbitrary<Command>[] = [
  fc.tuple(keys, values, conditions, ttls).map((given) => put(...given)),
  fc.tuple(keys, values, conditions, ttls).map((given) => put(...given)),
  fc.tuple(keys, conditions).map((given) => remove(...given)),
  fc.array(items, { minLength: 0, maxLength: 8 }).map(batch),
  fc.array(items, { minLength: 2, maxLength: 8 }).map(burst),
  fc.array(keys, { maxLength: 6 }).map(getMany),
  fc
    .record({
      start: bound,
      end: bound,
      prefix: bound,
      after: bound,
      reverse: fc.boolean(),
      keysOnly: fc.boolean(),
      pageSize: fc.integer({ min: 1, max: 5 }),
    })
    .map(range),
  fc
    .tuple(
      fc.record({ start: bound, end: bound, prefix: bound }),
      fc.array(items, { maxLength: 3 }),
      fc.array(items, { maxLength: 3 }),
    )
    .map((given) => deleteRange(...given)),
  fc
    .tuple(keys, fc.option(fc.integer({ min: 1, max: 3000 })))
    .map(([key, ttl]) => touch(key, ttl ?? undefined)),
  fc
    .tuple(keys, fc.array(fc.option(fc.integer({ min: 1, max: 3000 }), { nil: undefined }), short))
    .map((given) => modify(...given)),
  fc
    .tuple(fc.array(items, { maxLength: 3 }), fc.array(items, { maxLength: 3 }))
    .map((given) => clear(...given)),
  fc.integer({ min: 1, max: 2000 }).map(pass),
  fc.constant(setBack),
  fc.constant(merge),
  fc.integer({ min: 4, max: 15 }).map(fill),
  fc.boolean().map(reopen),
  fc.constant(kill),
  fc.constant(check),
];
