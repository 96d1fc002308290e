/**
 * Room for large frames that come in parts. All of a frame has room before any of it is kept, so
 * that frames which are begun can be finished; the others wait, unread, in order. A single one has
 * room whatever its size. Frames up to `SMALL_FRAME_BYTES` are not counted: a connection may
 * always hold one.
 */

import type { ServerLimits } from './server-limits.ts';
import type { ServerLoad } from './server-load.ts';

export const SMALL_FRAME_BYTES = 64 * 1024;

/** A connection that has the beginning of a large frame. */
export interface FrameWaiter {
  /** The frame has room now. */
  frameAdmitted(): void;
}

export class FrameAdmission {
  readonly #limits: () => Pick<ServerLimits, 'maxRequestBytes'>;
  readonly #load: ServerLoad;
  /** In the order in which they came. */
  readonly #waiting = new Map<FrameWaiter, number>();
  /** Large frames that have room. */
  #admitted = 0;

  constructor(limits: () => Pick<ServerLimits, 'maxRequestBytes'>, load: ServerLoad) {
    this.#limits = limits;
    this.#load = load;
  }

  /** Others wait: who has room and does not use it is in their way. */
  get isAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  /** @returns false: the waiter is told when there is room, unless it withdraws */
  admit(waiter: FrameWaiter, bytes: number): boolean {
    if (!this.isAwaited && this.#hasRoomFor(bytes)) {
      this.#enter(bytes);
      return true;
    }
    this.#waiting.set(waiter, bytes);
    this.#load.reach('maxRequestBytes');
    return false;
  }

  /** The frame is handled, or given up. */
  release(bytes: number): void {
    this.#admitted -= 1;
    this.#load.requestBytes.add(-bytes);
    this.admitWaiting();
  }

  withdraw(waiter: FrameWaiter): void {
    if (this.#waiting.delete(waiter)) this.admitWaiting();
  }

  /** Lets in who waited longest, as far as there is room. */
  admitWaiting(): void {
    for (const [waiter, bytes] of this.#waiting) {
      if (!this.#hasRoomFor(bytes)) return;
      this.#waiting.delete(waiter);
      this.#enter(bytes);
      waiter.frameAdmitted();
    }
  }

  #hasRoomFor(bytes: number): boolean {
    const { maxRequestBytes } = this.#limits();
    return this.#admitted === 0 || this.#load.requestBytes.current + bytes <= maxRequestBytes;
  }

  #enter(bytes: number): void {
    this.#admitted += 1;
    this.#load.requestBytes.add(bytes);
  }
}
