/**
 * The event-loop rule: whether an operation of some kind (fdatasync, pread) may run
 * synchronously on the loop.
 *
 * ```
 *                 one took >= 1 ms              64 took < 1 ms off it, and a second
 *                                               has passed since one took > 5 ms on it
 *   on the loop  ------------------>  off it  ----------------------------------->  on the loop
 * ```
 *
 * A thread-pool round trip costs more than a sync on a fast device or a read from the page
 * cache; a slow one would hold up every connection. "p99 of the last 64" is their maximum.
 *
 * With `meanMsMax`, a kind also leaves the loop when its synchronous mean grows past that: reads
 * that go to the device, each below 1 ms, still add up. Then every 64th may run on the loop as a
 * probe, to find out that the page cache is warm again.
 *
 * An asynchronous duration includes waiting for a thread and for a busy loop, so under load it
 * says little. If one was below 1 ms all the same, the device may well be fast: then, too, every
 * 64th may run on the loop as a probe, and four fast probes bring the kind back.
 *
 * Where it is known how often a device was read from (`deviceReads`), a slow operation counts as
 * slow only if a device was, since the last slow one: otherwise the thread was not run meanwhile,
 * as happens all the time on a machine whose processors are busy, and off the loop that is no
 * better. The mean has its say either way.
 */

import type { Clock } from './environment.ts';

/** How many of the last operations are judged. */
const SAMPLES = 64;
/** From this duration on, an operation does not belong on the loop. */
const SLOW_MS = 1;
/** Above this, the loop was held up for too long: counted, and no return for a while. */
const STALL_MS = 5;
const STALL_PENALTY_MS = 1000;
/** While cold, one in so many operations may be synchronous. */
const PROBE_INTERVAL = 64;
/** A fast probe counts as so many fast operations. */
const PROBE_WORTH = 16;
/** Weight of a new duration in the mean. */
const MEAN_WEIGHT = 1 / 32;
/** A duration counts in the mean as at most so many times the bound: preemption is no cold disk. */
const MEAN_SAMPLE_MAX = 4;
const PROBE_WEIGHT = 1 / 4;

export interface LatencyGateOptions {
  /** The mean of synchronous durations above which the kind is cold. @default Infinity: no rule */
  readonly meanMsMax?: number;
  /** Reads from devices so far, for a gate of reads. @default unknown */
  readonly deviceReads?: (() => number) | undefined;
}

/** The `meanMsMax` for reads: about ten times a read from the page cache. */
export const READ_MEAN_MS_MAX = 0.05;

export class LatencyGate {
  readonly #clock: Clock;
  readonly #meanMsMax: number;
  readonly #deviceReads: (() => number) | undefined;
  /** As they were when an operation was slow last. */
  #deviceReadsSeen = 0;
  /** Operations still to be fast before the kind may return to the loop; 0: it is there. */
  #fastNeeded = 0;
  /** An asynchronous operation was fast since the last probe. */
  #asyncWasFast = false;
  #blockedUntilMs = Number.NEGATIVE_INFINITY;
  #meanMs = 0;
  #cold = false;
  #sinceProbe = 0;
  #longStalls = 0;

  constructor(clock: Clock, options: LatencyGateOptions = {}) {
    this.#clock = clock;
    this.#meanMsMax = options.meanMsMax ?? Number.POSITIVE_INFINITY;
    this.#deviceReads = options.deviceReads;
    this.#deviceReadsSeen = options.deviceReads?.() ?? 0;
  }

  /** How often a synchronous operation held up the loop for more than 5 ms. */
  get longStalls(): number {
    return this.#longStalls;
  }

  /** True while operations may run on the loop, probes aside. */
  get isOnLoop(): boolean {
    return !this.#isOffLoop() && !this.#cold;
  }

  /** True when the next operation may run on the loop. Ask once per operation. */
  allowsSync(): boolean {
    const isOff = this.#isOffLoop();
    if (!isOff && !this.#cold) return true;
    this.#sinceProbe += 1;
    if (this.#sinceProbe < PROBE_INTERVAL) return false;
    if (isOff && (this.#isBlocked() || !this.#asyncWasFast)) return false;
    this.#sinceProbe = 0;
    this.#asyncWasFast = false;
    return true;
  }

  /**
   * Tells how long an operation took. An asynchronous duration includes waiting for a thread and
   * for the loop, so it can prove that the device is fast, never that it is slow: it counts only
   * while the kind is off the loop.
   */
  record(durationMs: number, wasSync: boolean): void {
    if (!wasSync && !this.#isOffLoop()) return;
    if (durationMs < SLOW_MS) {
      this.#fastNeeded = Math.max(0, this.#fastNeeded - (wasSync ? PROBE_WORTH : 1));
      if (!wasSync) this.#asyncWasFast = true;
    } else if (wasSync && this.#mayBeDevice()) {
      this.#fastNeeded = SAMPLES;
      if (durationMs > STALL_MS) {
        this.#longStalls += 1;
        this.#blockedUntilMs = this.#clock.monotonicMs() + STALL_PENALTY_MS;
      }
    }
    if (wasSync) this.#recordMean(Math.min(durationMs, this.#meanMsMax * MEAN_SAMPLE_MAX));
  }

  /** After a slow one: false when it cannot have been a device. */
  #mayBeDevice(): boolean {
    if (this.#deviceReads === undefined) return true;
    const reads = this.#deviceReads();
    const isMore = reads !== this.#deviceReadsSeen;
    this.#deviceReadsSeen = reads;
    return isMore;
  }

  #isOffLoop(): boolean {
    return this.#fastNeeded > 0 || this.#isBlocked();
  }

  /** One took more than 5 ms less than a second ago. */
  #isBlocked(): boolean {
    if (this.#blockedUntilMs === Number.NEGATIVE_INFINITY) return false;
    if (this.#clock.monotonicMs() < this.#blockedUntilMs) return true;
    this.#blockedUntilMs = Number.NEGATIVE_INFINITY;
    return false;
  }

  /** Cold above the bound; warm again when probes have halved it. */
  #recordMean(durationMs: number): void {
    const weight = this.#cold ? PROBE_WEIGHT : MEAN_WEIGHT;
    this.#meanMs += (durationMs - this.#meanMs) * weight;
    if (this.#cold) {
      this.#meanMs = Math.min(this.#meanMs, this.#meanMsMax * 2); // a bounded number of probes
      this.#cold = this.#meanMs > this.#meanMsMax / 2;
    } else if (this.#meanMs > this.#meanMsMax) {
      this.#meanMs = Math.min(this.#meanMs, this.#meanMsMax * 2);
      this.#cold = true;
      this.#sinceProbe = 0;
    }
  }
}
