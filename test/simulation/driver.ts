/** Does a workload's steps to a world's store, and keeps the model's history of it. */

import { CaskError } from '../../src/errors/cask-error.ts';
import type { Decision, Modifier } from '../../src/storage/modifier.ts';
import type { EntryView } from '../../src/storage/reply-sink.ts';
import type { BatchItem, EntryMeta } from '../../src/vocabulary/entry.ts';
import { TTL_KEEP, TTL_NONE } from '../../src/vocabulary/write-arguments.ts';
import { Touch } from '../crash/world/touch.ts';
import { CheckFailure, check } from './check-failure.ts';
import { describedValue } from './described-value.ts';
import type { Attempt, Change, Fate, History } from './history.ts';
import { judge } from './observation.ts';
import { EPOCH_MS } from './simulated-environment.ts';
import type { Condition, Step, TimedStep } from './workload.ts';
import type { World } from './world.ts';

/** Errors that say: not applied, and nothing of it is on the disk. */
const REFUSALS = new Set([
  'NOT_APPLIED',
  'NO_SPACE',
  'BUSY',
  'READ_ONLY',
  'TOO_MANY_OPEN_FILES',
  'STORE_FAILED',
  'CLOSED',
  'LIMIT_EXCEEDED',
]);
/** What a write that has to read first may be refused for, besides. */
const READ_REFUSALS = new Set([...REFUSALS, 'CORRUPT', 'IO_ERROR']);
/** How near to its expiry a key is left alone: clocks of model and engine differ a little. */
const EXPIRY_MARGIN_MS = 40;
/** A write gets its time within so long. */
const ANSWER_MS = 1000;

/** Where backups go on the simulated disk. */
export const BACKUPS = '/backups';

/** A backup, and between which moments its state was that of the store. */
export interface TakenBackup {
  readonly path: string;
  readonly revision: number;
  readonly fromTick: number;
  readonly toTick: number;
}

export class Driver {
  readonly #world: World;
  readonly history: History;
  /** Faults are injected: errors are to be expected, as long as they are typed. */
  readonly #mayFail: boolean;
  readonly #isTight: boolean;
  readonly #keys = new Set<string>();
  /** What clients wait for. */
  readonly #outstanding = new Set<Promise<void>>();
  /** Merges: they go on beside what clients do. */
  readonly #background = new Set<Promise<void>>();
  #failure: CheckFailure | undefined;
  /** Seen before the crash: never to be given again. */
  readonly #revisionFloor: number;
  readonly #revisions = new Set<number>();
  readonly backups: TakenBackup[] = [];

  constructor(
    world: World,
    history: History,
    options: {
      /** Revisions up to this one have been seen. */
      readonly revisionFloor: number;
      /** Faults are injected. */
      readonly mayFail: boolean;
      /** A merge may find no room for its copies. */
      readonly isTight: boolean;
    },
  ) {
    this.#world = world;
    this.history = history;
    this.#revisionFloor = options.revisionFloor;
    this.#mayFail = options.mayFail;
    this.#isTight = options.isTight;
    for (const key of history.base.keys()) this.#keys.add(key);
  }

  get keys(): readonly string[] {
    return [...this.#keys];
  }

  /** True when the store has stopped for an error, or could not be closed or opened again. */
  get hasFailed(): boolean {
    return !this.#world.isOpen || this.#world.engine.failure !== undefined;
  }

  async run(steps: readonly TimedStep[]): Promise<void> {
    this.#watch();
    for (const step of steps) {
      if (this.hasFailed) break;
      await this.#avoidExpiry(step);
      await this.#issue(step);
      if (!step.isPipelined) await this.#settleClients();
      if (this.#failure !== undefined) throw this.#failure;
    }
    await this.settle();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** From a failure on, nothing more is promised to become durable. */
  #watch(): void {
    void this.#world.store.failed.then(() => {
      this.history.failedMs = Math.min(this.history.failedMs, this.#world.nowMs);
    });
  }

  /** Waits for all answers, and for merges. */
  async settle(): Promise<void> {
    while (this.#outstanding.size + this.#background.size > 0) {
      await this.#world.run(Promise.all([...this.#outstanding, ...this.#background]));
    }
  }

  async #settleClients(): Promise<void> {
    while (this.#outstanding.size > 0) {
      await this.#world.run(Promise.all(this.#outstanding));
    }
  }

