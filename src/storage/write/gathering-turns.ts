/**
 * For how many turns a group gathers where every group is synced. Clients that were answered
 * together send their next writes one after the other, over some turns of the event loop; a sync
 * that began with the first of them would make all others wait for it, and for one of their own. So
 * a group goes on gathering while each turn brings it writes of more clients: never where one
 * client writes alone.
 */

import type { Clock } from '../disk/environment.ts';

/** Groups of fewer clients, lately, are not worth another turn. */
const CLIENTS_MIN = 4;
/** No further turn is begun after this; one that has begun may take longer. */
const GATHER_MS_MAX = 0.5;
/** What is left, with each group, of the most clients that a group had. */
const KEPT = 0.9;

export class GatheringTurns {
  readonly #clock: Clock;
  /** Clients that groups have had lately. */
  #usual = 0;
  /** Of the group at hand, when it was looked at last; 0: it was not. */
  #clients = 0;
  #sinceMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Asked at the end of each turn until it says no.
   * @param clients that have writes in the group
   */
  goesOn(clients: number): boolean {
    if (this.#isWorthIt(clients)) {
      this.#clients = clients;
      return true;
    }
    this.#clients = 0;
    this.#usual = Math.max(clients, this.#usual * KEPT);
    return false;
  }

  #isWorthIt(clients: number): boolean {
    if (this.#usual < CLIENTS_MIN || clients <= this.#clients) return false;
    const nowMs = this.#clock.monotonicMs();
    if (this.#clients === 0) this.#sinceMs = nowMs;
    return nowMs - this.#sinceMs < GATHER_MS_MAX;
  }
}
