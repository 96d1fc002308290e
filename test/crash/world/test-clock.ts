/** A clock that tests set; it may also move by itself each time it is read. */

import type { Clock } from '../../../src/storage/disk/environment.ts';

export class TestClock implements Clock {
  wall = 1_700_000_000_000;
  monotonic = 50;
  /**
   * How much time seems to pass from one reading to the next. 0: every operation is fast, so the
   * engine does everything on the loop, at once. Above 5: every operation is slow, so everything
   * goes through the thread pool, in slices.
   */
  tickMs = 0;

  wallMs(): number {
    return this.wall;
  }

  monotonicMs(): number {
    this.monotonic += this.tickMs;
    return this.monotonic;
  }

  /** Both clocks move on, as they do in an ordinary world. */
  pass(ms: number): void {
    this.wall += ms;
    this.monotonic += ms;
  }
}
