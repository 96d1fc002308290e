/** The moments at which the daemon is killed, and how each is brought about. */

import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../src/client/index.ts';
import type { KillableDaemon } from './killable-daemon.ts';
import type { SeededRandom } from './seeded-random.ts';
import { TortureError } from './torture-error.ts';

export const KILL_KINDS = ['load', 'merge', 'recovery', 'shutdown'] as const;
export type KillKind = (typeof KILL_KINDS)[number];

/** How often a kind of kill was tried, and how often it met what it was meant to meet. */
export interface KillFigures {
  rounds: number;
  /** Processes killed with -9. */
  kills: number;
  /** Kills that came while the merge, recovery or shutdown was underway. */
  hits: number;
}

const LOAD_MS_MAX = 400;
/** A kill meant for some phase comes within this many times its usual length. */
const OVERSHOOT = 1.1;
/** Weight of what was measured last in what is expected next. */
const NEWEST_WEIGHT = 0.3;
const GROWTH = 1.1;
const RECOVERIES_MAX = 3;

/** How long the phases take here, by what was seen so far. */
class Expectation {
  ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }

  /** Where in the phase to kill. */
  moment(random: SeededRandom): number {
    return random.below(Math.ceil(this.ms * OVERSHOOT) + 1);
  }

  measured(ms: number): void {
    this.ms += (ms - this.ms) * NEWEST_WEIGHT;
  }

  /** It was still underway: the next kill may come later, so that all of the phase is met. */
  wasLonger(): void {
    this.ms *= GROWTH;
  }
}

/** Starts a daemon on the directory under torture. */
export type Spawn = () => KillableDaemon;

export class Killer {
  readonly figures: Readonly<Record<KillKind, KillFigures>> = {
    load: { rounds: 0, kills: 0, hits: 0 },
    merge: { rounds: 0, kills: 0, hits: 0 },
    recovery: { rounds: 0, kills: 0, hits: 0 },
    shutdown: { rounds: 0, kills: 0, hits: 0 },
  };
  readonly #random: SeededRandom;
  readonly #spawn: Spawn;
  readonly #merge = new Expectation(150);
  readonly #start = new Expectation(400);
  readonly #open = new Expectation(100);
  readonly #shutdown = new Expectation(60);

  constructor(random: SeededRandom, spawn: Spawn) {
    this.#random = random;
    this.#spawn = spawn;
  }

  /** A daemon came to serve: how long that took. */
  started(daemon: KillableDaemon): void {
    this.#start.measured(daemon.readyAtMs - daemon.spawnedAtMs);
    this.#open.measured(daemon.readyAtMs - daemon.openingAtMs);
  }

  /** Kills the daemon, which is under load, at a moment of this kind. */
  async kill(kind: KillKind, daemon: KillableDaemon): Promise<void> {
    this.figures[kind].rounds += 1;
    await sleep(this.#random.below(LOAD_MS_MAX));
    switch (kind) {
      case 'load':
        return this.#killNow('load', daemon, true);
      case 'merge':
        return this.#killInMerge(daemon);
      case 'recovery':
        return this.#killInRecovery(daemon);
      case 'shutdown':
        return this.#killInShutdown(daemon);
    }
  }

  async #killNow(kind: KillKind, daemon: KillableDaemon, isHit: boolean): Promise<void> {
    const figures = this.figures[kind];
    figures.kills += 1;
    if (isHit) figures.hits += 1;
    await daemon.kill();
  }

  async #killInMerge(daemon: KillableDaemon): Promise<void> {
    const client = await connect({ url: daemon.url, reconnect: false, clientName: 'merge' });
    let over = false;
    const startedAtMs = performance.now();
    const merging = client.merge().then(
      () => {
        over = true;
        this.#merge.measured(performance.now() - startedAtMs);
      },
      // an automatic merge is running: just as good
      () => {},
    );
    await sleep(this.#merge.moment(this.#random));
    if (!over) this.#merge.wasLonger();
    await this.#killNow('merge', daemon, !over);
    client.destroy();
    await merging;
  }

  /** Kills it under load, then again and again while it recovers. */
  async #killInRecovery(daemon: KillableDaemon): Promise<void> {
    await this.#killNow('recovery', daemon, false);
    const recoveries = this.#random.between(1, RECOVERIES_MAX);
    for (let count = 0; count < recoveries; count += 1) {
      const next = this.#spawn();
      if (this.#random.chance(0.25)) {
        await sleep(this.#start.moment(this.#random));
      } else {
        await next.untilOpening();
        await sleep(this.#open.moment(this.#random));
      }
      await this.#killNow('recovery', next, next.openingAtMs > 0 && next.readyAtMs === 0);
    }
  }

  async #killInShutdown(daemon: KillableDaemon): Promise<void> {
    const moment = this.#shutdown.moment(this.#random);
    const startedAtMs = performance.now();
    const killed = await daemon.stop(moment);
    const figures = this.figures.shutdown;
    if (killed) {
      figures.kills += 1;
      figures.hits += 1;
      this.#shutdown.wasLonger();
    } else {
      this.#shutdown.measured(performance.now() - startedAtMs);
    }
    if (!daemon.isOver) throw new TortureError('a daemon is left over');
  }
}
