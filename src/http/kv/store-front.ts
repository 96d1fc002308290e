/**
 * Keys and values for routes, through sessions of the store. What one request did is there for the
 * next once it was answered; requests that are under way at the same time have no order. So reads
 * share a session that never writes, and wait for nobody's writes.
 */

import { CaskError } from '../../errors/cask-error.ts';
import type { Account } from '../../security/index.ts';
import { LimitedSession } from '../../server/index.ts';
import type { ServedStore } from '../../server/served-store.ts';
import { PromiseSink, type ValueAnswer } from '../../storage/promise-sink.ts';
import type { Session } from '../../storage/session.ts';
import type { EntryMeta } from '../../vocabulary/entry.ts';

export type FoundValue = ValueAnswer | undefined;

export class StoreFront {
  readonly #sink = new PromiseSink();
  readonly #reads: Session;
  readonly #writes: Session;

  constructor(store: ServedStore) {
    this.#reads = store.openSession(this.#sink);
    this.#writes = store.openSession(this.#sink);
  }

  /**
   * Undefined: there is no such key. A promise only where the disk has to be waited for.
   * @throws CaskError
   */
  get(account: Account, key: Buffer): FoundValue | Promise<FoundValue> {
    const session = this.reads(account);
    return this.#sink.askNow<FoundValue>((token) => session.get(key, 0, key.length, token));
  }

  put(
    account: Account,
    key: Buffer,
    value: Buffer,
    condition: number,
    ttlMs: number,
  ): Promise<EntryMeta> {
    const session = this.writes(account);
    return this.#sink.ask((token) =>
      session.put(key, 0, key.length, value, 0, value.length, condition, ttlMs, token),
    );
  }

  /** The revision; 0: there was nothing to delete. */
  delete(account: Account, key: Buffer, condition: number): Promise<number> {
    const session = this.writes(account);
    return this.#sink.ask((token) => session.delete(key, 0, key.length, condition, token));
  }

  reads(account: Account): Session {
    return this.#within(account, this.#reads);
  }

  writes(account: Account): Session {
    return this.#within(account, this.#writes);
  }

  #within(account: Account, session: Session): Session {
    if (account.prefixes === undefined) return session;
    return new LimitedSession(session, account, this.#sink);
  }
}

export function stillLoading(): CaskError {
  return new CaskError('LOADING', 'the store is being opened; there is nothing to serve yet');
}
