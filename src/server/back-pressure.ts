/**
 * When a connection's input waits, and when its output has waited for too long. Pure bookkeeping;
 * the connection acts on it.
 *
 * Of what all connections share (requests in flight, their bytes, unsent replies), each may hold
 * as much as is still free. So those that hold much wait first, a few can share nearly all of it,
 * and however many they are, something is left for one that holds nothing. Who holds nothing of a
 * kind never waits for it: a connection that waits is woken by its own answers.
 */

import type { CaskError } from '../errors/cask-error.ts';
import { limitError } from '../errors/limit-error.ts';
import type { ServerLimits } from './server-limits.ts';
import type { ServerLoad } from './server-load.ts';

/** Room below the hard limit that only small replies may use. */
const SMALL_REPLY_RESERVE_BYTES = 1024 * 1024;
/** Larger than this is a large reply. */
export const LARGE_REPLY_BYTES = 1024;
/** Of `maxOutputBytes`, what input may fill; the rest is for answers that are on their way. */
const OUTPUT_SHARE_OF_INPUT = 0.75;

export interface PressureServices {
  readonly limits: ServerLimits;
  readonly load: ServerLoad;
}

/** What a connection holds. */
export interface Held {
  /** Requests without an answer, or whose work goes on without anyone waiting for it. */
  readonly requests: number;
  /** Of their frames, where they hold on to them. */
  readonly requestBytes: number;
}

export class BackPressure {
  readonly #services: PressureServices;
  /** Since when unsent replies are above the soft limit; undefined: they are not. */
  #softSinceMs: number | undefined;

  constructor(services: PressureServices) {
    this.#services = services;
  }

  /** Must the next request wait? Asked before each. */
  mustWait(held: Held, pendingBytes: number): boolean {
    const { limits, load } = this.#services;
    if (pendingBytes > 0) {
      const share = limits.maxOutputBytes * OUTPUT_SHARE_OF_INPUT - load.outputBytes.current;
      if (pendingBytes > limits.outputSoftBytes || pendingBytes > share) return true;
    }
    const { requests } = held;
    // without requests there are no bytes of them
    if (requests === 0) return false;
    if (requests >= limits.maxInFlight) return true;
    if (requests > limits.maxInFlightTotal - load.requests.current) return true;
    const { requestBytes } = held;
    return requestBytes > 0 && requestBytes > limits.maxRequestBytes - load.requestBytes.current;
  }

  /** The limit that makes the next request wait. */
  reason({ requests, requestBytes }: Held, pendingBytes: number): string {
    const { limits, load } = this.#services;
    if (requests >= limits.maxInFlight) return 'maxInFlight';
    if (pendingBytes > limits.outputSoftBytes) return 'outputSoftBytes';
    if (pendingBytes > 0 && pendingBytes > this.#outputShare) return 'maxOutputBytes';
    const isCrowded = requests > limits.maxInFlightTotal - load.requests.current;
    return requestBytes === 0 || isCrowded ? 'maxInFlightTotal' : 'maxRequestBytes';
  }

  /** May input go on that had to wait? Later than it had to stop, so as not to flap. */
  mayGoOn({ requests, requestBytes }: Held, pendingBytes: number): boolean {
    const { limits, load } = this.#services;
    if (requests > limits.maxInFlight / 2 || pendingBytes > limits.outputSoftBytes / 2)
      return false;
    const requestsLeft = limits.maxInFlightTotal - load.requests.current;
    const bytesLeft = limits.maxRequestBytes - load.requestBytes.current;
    return (
      (requests === 0 || requests <= requestsLeft / 2) &&
      (requestBytes === 0 || requestBytes <= bytesLeft / 2) &&
      (pendingBytes === 0 || pendingBytes <= this.#outputShare / 2)
    );
  }

  /** Unsent replies with which a connection is still read from, as far as all others go. */
  get #outputShare(): number {
    const { limits, load } = this.#services;
    return limits.maxOutputBytes * OUTPUT_SHARE_OF_INPUT - load.outputBytes.current;
  }

  /**
   * Why there is no room for a large reply of this size; undefined: there is. Answers to many large
   * reads can come at once, and a client that asked for them is not slow for that: BUSY.
   */
  refusal(replyBytes: number, pendingBytes: number): CaskError | undefined {
    const { limits, load } = this.#services;
    const { outputHardBytes, maxOutputBytes } = limits;
    const reserve = Math.min(SMALL_REPLY_RESERVE_BYTES, Math.floor(outputHardBytes / 4));
    // a single reply is given whatever its size
    if (pendingBytes > 0 && pendingBytes + replyBytes > outputHardBytes - reserve) {
      const message = 'too many bytes of replies wait; read them, then retry';
      return limitError('BUSY', message, 'outputHardBytes', outputHardBytes);
    }
    const all = load.outputBytes.current;
    if (all === 0 || all + replyBytes <= maxOutputBytes) return undefined;
    const message = `${all} bytes of replies wait for all clients together; try again shortly`;
    return limitError('BUSY', message, 'maxOutputBytes', maxOutputBytes);
  }

  /**
   * Looks at the output now and then.
   * @param caughtUpMs when the client had read everything last
   * @returns why it is too slow; undefined: it is not
   */
  slowness(pendingBytes: number, caughtUpMs: number, nowMs: number): CaskError | undefined {
    const { limits, load } = this.#services;
    const { outputSoftBytes, outputHardBytes, outputTimeoutMs, maxFrameBytes } = limits;
    // one reply may be larger than the hard limit: it has its time too
    if (pendingBytes > outputHardBytes + maxFrameBytes) {
      const message = `${pendingBytes} bytes of replies were not read`;
      return limitError('SLOW_CONSUMER', message, 'outputHardBytes', outputHardBytes);
    }
    if (pendingBytes <= outputSoftBytes) this.#softSinceMs = undefined;
    else this.#softSinceMs ??= nowMs;
    if (nowMs - (this.#softSinceMs ?? nowMs) >= outputTimeoutMs) {
      const message = `replies were not read for ${outputTimeoutMs} ms`;
      return limitError('SLOW_CONSUMER', message, 'outputTimeoutMs', outputTimeoutMs);
    }
    const isInTheWay = pendingBytes > 0 && pendingBytes > this.#outputShare;
    if (!isInTheWay || nowMs - caughtUpMs < outputTimeoutMs) return undefined;
    const all = `those of all clients take ${load.outputBytes.current} bytes`;
    const message = `replies were not read for ${outputTimeoutMs} ms, and ${all}`;
    return limitError('SLOW_CONSUMER', message, 'maxOutputBytes', limits.maxOutputBytes);
  }
}
