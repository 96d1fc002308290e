/**
 * Whoever alone writes some keys, over one connection at a time, and so knows what they may hold:
 * numbers what is sent, and sorts the answers into applied, not applied and unknown.
 */

import type { CaskError } from '../../src/client/index.ts';
import { describedValue } from './described-value.ts';
import { type Attempt, KeyHistory, type Outcome } from './key-history.ts';
import { TortureError } from './torture-error.ts';

/** Errors of a write that was refused, or never sent; whatever else comes is a bug. */
const REFUSALS: ReadonlySet<string> = new Set([
  'SHUTTING_DOWN',
  'CONNECTION_LOST',
  'CLOSED',
  'BUSY',
  'NOT_APPLIED',
]);

/** What a batch or a single write answers, reduced to revisions in the order of its items. */
export type Revisions = readonly (number | undefined)[];

export interface SettleOptions {
  /** Its condition may fail. */
  readonly mayConflict?: boolean;
  /** Not atomic: with any error, some of it may have been applied. */
  readonly isPartial?: boolean;
}

export class KeyOwner {
  readonly name: string;
  readonly keys: readonly string[];
  readonly histories: ReadonlyMap<string, KeyHistory>;
  acknowledged = 0;
  unknown = 0;
  refused = 0;
  /** The highest revision that was acknowledged or seen, by anyone, before this run. */
  revisionFloor = 0;
  revisionMax = 0;
  #writes = 0;
  #problem: TortureError | undefined;

  constructor(name: string, keys: readonly string[]) {
    this.name = name;
    this.keys = keys;
    this.histories = new Map(keys.map((key) => [key, new KeyHistory(key)]));
  }

  /** The first thing that was wrong. */
  get problem(): TortureError | undefined {
    return this.#problem;
  }

  protected throwProblem(): void {
    if (this.#problem !== undefined) throw this.#problem;
  }

  protected fail(message: string): void {
    this.#problem ??= new TortureError(message);
  }

  /** A change that is about to be sent; the items after the first share its number. */
  protected attempt(kind: 'put' | 'delete', item: number, bytes: number, ttlMs: number): Attempt {
    if (item === 0) this.#writes += 1;
    return {
      kind,
      write: this.#writes,
      item,
      bytes,
      ttlMs,
      sentAtMs: Date.now(),
      settledAtMs: 0,
      outcome: 'pending',
      answer: '',
      revision: 0,
    };
  }

  protected note(key: string, attempt: Attempt): void {
    this.histories.get(key)?.add(attempt);
  }

  /** Waits for the answer and notes what it says of each change. @returns the error, if it is one */
  protected async settle(
    attempts: readonly Attempt[],
    answer: Promise<Revisions>,
    { mayConflict = false, isPartial = false }: SettleOptions = {},
  ): Promise<CaskError | undefined> {
    try {
      const revisions = await answer;
      for (const [index, attempt] of attempts.entries()) {
        settled(attempt, 'acknowledged', '');
        attempt.revision = revisions[index] ?? 0;
        this.#checkRevision(attempt);
      }
      this.acknowledged += 1;
      return undefined;
    } catch (thrown) {
      const error = thrown as CaskError;
      const outcome = isPartial || error.code === 'OUTCOME_UNKNOWN' ? 'unknown' : 'refused';
      for (const attempt of attempts) settled(attempt, outcome, error.code);
      this[outcome] += 1;
      const isExpected = REFUSALS.has(error.code) || (mayConflict && error.code === 'CONFLICT');
      if (outcome === 'refused' && !isExpected) {
        this.fail(`${this.name}: a write was refused with ${error.code}: ${error.message}`);
      }
      return error;
    }
  }

  /** A revision that anyone may have seen before a crash is never given out again. */
  #checkRevision({ revision, write }: Attempt): void {
    if (revision === 0) return;
    this.revisionMax = Math.max(this.revisionMax, revision);
    if (revision > this.revisionFloor) return;
    const floor = `revisions up to ${this.revisionFloor} were seen before the restart`;
    this.fail(`${this.name}: write ${write} got revision ${revision}; ${floor}`);
  }
}

function settled(attempt: Attempt, outcome: Outcome, answer: string): void {
  attempt.outcome = outcome;
  attempt.answer = answer;
  attempt.settledAtMs = Date.now();
}

export function valueFor(key: string, { write, item, bytes }: Attempt): Buffer {
  return describedValue({ key, write, item }, bytes);
}
