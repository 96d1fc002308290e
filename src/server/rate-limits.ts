/**
 * How many requests and bytes a second a connection may send and receive, and all connections of
 * a client together: of a user where users are known, else of an address. A connection above its
 * rate is not read from for a while; nothing is refused.
 */

import type { ServerLimits } from './server-limits.ts';
import type { ServerLoad } from './server-load.ts';
import { TokenBucket } from './token-bucket.ts';

type RateName =
  | 'connectionRequestsPerSecond'
  | 'connectionBytesPerSecond'
  | 'clientRequestsPerSecond'
  | 'clientBytesPerSecond';

export type RateLimitValues = Pick<ServerLimits, RateName | 'rateBurstMs'>;

/** What a connection, or a client, has left. */
class Allowance {
  readonly requests: TokenBucket;
  readonly bytes: TokenBucket;
  /** Connections that draw on it. */
  users = 0;

  constructor(requestBurst: number, byteBurst: number, nowMs: number) {
    this.requests = new TokenBucket(requestBurst, nowMs);
    this.bytes = new TokenBucket(byteBurst, nowMs);
  }
}

export class RateLimits {
  readonly #limits: () => RateLimitValues;
  readonly #load: ServerLoad;
  readonly #clients = new Map<string, Allowance>();

  constructor(limits: () => RateLimitValues, load: ServerLoad) {
    this.#limits = limits;
    this.#load = load;
  }

  /** Is there any rate at all? */
  get isOn(): boolean {
    const limits = this.#limits();
    return (
      limits.connectionRequestsPerSecond > 0 ||
      limits.connectionBytesPerSecond > 0 ||
      limits.clientRequestsPerSecond > 0 ||
      limits.clientBytesPerSecond > 0
    );
  }

  /** For a connection of that client. */
  open(client: string, nowMs: number): Throttle {
    const { connectionRequestsPerSecond, connectionBytesPerSecond } = this.#limits();
    const own = new Allowance(
      this.burstOf(connectionRequestsPerSecond),
      this.burstOf(connectionBytesPerSecond),
      nowMs,
    );
    return new Throttle(this, own, this.#join(client, nowMs), client);
  }

  #join(client: string, nowMs: number): Allowance {
    const { clientRequestsPerSecond, clientBytesPerSecond } = this.#limits();
    let shared = this.#clients.get(client);
    if (shared === undefined) {
      const requestBurst = this.burstOf(clientRequestsPerSecond);
      shared = new Allowance(requestBurst, this.burstOf(clientBytesPerSecond), nowMs);
      this.#clients.set(client, shared);
    }
    shared.users += 1;
    return shared;
  }

  /** What a rate allows at once: one request at least. */
  burstOf(rate: number): number {
    return Math.max(1, (rate * this.#limits().rateBurstMs) / 1000);
  }

  rateOf(name: RateName): number {
    return this.#limits()[name];
  }

  /** Until the bucket lets something through; the limit is counted if it does not. */
  waitMs(bucket: TokenBucket, name: RateName, nowMs: number): number {
    const rate = this.rateOf(name);
    if (rate === 0) return 0;
    const waitMs = bucket.waitMs(rate, this.burstOf(rate), nowMs);
    if (waitMs > 0) this.#load.reach(name);
    return waitMs;
  }

  waited(ms: number): void {
    this.#load.throttledMs += ms;
  }

  /** Forgets clients that are gone and have nothing to pay back. */
  sweep(nowMs: number): void {
    const { clientRequestsPerSecond, clientBytesPerSecond } = this.#limits();
    for (const [client, { users, requests, bytes }] of this.#clients) {
      const isFull =
        isFullOrOff(requests, clientRequestsPerSecond, this, nowMs) &&
        isFullOrOff(bytes, clientBytesPerSecond, this, nowMs);
      if (users === 0 && isFull) this.#clients.delete(client);
    }
  }
}

function isFullOrOff(bucket: TokenBucket, rate: number, rates: RateLimits, nowMs: number): boolean {
  return rate === 0 || bucket.isFull(rate, rates.burstOf(rate), nowMs);
}

/** One connection's part in the rates. */
export class Throttle {
  /** Whose connection it is. */
  readonly client: string;
  readonly #rates: RateLimits;
  readonly #own: Allowance;
  readonly #shared: Allowance;

  constructor(rates: RateLimits, own: Allowance, shared: Allowance, client: string) {
    this.client = client;
    this.#rates = rates;
    this.#own = own;
    this.#shared = shared;
  }

  /** How long nothing more may be read from the connection; 0: it may. */
  waitMs(nowMs: number): number {
    const rates = this.#rates;
    return Math.max(
      rates.waitMs(this.#own.requests, 'connectionRequestsPerSecond', nowMs),
      rates.waitMs(this.#own.bytes, 'connectionBytesPerSecond', nowMs),
      rates.waitMs(this.#shared.requests, 'clientRequestsPerSecond', nowMs),
      rates.waitMs(this.#shared.bytes, 'clientBytesPerSecond', nowMs),
    );
  }

  /** Requests and replies that went through. */
  take(requests: number, bytes: number): void {
    this.#own.requests.take(requests);
    this.#own.bytes.take(bytes);
    this.#shared.requests.take(requests);
    this.#shared.bytes.take(bytes);
  }

  /** It was not read from for so long. */
  waited(ms: number): void {
    this.#rates.waited(ms);
  }

  close(): void {
    this.#shared.users -= 1;
  }
}
