/**
 * Atomic read-modify-write: the modifier is given the newest sequenced state of its key and what
 * it decides is sequenced at once, so that nothing comes in between. Mostly that is one call; only
 * a value that must be fetched from the disk is waited for. Meanwhile whatever the same session
 * sends, and every modify of the same key, waits in order; another session's write of the key does
 * not, and then the modify starts over with what that left.
 */

import { assert, CaskError, toCaskError } from '../../errors/cask-error.ts';
import { type Environment, nextTurn } from '../disk/environment.ts';
import {
  CHANGE_DELETE,
  CHANGE_NONE,
  CHANGE_PUT,
  CHANGE_TOUCH,
  Decision,
  type Modifier,
} from '../modifier.ts';
import type { EntrySource, FetchedRecord } from '../read/entry-source.ts';
import type { PutOutcome } from '../reply-sink.ts';
import type { Sequencer } from './sequencer.ts';
import { keyProblem, putProblem, ttlProblem } from './write-limits.ts';
import type { WriteOrigin } from './write-origin.ts';

/** What a waiting modify holds besides its key. */
const MODIFY_BYTES = 256;
/** How often a modify fetches anew because others changed the key meanwhile. */
const FETCHES_MAX = 4;
const SLICE_MS = 2;

interface WaitingModify {
  readonly origin: WriteOrigin;
  readonly modifier: Modifier;
  readonly token: number;
  fetches: number;
}

/** A key whose value is being fetched. */
interface StalledKey {
  readonly key: Buffer;
  readonly waiting: WaitingModify[];
}

