/**
 * Delays those who guess: after a few failures a key (an address, or an address with a user) is
 * locked for a time that doubles with each further failure. The table is bounded; the key whose
 * last failure is longest ago makes room. Time comes from the caller.
 */

export interface LockoutOptions {
  /** Failures that cost nothing: people mistype. */
  readonly freeFailures: number;
  /** The first lock; each further one is twice as long. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** One failure is forgiven each time so much passes without another. */
  readonly forgiveMs: number;
  readonly entriesMax: number;
}

interface Failures {
  count: number;
  lastMs: number;
  lockedUntilMs: number;
}

export class Lockout {
  readonly #options: LockoutOptions;
  /** In the order of the last failure. */
  readonly #failures = new Map<string, Failures>();

  constructor(options: LockoutOptions) {
    this.#options = options;
  }

  /** Keys with failures. */
  get size(): number {
    return this.#failures.size;
  }

  /** How long the key is still locked; 0: it may try. */
  waitMs(key: string, nowMs: number): number {
    const failures = this.#failures.get(key);
    return failures === undefined ? 0 : Math.max(0, failures.lockedUntilMs - nowMs);
  }

  failed(key: string, nowMs: number): void {
    const { freeFailures, firstMs, maxMs, forgiveMs, entriesMax } = this.#options;
    const before = this.#failures.get(key);
    const forgiven = before === undefined ? 0 : Math.floor((nowMs - before.lastMs) / forgiveMs);
    const count = Math.max(0, (before?.count ?? 0) - forgiven) + 1;
    const beyond = count - freeFailures;
    const lockMs = beyond <= 0 ? 0 : Math.min(maxMs, firstMs * 2 ** Math.min(beyond - 1, 40));
    this.#failures.delete(key);
    this.#failures.set(key, { count, lastMs: nowMs, lockedUntilMs: nowMs + lockMs });
    if (this.#failures.size <= entriesMax) return;
    const [oldest] = this.#failures.keys();
    if (oldest !== undefined) this.#failures.delete(oldest);
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }
}
