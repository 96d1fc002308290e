/**
 * Whether the daemon should be sent clients, and if not why. Alive it is as long as it answers:
 * a full disk, loading or draining are no reason to kill it.
 */

import type { Readiness } from '../http/index.ts';
import type { StoreHealth } from '../storage/store-stats.ts';

/** What is asked of the store; `Store` has it. */
export interface HealthSource {
  health(): StoreHealth;
}

export class DaemonHealth {
  #store: HealthSource | undefined;
  #draining = false;

  /** The store is open and clients are accepted. */
  serving(store: HealthSource): void {
    this.#store = store;
  }

  /** The daemon is on its way out. */
  draining(): void {
    this.#draining = true;
  }

  readiness(): Readiness {
    const reasons = this.#reasons();
    return { ready: reasons.length === 0, reasons, warnings: this.#warnings() };
  }

  #warnings(): string[] {
    if (this.#store?.health().degraded !== true) return [];
    return ['degraded: the log has damage with unknown keys; merges wait for caskctl repair'];
  }

  #reasons(): string[] {
    const store = this.#store?.health();
    if (store === undefined) return ['loading: the store is being opened'];
    const reasons: string[] = [];
    if (this.#draining) reasons.push('draining: the server is stopping');
    if (store.reason !== undefined) reasons.push(`${store.status}: ${store.reason}`);
    if (!store.indexReady) {
      reasons.push('loading: the sorted index is still being built; ranges are not served yet');
    }
    return reasons;
  }
}
