/**
 * What was tried on one key since its state was last seen, and what may be found there now.
 */

/** What a write may have done, by its answer. */
export type Outcome =
  /** No answer yet. */
  | 'pending'
  | 'acknowledged'
  /** OUTCOME_UNKNOWN: applied or not. */
  | 'unknown'
  /** An error that says: not applied. */
  | 'refused';

/** One change of one key that was sent. */
export interface Attempt {
  readonly kind: 'put' | 'delete' | 'nothing';
  /** Number of the write on its connection; the items of a batch share one. */
  readonly write: number;
  readonly item: number;
  readonly bytes: number;
  /** 0: it does not expire. */
  readonly ttlMs: number;
  readonly sentAtMs: number;
  /** When it was certain that nothing more would come of it. */
  settledAtMs: number;
  outcome: Outcome;
  /** What the answer said. */
  answer: string;
  revision: number;
}

/** What a check found under a key. */
export interface Found {
  readonly write: number;
  readonly item: number;
  readonly bytes: number;
  readonly revision: number;
}

const NOTED_MAX = 40;
const CLOCK_SLACK_MS = 2;
/**
 * The writes of a group have the time at which it began to gather, which is while the one before
 * it is synced: so much earlier than it was asked for, at the most, an entry may expire.
 */
const GATHERING_MS_MAX = 1000;

const NOTHING: Attempt = {
  kind: 'nothing',
  write: 0,
  item: 0,
  bytes: 0,
  ttlMs: 0,
  sentAtMs: 0,
  settledAtMs: 0,
  outcome: 'acknowledged',
  answer: 'the start',
  revision: 0,
};

export class KeyHistory {
  readonly key: string;
  /** What the last check found. */
  #base: Attempt = NOTHING;
  #attempts: Attempt[] = [];
  readonly #noted: string[] = [];

  constructor(key: string) {
    this.key = key;
  }

  add(attempt: Attempt): void {
    this.#attempts.push(attempt);
  }

  /** The last lines of what became of this key, for people. */
  get story(): string {
    const lines = [...this.#noted, ...this.#attempts.map(describe)];
    return lines.slice(-NOTED_MAX).join('\n');
  }

  /** The last acknowledged write of this key that left a record; 0: none since the last check. */
  get lastRecorded(): number {
    const last = this.#attempts.findLast(({ outcome, revision }) => {
      return outcome === 'acknowledged' && revision > 0;
    });
    return last?.write ?? 0;
  }

  /** The state that the key is in, but for its expiry; undefined: not certain. */
  get certain(): Attempt | undefined {
    const last = this.#attempts.findLast(({ outcome }) => outcome !== 'refused');
    if (last === undefined) return this.#base;
    return last.outcome === 'acknowledged' ? last : undefined;
  }

  /**
   * What is wrong with what was found; undefined: nothing.
   * @param floor the last write of the same connection that is known to have been applied: what
   *   was sent before it must have been, too
   */
  problemOf(found: Found | undefined, floor: number, nowMs: number): string | undefined {
    const candidates = this.#candidates(floor);
    if (found === undefined) {
      if (candidates.some((attempt) => mayBeAbsent(attempt, nowMs))) return undefined;
      return `it is absent; the least that must be there: ${describe(candidates[0] as Attempt)}`;
    }
    const match = candidates.find((attempt) => isFound(attempt, found));
    if (match === undefined) return `found ${show(found)}, which is none of the states allowed`;
    if (match.ttlMs > 0 && nowMs > match.settledAtMs + match.ttlMs + CLOCK_SLACK_MS) {
      return `found ${show(found)}, which has expired`;
    }
    if (match.revision !== 0 && match.revision !== found.revision) {
      return `found ${show(found)}; it was acknowledged with revision ${match.revision}`;
    }
    return undefined;
  }

  /** Takes what was found as the new beginning. */
  settle(found: Found | undefined, floor: number, note: string): void {
    const candidates = this.#candidates(floor);
    const match =
      found === undefined
        ? candidates.findLast((attempt) => attempt.kind !== 'put')
        : candidates.find((attempt) => isFound(attempt, found));
    for (const attempt of this.#attempts) this.#noted.push(describe(attempt));
    if (this.#attempts.length > 0) this.#noted.push(`${note}: ${show(found)}`);
    this.#noted.splice(0, this.#noted.length - NOTED_MAX);
    this.#base = match ?? NOTHING;
    // an unknown write that was found is certain now; its revision is as found
    if (match !== undefined && found !== undefined) match.revision = found.revision;
    this.#attempts = [];
  }

  /** The states that are allowed, the oldest first: what write `floor` left, and all after it. */
  #candidates(floor: number): Attempt[] {
    const possible = [this.#base, ...this.#attempts.filter(({ outcome }) => outcome !== 'refused')];
    // A delete of nothing is acknowledged at once, before earlier writes of other keys.
    const first = possible.findLastIndex(
      ({ write, outcome }) => write <= floor || outcome === 'acknowledged',
    );
    return possible.slice(Math.max(0, first));
  }
}

function mayBeAbsent({ kind, ttlMs, sentAtMs }: Attempt, nowMs: number): boolean {
  if (kind !== 'put') return true;
  return ttlMs > 0 && nowMs >= sentAtMs - GATHERING_MS_MAX + ttlMs - CLOCK_SLACK_MS;
}

/** An empty value says nothing of itself; its revision does, when that is known. */
function isFound({ kind, write, item, bytes, revision }: Attempt, found: Found): boolean {
  if (kind !== 'put' || bytes !== found.bytes) return false;
  if (bytes === 0) return revision === 0 || revision === found.revision;
  return write === found.write && item === found.item;
}

function describe(attempt: Attempt): string {
  const { kind, write, item, bytes, ttlMs, outcome, answer, revision } = attempt;
  const { sentAtMs, settledAtMs } = attempt;
  if (kind === 'nothing') return 'nothing was ever there';
  const what = kind === 'put' ? `put of ${bytes} bytes` : 'delete';
  const expiry = ttlMs === 0 ? '' : `, ttl ${ttlMs} ms, sent at ${sentAtMs} to ${settledAtMs}`;
  const at = revision === 0 ? '' : ` (revision ${revision})`;
  return `write ${write}.${item}: ${what}${expiry}: ${outcome}${at} ${answer}`.trimEnd();
}

function show(found: Found | undefined): string {
  if (found === undefined) return 'absent';
  const { write, item, bytes, revision } = found;
  return `write ${write}.${item} (${bytes} bytes, revision ${revision})`;
}