export class ModifyWriter {
  readonly #sequencer: Sequencer;
  readonly #source: EntrySource;
  readonly #environment: Environment;
  readonly #decision = new Decision();
  /** By key, as latin1. */
  readonly #stalledKeys = new Map<string, StalledKey>();
  readonly #outcome: PutOutcome = {
    revision: 0,
    version: 0,
    createdAt: 0,
    updatedAt: 0,
    expiresAt: 0,
  };
  #idle: (() => void)[] = [];
  /** Modifies that had to wait for a value. */
  fetched = 0;

  constructor(sequencer: Sequencer, source: EntrySource, environment: Environment) {
    this.#sequencer = sequencer;
    this.#source = source;
    this.#environment = environment;
  }

  /** Resolves when no modify waits for a value. */
  async whenIdle(): Promise<void> {
    while (this.#stalledKeys.size > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  modify(
    origin: WriteOrigin,
    buffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    modifier: Modifier,
    token: number,
  ): void {
    const sequencer = this.#sequencer;
    const bytes = keyBytes + MODIFY_BYTES;
    const problem =
      keyProblem(keyBytes, sequencer.parts.limits.maxKeyBytes) ?? sequencer.queueProblem(bytes);
    if (problem !== undefined) {
      origin.sink.onError(token, problem);
    } else if (sequencer.mustWait(origin)) {
      const key = Buffer.from(buffer.subarray(keyStart, keyStart + keyBytes));
      sequencer.wait(
        origin,
        token,
        bytes,
        () => undefined,
        () => this.#begin(origin, key, 0, keyBytes, modifier, token),
      );
    } else {
      this.#begin(origin, buffer, keyStart, keyBytes, modifier, token);
    }
  }

  #begin(
    origin: WriteOrigin,
    buffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    modifier: Modifier,
    token: number,
  ): void {
    const isQueued = this.#stalledKeys.size > 0 && this.#isStalled(buffer, keyStart, keyBytes);
    const isDone =
      !isQueued && this.#attempt(origin, buffer, keyStart, keyBytes, modifier, token, undefined);
    if (isDone) return;
    this.#stall(origin, Buffer.from(buffer.subarray(keyStart, keyStart + keyBytes)), {
      origin,
      modifier,
      token,
      fetches: 0,
    });
  }

  #isStalled(buffer: Uint8Array, keyStart: number, keyBytes: number): boolean {
    const key = Buffer.from(buffer.buffer, buffer.byteOffset + keyStart, keyBytes);
    return this.#stalledKeys.has(key.toString('latin1'));
  }

  /** Whatever else the session sends waits behind this one; so do other modifies of the key. */
  #stall(origin: WriteOrigin, key: Buffer, waiting: WaitingModify): void {
    this.#sequencer.lineOf(origin).hold();
    this.#sequencer.waitingBytes += key.length + MODIFY_BYTES;
    this.fetched += 1;
    origin.sink.onDeferred?.(waiting.token);
    const name = key.toString('latin1');
    const before = this.#stalledKeys.get(name);
    if (before !== undefined) {
      before.waiting.push(waiting);
      return;
    }
    const stalled = { key, waiting: [waiting] };
    this.#stalledKeys.set(name, stalled);
    void this.#serve(stalled).finally(() => {
      this.#stalledKeys.delete(name);
      if (this.#stalledKeys.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
    });
  }

  /** Fetches the value, and anew where it has changed meanwhile, until nobody waits for it. */
  async #serve(stalled: StalledKey): Promise<void> {
    const { key, waiting } = stalled;
    const { prior } = this.#sequencer;
    while (waiting.length > 0) {
      prior.look(key, 0, key.length);
      const location = this.#source.locationOf(prior);
      const fetched = location && (await this.#source.fetch(location, key.length));
      while (!(await this.#resumeInTurn(stalled, fetched))) {
        await nextTurn(this.#environment.scheduler);
      }
    }
  }

  /** Resolves to true when all are served, or the value must be fetched anew. */
  #resumeInTurn(stalled: StalledKey, fetched: FetchedRecord | undefined): Promise<boolean> {
    const { turnstile } = this.#sequencer.parts;
    return new Promise((resolve) => {
      const resume = (): void => resolve(this.#resumeAll(stalled, fetched));
      if (turnstile.isClosed) turnstile.wait(resume);
      else resume();
    });
  }

  /** False: it took long, and more is to be done. */
  #resumeAll({ key, waiting }: StalledKey, fetched: FetchedRecord | undefined): boolean {
    const { clock } = this.#environment;
    const deadline = clock.monotonicMs() + SLICE_MS;
    while (waiting.length > 0) {
      if (!this.#resume(key, waiting[0] as WaitingModify, fetched)) return true;
      waiting.shift();
      if (clock.monotonicMs() > deadline) return waiting.length === 0;
    }
    return true;
  }

  /** False: the key has changed, and its value must be fetched anew. */
  #resume(key: Buffer, waiting: WaitingModify, fetched: FetchedRecord | undefined): boolean {
    const { origin, modifier, token } = waiting;
    if (waiting.fetches > FETCHES_MAX) {
      const message = 'others change the key faster than its value can be read; try again';
      origin.sink.onError(token, new CaskError('BUSY', message));
    } else if (origin.sink.mayBegin?.(token) !== false) {
      const { closedBy } = this.#sequencer;
      if (closedBy !== undefined) {
        origin.sink.onError(token, closedBy);
      } else if (!this.#attempt(origin, key, 0, key.length, modifier, token, fetched)) {
        waiting.fetches += 1;
        return false;
      }
    }
    this.#sequencer.waitingBytes -= key.length + MODIFY_BYTES;
    origin.line?.release();
    return true;
  }

  /** False: the value has to be fetched. */
  #attempt(
    origin: WriteOrigin,
    key: Uint8Array,
    keyStart: number,
    keyBytes: number,
    modifier: Modifier,
    token: number,
    fetched: FetchedRecord | undefined,
  ): boolean {
    const sequencer = this.#sequencer;
    const { prior, parts } = sequencer;
    const decision = this.#decision;
    decision.reset();
    decision.now = parts.now();
    prior.look(key, keyStart, keyBytes, decision.now);
    try {
      if (!this.#fill(modifier, key, keyStart, keyBytes, fetched)) return false;
      modifier.apply(prior.exists ? this.#source.entry : undefined, decision);
      this.#carryOut(origin, key, keyStart, keyBytes, modifier, token);
    } catch (thrown) {
      sequencer.refuse(origin, token, toCaskError(thrown));
    }
    return true;
  }

  #fill(
    modifier: Modifier,
    key: Uint8Array,
    keyStart: number,
    keyBytes: number,
    fetched: FetchedRecord | undefined,
  ): boolean {
    const { prior } = this.#sequencer;
    if (!prior.exists) return true;
    if (modifier.needsValue) return this.#source.fill(prior, key, keyStart, keyBytes, fetched);
    this.#source.fillMeta(prior);
    return true;
  }

  #carryOut(
    origin: WriteOrigin,
    key: Uint8Array,
    keyStart: number,
    keyBytes: number,
    modifier: Modifier,
    token: number,
  ): void {
    const sequencer = this.#sequencer;
    const { change, valueBuffer, valueStart, valueBytes, ttlMs } = this.#decision;
    const { exists } = sequencer.prior;
    if (change === CHANGE_PUT) {
      const problem =
        putProblem(keyBytes, valueBytes, ttlMs, sequencer.parts.limits) ??
        sequencer.readOnlyBy ??
        sequencer.queueProblem(valueBytes);
      if (problem !== undefined) throw problem;
      sequencer.putAsDecided(
        origin,
        key,
        keyStart,
        keyBytes,
        valueBuffer,
        valueStart,
        valueBytes,
        ttlMs,
        modifier,
        token,
      );
    } else if (change === CHANGE_DELETE && exists) {
      sequencer.deleteAsDecided(origin, key, keyStart, keyBytes, modifier, token);
    } else if (change === CHANGE_TOUCH) {
      assert(exists, 'a key that is touched exists');
      const problem = ttlProblem(ttlMs) ?? sequencer.readOnlyBy;
      if (problem !== undefined) throw problem;
      sequencer.touchAsDecided(origin, key, keyStart, keyBytes, ttlMs, modifier, token);
    } else {
      assert(change === CHANGE_NONE || change === CHANGE_DELETE, 'what was decided is known');
      this.#answerUnchanged(origin, modifier, token);
    }
  }

  /** Nothing changes: the answer is held where what was seen is not committed. */
  #answerUnchanged(origin: WriteOrigin, modifier: Modifier, token: number): void {
    const { prior } = this.#sequencer;
    const { dependsOn } = prior;
    const { entry } = this.#source;
    const outcome = dependsOn === undefined ? this.#outcome : { ...this.#outcome };
    outcome.revision = prior.revision;
    outcome.version = prior.version;
    outcome.createdAt = prior.createdAt;
    outcome.updatedAt = prior.exists ? entry.updatedAt : 0;
    outcome.expiresAt = prior.expiresAt;
    if (dependsOn === undefined) {
      origin.sink.onModified?.(token, modifier, outcome);
      return;
    }
    dependsOn.waiters.push({
      committed: () => origin.sink.onModified?.(token, modifier, outcome),
      failed: (failure) => origin.sink.onError(token, failure),
    });
  }
}
