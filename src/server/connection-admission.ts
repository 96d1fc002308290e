/** Which connections are taken: so many in all, from one address, and of clients not yet known. */

import type { CaskError } from '../errors/cask-error.ts';
import { limitError } from '../errors/limit-error.ts';
import type { ServerLimits } from './server-limits.ts';
import type { ServerLoad } from './server-load.ts';

/** A client has so long to say who it is before it must make way for others. */
const GREETING_MS_MIN = 1000;

/** A connection whose client has not said who it is. */
export interface Greeter {
  /** Says why, and closes. */
  reject(error: CaskError): void;
}

export type AdmissionLimits = Pick<
  ServerLimits,
  'maxConnections' | 'maxConnectionsPerAddress' | 'maxUnauthenticated'
>;

export class ConnectionAdmission {
  readonly #limits: () => AdmissionLimits;
  readonly #load: ServerLoad;
  readonly #byAddress = new Map<string, number>();
  /** When they came; the oldest first. */
  readonly #greeters = new Map<Greeter, number>();
  /** The most that one address ever had. */
  perAddressHigh = 0;

  constructor(limits: () => AdmissionLimits, load: ServerLoad) {
    this.#limits = limits;
    this.#load = load;
  }

  /** Why one more from that address is not taken; undefined: it is. May close another for it. */
  refusal(address: string, nowMs: number): CaskError | undefined {
    const { maxConnections, maxConnectionsPerAddress, maxUnauthenticated } = this.#limits();
    if (this.#load.connections.current >= maxConnections) {
      return tooMany('the server has', maxConnections, 'maxConnections');
    }
    const own = this.#byAddress.get(address) ?? 0;
    if (maxConnectionsPerAddress > 0 && own >= maxConnectionsPerAddress) {
      return tooMany('your address has', maxConnectionsPerAddress, 'maxConnectionsPerAddress');
    }
    if (this.#greeters.size < maxUnauthenticated || this.#dropOldestGreeter(nowMs)) {
      return undefined;
    }
    return tooMany('still greeting are', maxUnauthenticated, 'maxUnauthenticated');
  }

  enter(greeter: Greeter, address: string, nowMs: number): void {
    const own = (this.#byAddress.get(address) ?? 0) + 1;
    this.#byAddress.set(address, own);
    this.perAddressHigh = Math.max(this.perAddressHigh, own);
    this.#greeters.set(greeter, nowMs);
    this.#load.connections.add(1);
    this.#load.unauthenticated.add(1);
  }

  /** It is known whose connection it is. */
  greeted(greeter: Greeter): void {
    if (this.#greeters.delete(greeter)) this.#load.unauthenticated.add(-1);
  }

  leave(greeter: Greeter, address: string): void {
    this.greeted(greeter);
    this.#load.connections.add(-1);
    const own = (this.#byAddress.get(address) ?? 0) - 1;
    if (own > 0) this.#byAddress.set(address, own);
    else this.#byAddress.delete(address);
  }

  #dropOldestGreeter(nowMs: number): boolean {
    const [oldest] = this.#greeters;
    if (oldest === undefined) return false;
    const [greeter, sinceMs] = oldest;
    if (nowMs - sinceMs < GREETING_MS_MIN) return false;
    const { maxUnauthenticated } = this.#limits();
    const message = 'others wait to say who they are, and you had your time';
    this.greeted(greeter);
    greeter.reject(limitError('TIMEOUT', message, 'maxUnauthenticated', maxUnauthenticated));
    return true;
  }
}

function tooMany(who: string, limit: number, limitName: string): CaskError {
  const message = `${who} ${limit} connections, its limit (${limitName}); try again later`;
  return limitError('TOO_MANY_CONNECTIONS', message, limitName, limit);
}
