/**
 * When a connection's input waits, and when its output has waited for too long. Pure bookkeeping;
 * the connection acts on it.
 */

import type { LimitsOwner } from './server-limits.ts';

/** Room below the hard limit that only small replies may use. */
const SMALL_REPLY_RESERVE_BYTES = 1024 * 1024;
/** Larger than this is a large reply. */
const LARGE_REPLY_BYTES = 1024;

export class BackPressure {
  readonly #services: LimitsOwner;
  /** Since when unsent replies are above the soft limit; undefined: they are not. */
  #softSinceMs: number | undefined;

  constructor(services: LimitsOwner) {
    this.#services = services;
  }

  /** Must the next request wait? */
  mustWait(inFlight: number, pendingBytes: number): boolean {
    const { maxInFlight, outputSoftBytes } = this.#services.limits;
    return inFlight >= maxInFlight || pendingBytes > outputSoftBytes;
  }

  /** May input go on that had to wait? Later than it had to stop, so as not to flap. */
  mayGoOn(inFlight: number, pendingBytes: number): boolean {
    const { maxInFlight, outputSoftBytes } = this.#services.limits;
    return inFlight <= maxInFlight / 2 && pendingBytes <= outputSoftBytes / 2;
  }

  /**
   * Is there room for a reply of this size? If not the request is answered BUSY: answers to many
   * large reads can come at once, and a client that asked for them is not slow for that.
   */
  admits(replyBytes: number, pendingBytes: number): boolean {
    if (replyBytes <= LARGE_REPLY_BYTES) return true;
    // a single reply is given whatever its size
    if (pendingBytes === 0) return true;
    const { outputHardBytes } = this.#services.limits;
    const reserve = Math.min(SMALL_REPLY_RESERVE_BYTES, Math.floor(outputHardBytes / 4));
    return pendingBytes + replyBytes <= outputHardBytes - reserve;
  }

  /** Looks at the output now and then. @returns is the client too slow */
  isTooSlow(pendingBytes: number, nowMs: number): boolean {
    const { limits } = this.#services;
    const { outputSoftBytes, outputHardBytes, outputTimeoutMs, maxFrameBytes } = limits;
    if (pendingBytes <= outputSoftBytes) {
      this.#softSinceMs = undefined;
      return false;
    }
    this.#softSinceMs ??= nowMs;
    // one reply may be larger than the hard limit: it has its time too
    const overHard = pendingBytes > outputHardBytes + maxFrameBytes;
    return overHard || nowMs - this.#softSinceMs >= outputTimeoutMs;
  }
}