  /** Compares all that the store holds with the model: nothing may be pending. */
  async checkState(): Promise<void> {
    const { history } = this;
    const observation = await this.#world.observe(this.keys);
    judge(observation, history.expectation(history.tick, this.#world.nowMs, false));
  }

  async #issue(step: TimedStep): Promise<void> {
    switch (step.op) {
      case 'put':
        return this.#put(step.key, step.bytes, step.ttlMs, step.condition);
      case 'delete':
        return this.#delete(step.key);
      case 'modify':
        return this.#modify(step.key, step.bytes);
      case 'touch':
        return this.#touch(step.key, step.ttlMs);
      case 'clear':
        return this.#clear();
      case 'deleteRange':
        return this.#deleteRange(step.key, step.end);
      case 'batch':
        return this.#batch(step.items);
      case 'advance':
        return this.#world.loop.runFor(step.ms);
      case 'reopen':
        return this.#reopen();
      case 'read':
        await this.#settleClients();
        return this.#tolerate(this.checkState());
      case 'sync':
        return this.#sync();
      case 'roll':
        return this.#track(this.#world.engine.writes.commit.roll());
      case 'mergeIfDue':
        return this.#merge(step, this.#world.engine.merger.mergeIfDue());
      case 'merge':
        return this.#merge(
          step,
          this.#world.store.merge().then(() => {}),
        );
      case 'backup':
        return this.#merge(step, this.#backup(step.copies, step.keep));
    }
  }

