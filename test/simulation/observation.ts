/** What a store was found to hold, and whether that is what it may hold. */

import { CheckFailure } from './check-failure.ts';
import { EMPTY_VALUE, type ValueIdentity } from './described-value.ts';
import type { Change, Expectation, State } from './history.ts';

export interface ObservedEntry extends ValueIdentity {
  readonly revision: number;
  readonly version: number;
  readonly expiresAt: number | undefined;
  readonly valueBytes: number;
}

export interface Observation {
  readonly entries: ReadonlyMap<string, ObservedEntry>;
  /** Engine time before the first read and after the last one. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** The observed state as a model's state: what a store holds is durable once it is open. */
export function stateOf(observation: Observation): State {
  const state = new Map<string, Change>();
  for (const [key, entry] of observation.entries) {
    const { expiresAt } = entry;
    state.set(key, {
      key,
      attempt: entry.attempt,
      item: entry.item,
      isDelete: false,
      valueBytes: entry.valueBytes,
      version: entry.version,
      expiry: expiresAt === undefined ? undefined : { minMs: expiresAt, maxMs: expiresAt },
      revision: entry.revision,
    });
  }
  return state;
}

/** True when the entry is what the change wrote. */
function matches(entry: ObservedEntry, change: Change): boolean {
  const isSameValue =
    entry.attempt === EMPTY_VALUE.attempt
      ? change.valueBytes === 0
      : entry.attempt === change.attempt && entry.item === change.item;
  if (!isSameValue || entry.version !== change.version) return false;
  if (change.revision !== undefined && change.revision !== entry.revision) return false;
  if (change.expiry === undefined || entry.expiresAt === undefined) {
    return change.expiry === undefined && entry.expiresAt === undefined;
  }
  return entry.expiresAt >= change.expiry.minMs && entry.expiresAt <= change.expiry.maxMs;
}

/** True when a key of which the newest change is this one may be absent. */
function mayBeGone(change: Change, observation: Observation): boolean {
  return change.expiry !== undefined && change.expiry.minMs <= observation.toMs;
}

function isState(observation: Observation, state: State): boolean {
  for (const [key, change] of state) {
    const entry = observation.entries.get(key);
    if (entry === undefined) {
      if (!mayBeGone(change, observation)) return false;
    } else if (!matches(entry, change)) {
      return false;
    }
  }
  for (const key of observation.entries.keys()) if (!state.has(key)) return false;
  return true;
}

/** @throws CheckFailure naming what is wrong */
export function judge(observation: Observation, expectation: Expectation): void {
  const { entries, fromMs } = observation;
  for (const [key, { expiresAt }] of entries) {
    if (expiresAt !== undefined && expiresAt <= fromMs) {
      throw new CheckFailure('expired-key-served', `${key} expired at ${expiresAt}`);
    }
  }
  const { candidates } = expectation;
  for (let at = candidates.length - 1; at >= 0; at -= 1) {
    if (isState(observation, candidates[at] as State)) return;
  }
  throw diagnosis(observation, expectation);
}

function diagnosis(observation: Observation, expectation: Expectation): CheckFailure {
  const { candidates, attemptEnd, describe } = expectation;
  const promised = candidates[0] as State;
  const keys = new Set([...observation.entries.keys(), ...promised.keys()]);
  for (const key of keys) {
    const entry = observation.entries.get(key);
    const isAllowed = candidates.some((state) => isAllowedOf(key, observation, state));
    if (isAllowed) continue;
    const found = entry === undefined ? 'nothing' : describeEntry(entry);
    const wanted = candidates.map((state) => describeChange(state.get(key)));
    const message = `${key} holds ${found}; allowed: ${[...new Set(wanted)].join(', ')}; ${describe}`;
    return new CheckFailure(nameOf(entry, promised.get(key), attemptEnd), message);
  }
  const found = [...observation.entries].map(([key, entry]) => `${key}=${describeEntry(entry)}`);
  const message = `no prefix of the writes gives ${found.join(' ') || 'an empty store'}; ${describe}`;
  return new CheckFailure('not-a-prefix', message);
}

function isAllowedOf(key: string, observation: Observation, state: State): boolean {
  const entry = observation.entries.get(key);
  const change = state.get(key);
  if (change === undefined) return entry === undefined;
  return entry === undefined ? mayBeGone(change, observation) : matches(entry, change);
}

function nameOf(
  entry: ObservedEntry | undefined,
  promised: Change | undefined,
  attemptEnd: number,
): string {
  if (entry === undefined) return 'promised-write-lost';
  if (entry.attempt >= attemptEnd) return 'invented-value';
  if (promised === undefined) return 'deleted-key-returned';
  if (entry.attempt < promised.attempt) return 'promised-write-lost';
  return 'wrong-entry';
}

function describeEntry(entry: ObservedEntry): string {
  const { attempt, item, version, revision, expiresAt } = entry;
  const expiry = expiresAt === undefined ? '' : ` expires ${expiresAt}`;
  return `#${attempt}.${item} v${version} r${revision}${expiry}`;
}

function describeChange(change: Change | undefined): string {
  if (change === undefined) return 'nothing';
  const { attempt, item, version, revision, expiry } = change;
  const expires = expiry === undefined ? '' : ` expires ${expiry.minMs}..${expiry.maxMs}`;
  return `#${attempt}.${item} v${version} r${revision ?? '?'}${expires}`;
}
