/**
 * The model: what was attempted, in the order in which it was sequenced, what was promised of it,
 * and so what a store may hold after a crash. The log is one sequence, therefore a state after a
 * crash is the one after some prefix of the attempts; the promises say how short it may be.
 */

import type { Durability } from '../../src/storage/store-options.ts';

/** One change of one key by an attempt. */
export interface Change {
  readonly key: string;
  readonly attempt: number;
  readonly item: number;
  readonly isDelete: boolean;
  readonly valueBytes: number;
  readonly version: number;
  /** When it expires, as far as that is known: exactly once it is acknowledged. */
  expiry: { readonly minMs: number; readonly maxMs: number } | undefined;
  /** Known once acknowledged, or once it was seen after a crash. */
  revision: number | undefined;
}

/** What is there: the puts by key. */
export type State = ReadonlyMap<string, Change>;

export type Fate = 'pending' | 'applied' | 'refused' | 'unknown';

export interface Attempt {
  readonly id: number;
  readonly changes: readonly Change[];
  readonly beganAt: number;
  endedAt: number;
  endedMs: number;
  fate: Fate;
}

/** What a store may hold after a crash at some moment. */
export interface Expectation {
  /** Oldest first; the first one holds what was promised to last, and no more. */
  readonly candidates: readonly State[];
  /** The highest revision that anyone may have seen. */
  readonly revisionMax: number;
  /** No value is of an attempt from this one on. */
  readonly attemptEnd: number;
  /** Of those older than the candidates, which were promised to be gone: for the diagnosis. */
  readonly describe: string;
}

/** In `interval`, a sync follows a write after the interval and what it takes itself. */
const SYNC_SLACK_MS = 300;

export class History {
  readonly base: State;
  readonly #durability: Durability;
  readonly #syncIntervalMs: number;
  readonly attempts: Attempt[] = [];
  /** Counts what happened: a snapshot of the disk remembers it. */
  tick = 0;
  /** From a tick on, so many attempts are durable in every mode. */
  readonly #durable: { readonly tick: number; readonly attempts: number }[] = [];
  /** When the store failed: from then on nothing is synced any more. */
  failedMs = Number.POSITIVE_INFINITY;
  readonly #firstAttempt: number;
  readonly #revisionFloor: number;
  #current: Map<string, Change>;

  /**
   * @param base what was found when the store was opened: durable in every mode
   * @param firstAttempt attempts are numbered on over crashes
   */
  constructor(
    durability: Durability,
    syncIntervalMs: number,
    base: State,
    firstAttempt: number,
    revisionFloor: number,
  ) {
    this.#durability = durability;
    this.#syncIntervalMs = syncIntervalMs;
    this.base = base;
    this.#firstAttempt = firstAttempt;
    this.#revisionFloor = revisionFloor;
    this.#current = new Map(base);
  }

  get nextAttempt(): number {
    return this.#firstAttempt + this.attempts.length;
  }

  /** The state after all that was attempted and not refused: what the next write meets. */
  get current(): State {
    return this.#current;
  }

  begin(changes: readonly Change[]): Attempt {
    this.tick += 1;
    const attempt: Attempt = {
      id: this.nextAttempt,
      changes,
      beganAt: this.tick,
      endedAt: Number.POSITIVE_INFINITY,
      endedMs: Number.POSITIVE_INFINITY,
      fate: 'pending',
    };
    this.attempts.push(attempt);
    applyChanges(this.#current, changes);
    return attempt;
  }

  end(attempt: Attempt, fate: Fate, nowMs: number): void {
    this.tick += 1;
    attempt.fate = fate;
    attempt.endedAt = this.tick;
    attempt.endedMs = nowMs;
    if (fate !== 'refused' || attempt.changes.length === 0) return;
    this.#current = new Map(this.base);
    for (const one of this.attempts) {
      if (one.fate !== 'refused') applyChanges(this.#current, one.changes);
    }
  }

  /** All that was acknowledged when a sync was asked for is durable: it has answered now. */
  noteDurable(attempts: number): void {
    this.tick += 1;
    this.#durable.push({ tick: this.tick, attempts });
  }

  /** How many attempts, from the first, were acknowledged without a gap. */
  acknowledgedCount(): number {
    return this.#acknowledged(this.tick, Number.POSITIVE_INFINITY);
  }

  /**
   * What may be found after a crash at that tick.
   * @param isPowerCut false: only the process died
   */
  expectation(tick: number, nowMs: number, isPowerCut: boolean): Expectation {
    return this.#expectationFrom(this.#floor(tick, nowMs, isPowerCut), tick);
  }

  #expectationFrom(floor: number, tick: number): Expectation {
    const begun = this.attempts.filter((attempt) => attempt.beganAt <= tick);
    const state = new Map(this.base);
    const candidates: State[] = [];
    for (const [index, attempt] of begun.entries()) {
      if (attempt.fate === 'refused' && attempt.endedAt <= tick) continue;
      if (index >= floor) candidates.push(new Map(state));
      applyChanges(state, attempt.changes);
    }
    candidates.push(state);
    const describe = `${floor} of ${begun.length} attempts are promised (${this.#durability})`;
    const attemptEnd = this.#firstAttempt + begun.length;
    return { candidates, revisionMax: this.#revisionMax(tick), attemptEnd, describe };
  }

  /** A state between two moments: what was acknowledged by the first is in it. */
  between(fromTick: number, toTick: number): Expectation {
    const floor = this.#acknowledged(fromTick, Number.POSITIVE_INFINITY);
    return this.#expectationFrom(floor, toTick);
  }

  #revisionMax(tick: number): number {
    let highest = this.#revisionFloor;
    for (const attempt of this.attempts) {
      if (attempt.fate !== 'applied' || attempt.endedAt > tick) continue;
      for (const { revision } of attempt.changes) highest = Math.max(highest, revision ?? 0);
    }
    return highest;
  }

  #floor(tick: number, nowMs: number, isPowerCut: boolean): number {
    if (!isPowerCut || this.#durability === 'always') return this.#acknowledged(tick, nowMs);
    let floor = 0;
    for (const durable of this.#durable) {
      if (durable.tick <= tick) floor = Math.max(floor, durable.attempts);
    }
    if (this.#durability !== 'interval') return floor;
    const until = Math.min(nowMs, this.failedMs) - this.#syncIntervalMs - SYNC_SLACK_MS;
    return Math.max(floor, this.#acknowledged(tick, until));
  }

  #acknowledged(tick: number, untilMs: number): number {
    let count = 0;
    for (const [index, attempt] of this.attempts.entries()) {
      // One that changed nothing is answered at once, and says nothing of those before it.
      if (attempt.changes.length === 0) continue;
      const isOver = attempt.endedAt <= tick && attempt.endedMs <= untilMs;
      if (isOver && attempt.fate === 'applied') count = index + 1;
    }
    return count;
  }
}

function applyChanges(state: Map<string, Change>, changes: readonly Change[]): void {
  for (const change of changes) {
    if (change.isDelete) state.delete(change.key);
    else state.set(change.key, change);
  }
}
