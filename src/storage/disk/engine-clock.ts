/** Engine time: integer milliseconds since 1970 that never run backwards. */

import type { Clock } from './environment.ts';

/**
 * Gives out the larger of the wall clock and the last time given plus what has passed since by
 * the monotonic clock. So a wall clock that is set back neither repeats a time nor stops TTLs.
 */
export class EngineClock {
  readonly #clock: Clock;
  /** A time that was given out, and the monotonic clock's reading then. */
  #baseMs: number;
  #baseMonotonicMs: number;
  #latest: number;

  /** @param startMs the largest time given out by an earlier run, from the manifest; 0: none */
  constructor(clock: Clock, startMs: number) {
    this.#clock = clock;
    this.#baseMs = startMs;
    this.#baseMonotonicMs = clock.monotonicMs();
    this.#latest = startMs;
  }

  now(): number {
    // The wall clock first: if the process is held up between the two, the base is behind, and the
    // next time corrects it. The other way round it would be ahead by that, and remain so.
    const wall = Math.floor(this.#clock.wallMs());
    const monotonicMs = this.#clock.monotonicMs();
    const elapsed = this.#baseMs + Math.floor(monotonicMs - this.#baseMonotonicMs);
    if (wall > elapsed) {
      this.#baseMs = wall;
      this.#baseMonotonicMs = monotonicMs;
      this.#latest = wall;
    } else if (elapsed > this.#latest) {
      this.#latest = elapsed;
    }
    return this.#latest;
  }

  /** The largest time given out so far. */
  get latest(): number {
    return this.#latest;
  }

  /** Makes sure that no time below `ms` is given out: a record was found that carries it. */
  advanceTo(ms: number): void {
    if (ms <= this.#latest) return;
    this.#baseMs = ms;
    this.#baseMonotonicMs = this.#clock.monotonicMs();
    this.#latest = ms;
  }
}
