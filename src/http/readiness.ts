/** Whether the daemon should be sent clients. */

export interface Readiness {
  readonly ready: boolean;
  /** Why not, each `<state>: <sentence>`; empty when ready. */
  readonly reasons: readonly string[];
  /** What is wrong all the same, in the same form. */
  readonly warnings: readonly string[];
}
