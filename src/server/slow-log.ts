/**
 * The last requests that took long, for the operation SLOW_LOG: what kind, how long, from whom,
 * how large; never a key or a value.
 *
 * Requests of one kind and one connection whose replies left together are one entry: when a
 * single stall makes thousands of requests late, it pushes out one entry, not all of them.
 */

import { opName } from '../protocol/op-codes.ts';
import type { RequestSize, SlowEntry } from '../vocabulary/insight.ts';
import type { ServerLimits } from './server-limits.ts';

/** Who asked. */
export interface SlowRequester {
  readonly clientId: number;
  /** `host:port` of its end of the connection. */
  readonly address: string;
  /** As it said in HELLO. */
  readonly clientName: string;
}

type Gathered = { -readonly [Name in keyof RequestSize]: number } & {
  ms: number;
  requests: number;
};

export type SlowLogLimits = Pick<ServerLimits, 'slowLogMs' | 'slowLogEntries'>;

export class SlowLog {
  /** Requests that were slow since the start. */
  slowRequests = 0;
  /** Oldest first. */
  readonly #entries: SlowEntry[] = [];
  readonly #gathered = new Map<number, Gathered>();
  readonly #limits: () => SlowLogLimits;
  #lastId = 0;

  /** @param limits asked afresh each time: they may change while the server runs */
  constructor(limits: () => SlowLogLimits) {
    this.#limits = limits;
  }

  /** Milliseconds from which on a request is slow; 0: every one is. */
  get thresholdMs(): number {
    const { slowLogMs, slowLogEntries } = this.#limits();
    return slowLogEntries === 0 ? Number.POSITIVE_INFINITY : slowLogMs;
  }

  /** A slow request; `note` says whose it was. */
  gather(op: number, ms: number, { bytesIn, bytesOut, keyBytes, items }: RequestSize): void {
    this.slowRequests += 1;
    const gathered = this.#gathered.get(op);
    if (gathered === undefined) {
      this.#gathered.set(op, { ms, requests: 1, bytesIn, bytesOut, keyBytes, items });
      return;
    }
    gathered.ms = Math.max(gathered.ms, ms);
    gathered.requests += 1;
    gathered.bytesIn += bytesIn;
    gathered.bytesOut += bytesOut;
    gathered.keyBytes = Math.max(gathered.keyBytes, keyBytes);
    gathered.items += items;
  }

  /** Makes entries of what was gathered. */
  note({ clientId, address, clientName }: SlowRequester): void {
    const at = Date.now();
    for (const [op, { ms, requests, ...size }] of this.#gathered) {
      this.#lastId += 1;
      this.#entries.push({
        id: this.#lastId,
        at,
        ms: Math.round(ms * 1000) / 1000,
        operation: opName(op),
        clientId,
        address,
        client: clientName,
        requests,
        ...size,
      });
    }
    this.#gathered.clear();
    const excess = this.#entries.length - this.#limits().slowLogEntries;
    if (excess > 0) this.#entries.splice(0, excess);
  }

  /** The newest ones, the newest first. */
  newest(count: number): SlowEntry[] {
    return count === 0 ? [] : this.#entries.slice(-count).reverse();
  }

  /** Forgets all entries. @returns how many there were */
  reset(): number {
    const { length } = this.#entries;
    this.#entries.length = 0;
    return length;
  }
}