  async #backup(copies: boolean, keep: number | undefined): Promise<void> {
    const fromTick = this.history.tick;
    const options = { directory: BACKUPS, copies, keep };
    const { path, revision } = await this.#world.store.backup(options);
    this.backups.push({ path, revision, fromTick, toTick: this.history.tick });
  }

  /** Moves on when a key that matters is about to expire: both clocks shall agree about it. */
  async #avoidExpiry(step: Step): Promise<void> {
    if (step.op === 'advance') return;
    const now = this.#now;
    for (const { expiry } of this.history.current.values()) {
      if (expiry === undefined) continue;
      const isNear = expiry.minMs - EXPIRY_MARGIN_MS <= now && now <= expiry.maxMs;
      if (!isNear) continue;
      await this.#settleClients();
      await this.#world.loop.runFor(expiry.maxMs - now + 1);
      return this.#avoidExpiry(step);
    }
  }

  get #now(): number {
    return EPOCH_MS + this.#world.nowMs;
  }

  #existing(key: string, state: ReadonlyMap<string, Change>): Change | undefined {
    const change = state.get(key);
    if (change?.expiry === undefined) return change;
    return change.expiry.maxMs <= this.#now ? undefined : change;
  }

  async #put(
    key: string,
    bytes: number,
    ttlMs: number | undefined,
    condition: Condition | undefined,
  ): Promise<void> {
    this.#keys.add(key);
    const { history } = this;
    if (condition === 'ifRevision') await this.#settleClients(); // its revision is to be known
    const existing = this.#existing(key, history.current);
    const { options, holds } = conditionOf(condition, existing);
    const attempt = history.nextAttempt;
    const value = describedValue(attempt, 0, bytes);
    const change = putChange(key, attempt, 0, value.length, existing);
    const now = this.#now;
    if (ttlMs !== undefined)
      change.expiry = { minMs: now + ttlMs - 1, maxMs: now + ttlMs + ANSWER_MS };
    const begun = history.begin(holds ? [change] : []);
    const answer = this.#world.store.put(
      key,
      value,
      ttlMs === undefined ? options : { ...options, ttlMs },
    );
    this.#await(begun, answer, holds, (meta) => this.#acknowledgePut(change, meta));
  }

  #acknowledgePut(change: Change, meta: EntryMeta): void {
    this.#acknowledge(change, meta.revision);
    const { version, expiresAt } = meta;
    check(version === change.version, 'wrong-version', () => {
      return `${change.key} got version ${version}, expected is ${change.version}`;
    });
    check((expiresAt === undefined) === (change.expiry === undefined), 'wrong-expiry', () => {
      return `${change.key} expires at ${expiresAt}`;
    });
    if (expiresAt !== undefined) change.expiry = { minMs: expiresAt, maxMs: expiresAt };
  }

  #acknowledge(change: Change, revision: number | undefined): void {
    const isFresh = revision !== undefined && revision > this.#revisionFloor;
    check(isFresh && !this.#revisions.has(revision), 'revision-reused', () => {
      return `${change.key} got revision ${revision}, and ${this.#revisionFloor} had been seen`;
    });
    if (revision !== undefined) this.#revisions.add(revision);
    change.revision = revision;
  }

  async #delete(key: string): Promise<void> {
    const { history } = this;
    const existing = this.#existing(key, history.current);
    const change = deleteChange(key, history.nextAttempt, 0);
    const begun = history.begin(existing === undefined ? [] : [change]);
    this.#await(begun, this.#world.store.delete(key), true, (isDone) => {
      check(isDone === (existing !== undefined), 'wrong-delete', () => {
        return `the delete of ${key} says ${isDone}`;
      });
    });
  }

  /** A put that is made of what is there: the modifier is shown just what the model has. */
  async #modify(key: string, bytes: number): Promise<void> {
    this.#keys.add(key);
    const { history } = this;
    const existing = this.#existing(key, history.current);
    const attempt = history.nextAttempt;
    const value = describedValue(attempt, 0, bytes);
    const change = putChange(key, attempt, 0, value.length, existing);
    change.expiry = existing?.expiry;
    const begun = history.begin([change]);
    const modifier = new Replacement(value, existing);
    const answer = this.#world.store.modify(key, modifier);
    const accept = (meta: EntryMeta | undefined): void => {
      check(modifier.problem === undefined, 'wrong-prior-state', () => String(modifier.problem));
      check(meta !== undefined, 'wrong-answer', () => `${key} is absent after a put`);
      if (meta !== undefined) this.#acknowledgePut(change, meta);
    };
    this.#await(begun, answer, true, accept, READ_REFUSALS);
  }

  /** The newest value stays, with its version, and gets another expiry and revision. */
  async #touch(key: string, ttlMs: number | undefined): Promise<void> {
    const { history } = this;
    const existing = this.#existing(key, history.current);
    const now = this.#now;
    const expiry =
      ttlMs === undefined ? undefined : { minMs: now + ttlMs - 1, maxMs: now + ttlMs + ANSWER_MS };
    const change = existing && { ...existing, expiry, revision: undefined };
    const begun = history.begin(change === undefined ? [] : [change]);
    const answer = this.#world.store.modify(key, new Touch(ttlMs ?? TTL_NONE));
    this.#await(begun, answer, true, (meta) => {
      const isAsExpected = (meta === undefined) === (change === undefined);
      check(isAsExpected, 'wrong-answer', () => `the touch of ${key} says ${meta?.revision}`);
      if (meta !== undefined && change !== undefined) this.#acknowledgePut(change, meta);
    });
  }

  async #clear(): Promise<void> {
    const { history } = this;
    const keys = [...history.current.keys()];
    const changes = keys.map((key, item) => deleteChange(key, history.nextAttempt, item));
    const begun = history.begin(changes);
    this.#await(begun, this.#world.store.clear(), true, (revision) => {
      const first = changes[0] ?? deleteChange('', begun.id, 0);
      this.#acknowledge(first, revision);
      for (const change of changes) change.revision = revision;
    });
  }

  /** One attempt a key, in their order. Alone: the model does not know how others would mix in. */
  async #deleteRange(start: string, end: string): Promise<void> {
    await this.settle();
    const { history } = this;
    const there = [...history.current.keys()].filter((key) => key >= start && key < end);
    const keys = there.filter((key) => this.#existing(key, history.current) !== undefined).sort();
    const begun = keys.map((key) => history.begin([deleteChange(key, history.nextAttempt, 0)]));
    const finish = (from: number, to: number, fate: Fate): void => {
      for (const attempt of begun.slice(from, to)) history.end(attempt, fate, this.#world.nowMs);
    };
    const answer = this.#world.store.deleteRange({ start, end }).then(
      ({ deleted, revision }) => {
        check(deleted === keys.length, 'wrong-delete', () => {
          return `${deleted} keys of ${start} .. ${end} were deleted, not ${keys.length}`;
        });
        const change = begun.at(-1)?.changes[0];
        if (change !== undefined) this.#acknowledge(change, revision);
        finish(0, deleted, 'applied');
      },
      (thrown: unknown) => {
        const { code, details } = thrown instanceof CaskError ? thrown : {};
        const deleted = Number(details?.['deleted'] ?? 0);
        const isRefusal = code !== undefined && REFUSALS.has(code);
        if (!this.#mayFail || (!isRefusal && code !== 'OUTCOME_UNKNOWN')) throw thrown;
        finish(0, deleted, 'applied');
        finish(deleted, keys.length, isRefusal ? 'refused' : 'unknown');
      },
    );
    this.#remember(answer);
    await this.settle();
  }

  async #batch(items: readonly { readonly key: string; readonly bytes?: number }[]): Promise<void> {
    const { history } = this;
    const attempt = history.nextAttempt;
    const state = new Map(history.current);
    const changes: (Change | undefined)[] = [];
    const batch: BatchItem[] = [];
    for (const [item, { key, bytes }] of items.entries()) {
      this.#keys.add(key);
      const existing = this.#existing(key, state);
      if (bytes === undefined) {
        changes.push(existing === undefined ? undefined : deleteChange(key, attempt, item));
        batch.push({ type: 'delete', key });
        state.delete(key);
        continue;
      }
      const value = describedValue(attempt, item, bytes);
      const change = putChange(key, attempt, item, value.length, existing);
      changes.push(change);
      batch.push({ type: 'put', key, value });
      state.set(key, change);
    }
    const begun = history.begin(changes.filter((change) => change !== undefined));
    this.#await(begun, this.#world.store.batch(batch), true, (results) => {
      for (const [index, change] of changes.entries()) {
        const revision = results[index]?.revision;
        if (change !== undefined) this.#acknowledge(change, revision);
        else check(revision === undefined, 'wrong-delete', () => 'nothing was there to delete');
      }
    });
  }

  async #sync(): Promise<void> {
    const count = this.history.acknowledgedCount();
    return this.#track(this.#world.store.sync().then(() => this.history.noteDurable(count)));
  }

  async #reopen(): Promise<void> {
    await this.settle();
    if (this.hasFailed) return;
    await this.#tolerate(this.closeCleanly());
    if (this.hasFailed || this.#failure !== undefined) return;
    await this.#tolerate(this.#openAgain());
  }

  async #openAgain(): Promise<void> {
    this.#world.log.length = 0;
    await this.#world.open();
    this.#watch();
    await this.checkState();
  }

  /** Settles and closes: the clean end of a run. */
  async finish(): Promise<void> {
    await this.settle();
    if (!this.hasFailed) await this.#tolerate(this.closeCleanly());
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Closes; all that was acknowledged is durable then, in every mode. */
  async closeCleanly(): Promise<void> {
    const { store, engine } = this.#world;
    try {
      await this.#world.run(store.close());
    } finally {
      this.#world.drop();
    }
    if (engine.failure !== undefined) throw engine.failure;
    this.history.noteDurable(this.history.attempts.length);
    this.#world.checkClosed();
  }

  /** Keeps an answer in view until it is there. */
  #await<T>(
    attempt: Attempt,
    answer: Promise<T>,
    holds: boolean,
    accept: (answer: T) => void,
    refusals: ReadonlySet<string> = REFUSALS,
  ): void {
    const end = (fate: Fate): void => this.history.end(attempt, fate, this.#world.nowMs);
    const tracked = answer.then(
      (result) => {
        if (!holds) throw new CheckFailure('condition-ignored', `attempt ${attempt.id} succeeded`);
        accept(result);
        end('applied');
      },
      (thrown: unknown) => {
        const code = thrown instanceof CaskError ? thrown.code : '';
        if (!holds && code === 'CONFLICT') return end('applied');
        if (this.#mayFail && code === 'OUTCOME_UNKNOWN') return end('unknown');
        if (this.#mayFail && refusals.has(code)) return end('refused');
        throw thrown;
      },
    );
    this.#remember(tracked);
  }

  #merge(step: TimedStep, work: Promise<void>): void {
    this.#track(work, step.isPipelined ? this.#background : this.#outstanding);
  }

  #track(work: Promise<void>, waiting = this.#outstanding): void {
    this.#remember(
      work.catch((thrown: unknown) => this.#accept(thrown)),
      waiting,
    );
  }

  #remember(work: Promise<void>, waiting = this.#outstanding): void {
    const tracked = work
      .catch((thrown: unknown) => {
        this.#failure ??= unexpected(thrown);
      })
      .finally(() => waiting.delete(tracked));
    waiting.add(tracked);
  }

  /** Lets typed errors pass where faults are injected. */
  #accept(thrown: unknown): void {
    const code = thrown instanceof CaskError ? thrown.code : '';
    if (
      code === 'MERGE_RUNNING' ||
      code === 'BUSY' ||
      (this.#isTight && code === 'NO_SPACE') ||
      (this.#mayFail && isTyped(thrown))
    )
      return;
    throw thrown;
  }

  async #tolerate(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (thrown) {
      if (!this.#mayFail || !isTyped(thrown)) this.#failure ??= unexpected(thrown);
    }
  }
}

