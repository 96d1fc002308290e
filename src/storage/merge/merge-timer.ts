/** Looks for reasons to merge now and then, while automatic merging is on. */

import type { Cancellable, Scheduler } from '../disk/environment.ts';
import type { MergeOptions } from '../store-options.ts';

export interface MergeTimerParts {
  readonly scheduler: Scheduler;
  /** As they are now. */
  readonly options: () => MergeOptions;
  /** Looks once, and merges if there is reason to. */
  readonly look: () => Promise<void>;
  /** False: it is over. */
  readonly isOpen: () => boolean;
  readonly onError: (error: unknown) => void;
}

export class MergeTimer {
  readonly #parts: MergeTimerParts;
  #timer: Cancellable | undefined;
  #isLooking = false;

  constructor(parts: MergeTimerParts) {
    this.#parts = parts;
  }

  /** Waits for the next look; to be called again when the options have changed. */
  restart(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const { scheduler, options, isOpen } = this.#parts;
    const { automatic, checkIntervalMs } = options();
    // a look that is underway restarts it at its end
    if (!automatic || this.#isLooking || !isOpen()) return;
    this.#timer = scheduler.after(checkIntervalMs, () => this.#look());
  }

  #look(): void {
    const { look, isOpen, onError } = this.#parts;
    if (!isOpen()) return;
    this.#isLooking = true;
    look().then(() => {
      this.#isLooking = false;
      this.restart();
    }, onError);
  }
}
