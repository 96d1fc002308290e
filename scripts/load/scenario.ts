/** What a kind of bad client is, and what it works with. */

export interface Stage {
  readonly port: number;
  /** 1 is the full size; the ordinary tests take a hundredth. */
  readonly scale: number;
  /** Now, in the daemon, bytes. */
  residentBytes(): Promise<number>;
}

export interface Scenario {
  readonly name: string;
  /**
   * Does its worst and goes. @returns what happened, for people
   * @throws when the daemon did not do what it should
   */
  run(stage: Stage): Promise<string>;
}

/** A number of the full size, scaled: at least one. */
export function scaled(stage: Stage, full: number): number {
  return Math.max(1, Math.round(full * stage.scale));
}

/** @throws Error */
export function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
