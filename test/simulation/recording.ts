/** A run of a store with a snapshot of the disk after each change: all its crash points. */

import type { Expectation, History } from './history.ts';
import type { Phase } from './phase.ts';
import type { DiskSnapshot } from './simulated-disk.ts';
import type { DiskChange } from './simulated-file-system.ts';
import type { World } from './world.ts';

export interface CrashPoint {
  readonly disk: DiskSnapshot;
  readonly operation: number;
  readonly what: string;
  readonly phase: Phase;
  readonly tick: number;
  readonly nowMs: number;
  /** The first opening had not ended: nobody was told anything yet. */
  readonly isBefore: boolean;
}

/** What may be found after each kind of crash. */
export interface Expectations {
  readonly powerCut: Expectation;
  readonly kill: Expectation;
}

export class Recording {
  readonly points: CrashPoint[] = [];
  /** What holds until the store is open for the first time. */
  readonly #before: Expectations;
  #history: History | undefined;

  constructor(before: Expectations) {
    this.#before = before;
  }

  /** The store is open: from now on, this is what was promised. */
  begin(history: History): void {
    this.#history = history;
  }

  note(change: DiskChange, world: World): void {
    this.points.push({
      disk: world.fs.disk.snapshot(),
      operation: change.operation,
      what: `${change.kind} ${change.path}`,
      phase: change.phase,
      tick: this.#history?.tick ?? 0,
      nowMs: world.nowMs,
      isBefore: this.#history === undefined,
    });
  }

  /** What may be found after a crash at that point. */
  expectationsAt(point: CrashPoint): Expectations {
    const history = this.#history;
    if (point.isBefore || history === undefined) return this.#before;
    const { tick, nowMs } = point;
    return {
      powerCut: history.expectation(tick, nowMs, true),
      kill: history.expectation(tick, nowMs, false),
    };
  }
}
