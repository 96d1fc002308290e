/**
 * The keys of a transaction as its commands see them: what was read, and over it what they wrote.
 * In the end it says what to write, and that nothing of what was read may have changed.
 */

import { assert } from '../errors/cask-error.ts';
import type { StoreBatchItem } from '../storage/entry.ts';
import {
  CHANGE_DELETE,
  CHANGE_NONE,
  CHANGE_PUT,
  CHANGE_TOUCH,
  Decision,
} from '../storage/modifier.ts';
import type { EntryView } from '../storage/reply-sink.ts';
import { expiryOf } from '../vocabulary/write-arguments.ts';
import type { KeyCommand } from './commands/command.ts';
import type { Reply } from './reply.ts';
import type { RespArguments } from './resp-arguments.ts';

interface KeyState {
  readonly key: Buffer;
  /** 0: it was absent. */
  readonly revisionRead: number;
  current: EntryView | undefined;
  isWritten: boolean;
}

export class KeyView {
  readonly #states = new Map<string, KeyState>();
  readonly #decision = new Decision();
  readonly now: number;

  constructor(now: number) {
    this.now = now;
  }

  /** What was read. */
  add(key: Buffer, entry: EntryView | undefined): void {
    const revisionRead = entry?.revision ?? 0;
    const state = { key, revisionRead, current: entry, isWritten: false };
    this.#states.set(key.toString('latin1'), state);
  }

  get(key: Buffer): EntryView | undefined {
    return this.#stateOf(key).current;
  }

  /** @param expiresAt ms since 1970; 0: never */
  put(key: Buffer, value: Uint8Array, expiresAt: number): void {
    const state = this.#stateOf(key);
    const { current, revisionRead } = state;
    state.isWritten = true;
    state.current =
      expiresAt !== 0 && expiresAt <= this.now
        ? undefined
        : {
            buffer: value,
            valueStart: 0,
            valueBytes: value.length,
            revision: revisionRead,
            version: (current?.version ?? 0) + 1,
            createdAt: current?.createdAt ?? this.now,
            updatedAt: this.now,
            expiresAt,
          };
  }

  /** @returns was it there */
  delete(key: Buffer): boolean {
    const state = this.#stateOf(key);
    const wasThere = state.current !== undefined;
    if (wasThere) {
      state.current = undefined;
      state.isWritten = true;
    }
    return wasThere;
  }

  /** Carries out what a command on one key decides. */
  apply(command: KeyCommand, args: RespArguments, reply: Reply): void {
    const key = args.word(1);
    const { current } = this.#stateOf(key);
    const decision = this.#decision;
    decision.reset();
    command.decide(args, current, decision, reply);
    const { change, valueBuffer, valueStart, valueBytes, ttlMs } = decision;
    const expiresAt = expiryOf(ttlMs, this.now, current?.expiresAt ?? 0);
    if (change === CHANGE_PUT) {
      const value = Buffer.from(valueBuffer.subarray(valueStart, valueStart + valueBytes));
      this.put(key, value, expiresAt);
    } else if (change === CHANGE_DELETE) {
      this.delete(key);
    } else if (change === CHANGE_TOUCH) {
      assert(current !== undefined, 'a key that is touched exists');
      this.put(key, entryValue(current), expiresAt);
    } else {
      assert(change === CHANGE_NONE, 'what was decided is known');
    }
  }

  /** What to write; nothing if nothing was written. */
  items(): StoreBatchItem[] {
    const states = [...this.#states.values()];
    if (!states.some(({ isWritten }) => isWritten)) return [];
    return states.map((state) => itemOf(state));
  }

  #stateOf(key: Buffer): KeyState {
    const state = this.#states.get(key.toString('latin1'));
    assert(state !== undefined, 'the keys of a command were read before');
    return state;
  }
}

export function entryValue({ buffer, valueStart, valueBytes }: EntryView): Uint8Array {
  return buffer.subarray(valueStart, valueStart + valueBytes);
}

function itemOf({ key, revisionRead, current, isWritten }: KeyState): StoreBatchItem {
  const condition = { ifRevision: revisionRead };
  // what was not there and is not there
  const isNothing = current === undefined && revisionRead === 0;
  if (!isWritten || isNothing) return { type: 'check', key, ...condition };
  if (current === undefined) return { type: 'delete', key, ...condition };
  const value = entryValue(current);
  const { expiresAt } = current;
  return expiresAt === 0
    ? { type: 'put', key, value, ...condition }
    : { type: 'put', key, value, expiresAt, ...condition };
}