/** Puts a value over what the model says is there. */
class Replacement implements Modifier {
  readonly needsValue = true;
  /** What was there, if that is not what the model says. */
  problem: string | undefined;
  readonly #value: Uint8Array;
  readonly #expected: Change | undefined;

  constructor(value: Uint8Array, expected: Change | undefined) {
    this.#value = value;
    this.#expected = expected;
  }

  apply(current: EntryView | undefined, decision: Decision): void {
    const found = current && `v${current.version}, ${current.valueBytes} bytes`;
    const { version, valueBytes } = this.#expected ?? {};
    const expected = this.#expected && `v${version}, ${valueBytes} bytes`;
    if (found !== expected) this.problem = `there was ${found}, and not ${expected}`;
    decision.put(this.#value, 0, this.#value.length, TTL_KEEP);
  }
}

function unexpected(thrown: unknown): CheckFailure {
  if (thrown instanceof CheckFailure) return thrown;
  const what = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return new CheckFailure('unexpected-error', what, thrown);
}

/** A refusal that says what is wrong: a code of ours, or the system's own. */
export function isTyped(thrown: unknown): boolean {
  if (thrown instanceof CheckFailure) return false;
  if (thrown instanceof CaskError) {
    return thrown.code !== 'INTERNAL' || !thrown.message.includes('assertion');
  }
  return thrown instanceof Error && 'code' in thrown && /^E[A-Z]+$/.test(String(thrown.code));
}

function putChange(
  key: string,
  attempt: number,
  item: number,
  valueBytes: number,
  existing: Change | undefined,
): Change {
  const version = (existing?.version ?? 0) + 1;
  return {
    key,
    attempt,
    item,
    isDelete: false,
    valueBytes,
    version,
    expiry: undefined,
    revision: undefined,
  };
}

function deleteChange(key: string, attempt: number, item: number): Change {
  const none = { expiry: undefined, revision: undefined };
  return { key, attempt, item, isDelete: true, valueBytes: 0, version: 0, ...none };
}

function conditionOf(
  condition: Condition | undefined,
  existing: Change | undefined,
): { options: { ifAbsent?: boolean; ifPresent?: boolean; ifRevision?: number }; holds: boolean } {
  switch (condition) {
    case undefined:
      return { options: {}, holds: true };
    case 'ifAbsent':
      return { options: { ifAbsent: true }, holds: existing === undefined };
    case 'ifPresent':
      return { options: { ifPresent: true }, holds: existing !== undefined };
    case 'ifRevision':
      return { options: { ifRevision: existing?.revision ?? 0 }, holds: true };
    case 'staleRevision':
      return { options: { ifRevision: (existing?.revision ?? 1) + 1_000_000 }, holds: false };
  }
}
