/** How many distinct crash states were visited, by mode and phase. */

import { CRASH_MODES, type CrashMode } from './crash-image.ts';
import { PHASES, type Phase } from './phase.ts';

/** A number for a mode and a phase, given by their places in the lists. */
export function cellOf(mode: number, phase: number): number {
  return mode * PHASES.length + phase;
}

export class Figures {
  /** States by cell. */
  readonly #states = new Float64Array(CRASH_MODES.length * PHASES.length);
  workloads = 0;
  /** Stores opened on an image; an image may be met again in another history. */
  recoveries = 0;
  /** Faults that were injected, in live runs and in recoveries. */
  faults = 0;

  countCell(cell: number): void {
    this.#states[cell] = (this.#states[cell] ?? 0) + 1;
  }

  states(mode: CrashMode, phase: Phase): number {
    return this.#states[cellOf(CRASH_MODES.indexOf(mode), PHASES.indexOf(phase))] ?? 0;
  }

  ofMode(mode: CrashMode): number {
    return PHASES.reduce((sum, phase) => sum + this.states(mode, phase), 0);
  }

  ofPhase(phase: Phase): number {
    return CRASH_MODES.reduce((sum, mode) => sum + this.states(mode, phase), 0);
  }

  get total(): number {
    return PHASES.reduce((sum, phase) => sum + this.ofPhase(phase), 0);
  }

  /** A table of modes by phases, with sums. */
  table(): string {
    const head = ['states', ...PHASES, 'all'];
    const rows = CRASH_MODES.map((mode) => [
      mode,
      ...PHASES.map((phase) => String(this.states(mode, phase))),
      String(this.ofMode(mode)),
    ]);
    const sums = ['all', ...PHASES.map((phase) => String(this.ofPhase(phase))), `${this.total}`];
    const shares = PHASES.map(
      (phase) => `${((100 * this.ofPhase(phase)) / this.total).toFixed(1)} %`,
    );
    const lines = [head, ...rows, sums, ['share', ...shares, '']];
    return lines.map((cells) => cells.map((cell) => cell.padStart(10)).join('')).join('\n');
  }
}
