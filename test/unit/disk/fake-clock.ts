import type { Clock } from '../../../src/storage/disk/environment.ts';

/** A clock that tests set. */
export class FakeClock implements Clock {
  wall = 1_700_000_000_000;
  monotonic = 50;

  wallMs(): number {
    return this.wall;
  }

  monotonicMs(): number {
    return this.monotonic;
  }

  /** Both clocks move on, as they do in an ordinary world. */
  pass(ms: number): void {
    this.wall += ms;
    this.monotonic += ms;
  }
}
