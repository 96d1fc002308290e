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
  /** The store was being opened. */
  readonly isOpening: boolean;
  /**
   * The last moment with this disk, just before the next change: whatever was promised by then
   * must be there, and whoever was answered has seen it.
   */
  tick: number;
  nowMs: number;
  /** The first opening had not ended by then: nobody was told anything. */
  isBefore: boolean;
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

  /** The disk has just changed. */
  note(change: DiskChange, world: World): void {
    this.points.push({
      disk: world.fs.disk.snapshot(),
      operation: change.operation,
      what: `${change.kind} ${change.path}`,
      phase: change.phase,
      isOpening: this.#history === undefined,
      tick: this.#history?.tick ?? 0,
      nowMs: world.nowMs,
      isBefore: this.#history === undefined,
    });
  }

  /** The disk is about to change, or the run is over. */
  endPoint(nowMs: number): void {
    const point = this.points.at(-1);
    if (point === undefined) return;
    point.tick = this.#history?.tick ?? 0;
    point.isBefore = this.#history === undefined;
    point.nowMs = nowMs;
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
