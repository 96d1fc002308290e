/**
 * Kills a real daemon again and again under load, and checks after each restart that everything
 * acknowledged is there, whole, and nothing else. The choices follow from the seed; the moments,
 * being those of a real machine, do not.
 */

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseFileName } from '../../src/storage/format/file-names.ts';
import { checkAll } from './check.ts';
import { KillableDaemon } from './killable-daemon.ts';
import { KILL_KINDS, Killer, type KillFigures, type KillKind } from './kills.ts';
import { SeededRandom } from './seeded-random.ts';
import { TortureError } from './torture-error.ts';
import { Writer } from './writer.ts';

export interface TortureOptions {
  readonly rounds: number;
  readonly durability: 'always' | 'interval' | 'os';
  readonly seed: number;
  /** Takes a line of progress. */
  readonly print: (line: string) => void;
}

export interface TortureReport {
  readonly rounds: number;
  readonly kills: Readonly<Record<KillKind, KillFigures>>;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly refused: number;
  /** Keys compared and values verified, over all checks. */
  readonly keysChecked: number;
  readonly valuesChecked: number;
  readonly seconds: number;
}

const WRITERS = 4;
const ROUNDS_PER_LINE = 10;

/** @throws TortureError at the first loss; the data directory is kept then */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const directory = await mkdtemp(join(tmpdir(), 'caskd-torture-'));
  const run = new TortureRun(options, directory);
  try {
    await run.all();
  } catch (thrown) {
    const { seed, durability } = options;
    const where = `round ${run.round}, seed ${seed}, durability ${durability}, data kept in ${directory}`;
    const what = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    throw new TortureError(`${where}\n${what}`);
  } finally {
    await run.end();
  }
  await rm(directory, { recursive: true });
  return run.report;
}

class TortureRun {
  round = 0;
  readonly #options: TortureOptions;
  readonly #directory: string;
  readonly #random: SeededRandom;
  readonly #writers: readonly Writer[];
  readonly #killer: Killer;
  readonly #startedAtMs = performance.now();
  #daemon: KillableDaemon | undefined;
  #keysChecked = 0;
  #valuesChecked = 0;

  constructor(options: TortureOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
    this.#random = new SeededRandom(options.seed);
    this.#writers = Array.from(
      { length: WRITERS },
      (_, index) => new Writer(`w${index}`, this.#random.fork()),
    );
    this.#killer = new Killer(this.#random.fork(), () => this.#spawn());
  }

  get report(): TortureReport {
    const sum = (of: (writer: Writer) => number) =>
      this.#writers.reduce((total, writer) => total + of(writer), 0);
    return {
      rounds: this.round,
      kills: this.#killer.figures,
      acknowledged: sum((writer) => writer.acknowledged),
      unknown: sum((writer) => writer.unknown),
      refused: sum((writer) => writer.refused),
      keysChecked: this.#keysChecked,
      valuesChecked: this.#valuesChecked,
      seconds: Math.round((performance.now() - this.#startedAtMs) / 100) / 10,
    };
  }

  async all(): Promise<void> {
    const { rounds, print } = this.#options;
    let daemon = await this.#start();
    for (this.round = 1; this.round <= rounds; this.round += 1) {
      daemon = await this.#doRound(daemon);
      if (this.round % ROUNDS_PER_LINE === 0) print(this.#progress());
    }
    this.round = rounds;
    await this.#stopInGoodOrder(daemon);
  }

  /** Leaves no process behind. */
  async end(): Promise<void> {
    await Promise.allSettled(this.#writers.map((writer) => writer.stop()));
    await this.#daemon?.destroy();
  }

  /** Load, kill, restart, check. */
  async #doRound(daemon: KillableDaemon): Promise<KillableDaemon> {
    const kind = KILL_KINDS[(this.round - 1) % KILL_KINDS.length] as KillKind;
    for (const writer of this.#writers) await writer.start(daemon.url);
    await this.#killer.kill(kind, daemon);
    for (const writer of this.#writers) await writer.stop();
    const next = await this.#start();
    await this.#check(next, `found after the kill in ${kind} of round ${this.round}`);
    return next;
  }

  /** After SIGTERM the store is clean: it opens without recovery, and nothing lies about. */
  async #stopInGoodOrder(daemon: KillableDaemon): Promise<void> {
    for (const writer of this.#writers) await writer.start(daemon.url);
    await daemon.stop();
    for (const writer of this.#writers) await writer.stop();
    const last = await this.#start();
    await this.#check(last, 'found after a stop in good order');
    await last.stop();
    for (const name of await readdir(this.#directory)) {
      const kind = parseFileName(name)?.kind;
      const isOurs = kind !== undefined && kind !== 'tmp' && kind !== 'aside';
      if (!isOurs) throw new TortureError(`${name} was left behind`);
    }
  }

  async #check(daemon: KillableDaemon, when: string): Promise<void> {
    const { keys, values, revisionMax } = await checkAll(daemon.url, this.#writers, when);
    this.#keysChecked += keys;
    this.#valuesChecked += values;
    const floor = Math.max(revisionMax, ...this.#writers.map((writer) => writer.revisionMax));
    for (const writer of this.#writers) writer.revisionFloor = floor;
    daemon.check();
  }

  async #start(): Promise<KillableDaemon> {
    const daemon = this.#spawn();
    await daemon.untilReady();
    this.#killer.started(daemon);
    return daemon;
  }

  /** Small segments, so that rolls and merges are frequent; other options as they fall. */
  #spawn(): KillableDaemon {
    const random = this.#random;
    const daemon = new KillableDaemon([
      ...['--data', this.#directory, '--durability', this.#options.durability],
      ...['--segment-bytes', '1m', '--sync-interval-ms', String(random.pick([5, 50, 1000]))],
      ...['--preallocate-bytes', random.pick(['0', '64k', '1m'])],
      ...['--cache-bytes', random.pick(['0', '1m', '16m'])],
      ...['--merge-check-interval-ms', random.pick(['50', '500', '10000'])],
      ...['--max-open-segments', random.pick(['2', '256'])],
    ]);
    this.#daemon = daemon;
    return daemon;
  }

  #progress(): string {
    const { acknowledged, unknown, valuesChecked, seconds } = this.report;
    const writes = `${acknowledged} writes acknowledged, ${unknown} unknown`;
    return `round ${this.round}: ${writes}, ${valuesChecked} values verified, ${seconds} s`;
  }
}

/** The report as lines for people. */
export function summaryOf(report: TortureReport): string[] {
  const kinds = Object.entries(report.kills).map(([kind, { rounds, kills, hits }]) => {
    const within = kind === 'load' ? '' : `, ${hits} of them while it was underway`;
    return `  ${kind}: ${rounds} rounds, ${kills} kills${within}`;
  });
  const { acknowledged, unknown, refused, keysChecked, valuesChecked } = report;
  return [
    `${report.rounds} rounds in ${report.seconds} s; kills by kind:`,
    ...kinds,
    `${acknowledged} writes acknowledged, ${unknown} with unknown outcome, ${refused} refused`,
    `${keysChecked} states of keys compared, ${valuesChecked} values verified; lost 0`,
  ];
}
