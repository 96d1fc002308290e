/**
 * Runs a real daemon for a while with everything at once, and checks every answer: the load of many
 * connections, slow and idle ones, merges, backups, scrubs, changes of settings; kills and stops in
 * the first half, then one long life whose memory and descriptors are judged. The choices follow
 * from the seed; the moments, being those of a real machine, do not.
 */

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CaskClient, connect } from '../../src/client/index.ts';
import { verifyStore } from '../../src/storage/offline/index.ts';
import { descriptorsOf } from '../process-figures.ts';
import { checkAll } from '../torture/check.ts';
import type { KeyOwner } from '../torture/key-owner.ts';
import { KillableDaemon } from '../torture/killable-daemon.ts';
import { SeededRandom } from '../torture/seeded-random.ts';
import { TortureError } from '../torture/torture-error.ts';
import { openIdle, SlowReader } from './bystanders.ts';
import { LIMIT_FLAGS, memoryBound } from './memory-bound.ts';
import { memoryTrend } from './memory-trend.ts';
import { Operator } from './operator.ts';
import { Prober } from './prober.ts';
import { chartOf, type SoakReport } from './report.ts';
import { figuresOf, Sampler } from './sampler.ts';
import { Worker } from './worker.ts';

export interface SoakOptions {
  /** Of load; starts and checks come on top. */
  readonly seconds: number;
  readonly seed: number;
  /** Takes a line of progress. */
  readonly print: (line: string) => void;
}

const WORKERS = 12;
const IDLE_CONNECTIONS = 50;
const SLOW_READERS = 4;
const NEVER_READERS = 2;
/** Lives that end early are this part of the run at the longest, and this long at the least. */
const EARLY_LIFE_SHARE_MAX = 0.2;
const EARLY_LIFE_SECONDS_MIN = 2;
/** For the daemon to notice that its clients have gone. */
const GOODBYE_MS_MAX = 60_000;
const POLL_MS = 50;

/** @throws TortureError at the first wrong answer; the work directory is kept, as it is otherwise */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const directory = await mkdtemp(join(tmpdir(), 'caskd-soak-'));
  const run = new SoakRun(options, directory);
  try {
    await run.all();
  } catch (thrown) {
    const what = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    throw new TortureError(`life ${run.life}, seed ${options.seed}, kept in ${directory}\n${what}`);
  } finally {
    await run.end();
  }
  const { report } = run;
  await writeFile(report.chartPath, chartOf(report));
  await rm(join(directory, 'data'), { recursive: true });
  await rm(join(directory, 'backups'), { recursive: true, force: true });
  return report;
}

/** What is connected to one life of the daemon. */
interface Company {
  readonly monitor: CaskClient;
  readonly idle: readonly CaskClient[];
  readonly slow: readonly SlowReader[];
}

class SoakRun {
  life = 0;
  readonly #options: SoakOptions;
  readonly #directory: string;
  readonly #random: SeededRandom;
  readonly #workers: readonly Worker[];
  readonly #prober = new Prober();
  readonly #operator: Operator;
  readonly #sampler = new Sampler();
  readonly #restarts: number[] = [];
  #daemon: KillableDaemon | undefined;
  #company: Company | undefined;
  #kills = 0;
  #stops = 0;
  #fullChecks = 0;
  #valuesChecked = 0;
  #boundBytes = 0;
  #descriptors = { before: 0, after: 0 };

  constructor(options: SoakOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
    this.#random = new SeededRandom(options.seed);
    this.#workers = Array.from({ length: WORKERS }, (_, index) => {
      return new Worker(`w${index}`, this.#random.fork());
    });
    this.#operator = new Operator(this.#random.fork());
  }

  get report(): SoakReport {
    const sum = (of: (worker: Worker) => number) =>
      this.#workers.reduce((total, worker) => total + of(worker), 0);
    const { samples, seconds } = this.#sampler;
    return {
      seed: this.#options.seed,
      seconds,
      samples,
      restarts: this.#restarts,
      kills: this.#kills,
      stops: this.#stops,
      operations: sum((worker) => worker.operations),
      acknowledged: sum((worker) => worker.acknowledged) + this.#prober.acknowledged,
      unknown: sum((worker) => worker.unknown) + this.#prober.unknown,
      refused: sum((worker) => worker.refused) + this.#prober.refused,
      conflicts: sum((worker) => worker.conflicts),
      rangesDeleted: sum((worker) => worker.rangesDeleted),
      readsVerified: sum((worker) => worker.verified),
      fullChecks: this.#fullChecks,
      valuesChecked: this.#valuesChecked,
      chores: this.#operator.done,
      boundBytes: this.#boundBytes,
      memory: memoryTrend(samples.filter(({ life }) => life === this.life)),
      maxBytes: memoryTrend(samples).maxBytes,
      descriptors: this.#descriptors,
      chartPath: join(this.#directory, 'soak.svg'),
    };
  }

  async all(): Promise<void> {
    const { seconds } = this.#options;
    for (let left = seconds / 2; left > 0; ) {
      const share = seconds * EARLY_LIFE_SHARE_MAX * (this.#random.below(1000) / 1000);
      const lifeSeconds = Math.max(EARLY_LIFE_SECONDS_MIN, share);
      left -= lifeSeconds;
      await this.#live(Math.min(lifeSeconds, left + lifeSeconds));
      await this.#endEarly();
    }
    await this.#liveLong(seconds / 2);
  }

  /** Leaves no process and no connection behind. */
  async end(): Promise<void> {
    await Promise.allSettled([
      this.#sampler.stop(),
      this.#prober.stop(),
      this.#operator.stop(),
      ...this.#workers.map((worker) => worker.stop()),
      this.#leave(),
    ]);
    await this.#daemon?.destroy();
  }

  /** Starts a daemon, checks what it has, and loads it for so long. */
  async #live(seconds: number): Promise<KillableDaemon> {
    this.life += 1;
    const daemon = this.#spawn();
    await daemon.untilReady();
    if (this.life > 1) this.#restarts.push(this.#sampler.seconds);
    await this.#check(daemon, `found at the start of life ${this.life}`);
    const monitor = await connect({ url: daemon.url, reconnect: false, clientName: 'monitor' });
    this.#company = { monitor, idle: [], slow: [] };
    const { limits } = await figuresOf(monitor);
    this.#boundBytes = memoryBound(limits);
    this.#descriptors.before = await this.#ownDescriptors(daemon, monitor);
    await this.#load(daemon, monitor);
    await this.#whileWell(seconds);
    return daemon;
  }

  async #load({ url, pid }: KillableDaemon, monitor: CaskClient): Promise<void> {
    for (const worker of this.#workers) await worker.start(url);
    await this.#prober.start(url);
    const idle = await openIdle(url, IDLE_CONNECTIONS);
    const slow = Array.from({ length: SLOW_READERS + NEVER_READERS }, (_, index) => {
      return new SlowReader(url, index < SLOW_READERS);
    });
    this.#company = { monitor, idle, slow };
    await this.#operator.start(url);
    const takeDurations = () => this.#prober.takeDurations();
    this.#sampler.start({ pid, life: this.life, client: monitor, takeDurations });
  }

  /** Waits, and no longer than until something is wrong. */
  async #whileWell(seconds: number): Promise<void> {
    const until = performance.now() + seconds * 1000;
    let nextLineAt = performance.now() + 10_000;
    while (performance.now() < until) {
      await sleep(Math.min(POLL_MS * 4, until - performance.now()));
      for (const owner of this.#owners) if (owner.problem !== undefined) throw owner.problem;
      if (performance.now() < nextLineAt) continue;
      nextLineAt += 10_000;
      this.#options.print(this.#progress());
    }
  }

  /** With -9 or in good order, in the middle of everything. */
  async #endEarly(): Promise<void> {
    const daemon = this.#daemon as KillableDaemon;
    // whatever the seed: a run of two restarts has one of each
    const isKill = this.#kills === 0 || (this.#stops > 0 && this.#random.chance(0.6));
    if (isKill) {
      await daemon.kill();
      this.#kills += 1;
    } else {
      await daemon.stop();
      this.#stops += 1;
    }
    await this.#disconnect();
  }

  async #disconnect(): Promise<void> {
    await this.#sampler.stop();
    for (const worker of this.#workers) await worker.stop();
    await this.#prober.stop();
    await this.#operator.stop();
    await this.#leave();
  }

  async #leave(): Promise<void> {
    const company = this.#company;
    this.#company = undefined;
    for (const client of company?.idle ?? []) client.destroy();
    await Promise.all((company?.slow ?? []).map((reader) => reader.stop()));
    company?.monitor.destroy();
  }

  /** The life that is judged; it ends when all work is done and all clients have left. */
  async #liveLong(seconds: number): Promise<void> {
    const daemon = await this.#live(seconds);
    await this.#sampler.stop();
    await Promise.all(this.#workers.map((worker) => worker.finish()));
    await this.#operator.finish();
    await this.#prober.stop();
    await this.#pingIdle();
    await this.#leave();
    await this.#check(daemon, 'found at the end');
    await using monitor = await connect({ url: daemon.url, clientName: 'monitor' });
    await this.#untilAlone(monitor);
    this.#descriptors.after = await this.#ownDescriptors(daemon, monitor);
    monitor.destroy();
    await daemon.stop();
    this.#stops += 1;
    await this.#verifyFiles();
  }

  /** Those that asked for nothing are still served. */
  async #pingIdle(): Promise<void> {
    for (const client of this.#company?.idle ?? []) await client.ping();
  }

  async #untilAlone(monitor: CaskClient): Promise<void> {
    const until = performance.now() + GOODBYE_MS_MAX;
    for (;;) {
      const { server } = await figuresOf(monitor);
      if (server.connectionsOpen === 1) return;
      if (performance.now() > until) {
        const count = server.connectionsOpen - 1;
        throw new TortureError(`${count} connections are open whose clients have gone`);
      }
      await sleep(POLL_MS);
    }
  }

  /** Without those of segments, which come and go within a limit. */
  async #ownDescriptors({ pid }: KillableDaemon, monitor: CaskClient): Promise<number> {
    const { log } = await figuresOf(monitor);
    return (await descriptorsOf(pid)) - log.openFiles;
  }

  async #verifyFiles(): Promise<void> {
    const backups = join(this.#directory, 'backups');
    const names = await readdir(backups, { withFileTypes: true }).catch(() => []);
    const last = names
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort()
      .at(-1);
    const found: string[] = [];
    for (const path of ['data', ...(last === undefined ? [] : [join('backups', last)])]) {
      const report = (finding: object) => {
        found.push(`${path}: ${JSON.stringify(finding)}`);
      };
      const { clean } = await verifyStore({ directory: join(this.#directory, path), report });
      if (!clean) throw new TortureError(`damage in files:\n${found.join('\n')}`);
    }
  }

  get #owners(): readonly KeyOwner[] {
    return [...this.#workers, this.#prober];
  }

  async #check(daemon: KillableDaemon, when: string): Promise<void> {
    const { values, revisionMax } = await checkAll(daemon.url, this.#owners, when);
    this.#fullChecks += 1;
    this.#valuesChecked += values;
    const floor = Math.max(revisionMax, ...this.#owners.map((owner) => owner.revisionMax));
    for (const owner of this.#owners) owner.revisionFloor = floor;
    daemon.check();
  }

  #spawn(): KillableDaemon {
    const random = this.#random;
    const daemon = new KillableDaemon([
      ...['--data', join(this.#directory, 'data')],
      ...['--backup-directory', join(this.#directory, 'backups')],
      ...['--durability', random.pick(['always', 'interval', 'os'])],
      ...['--segment-bytes', random.pick(['16m', '32m']), '--preallocate-bytes', '1m'],
      ...['--max-open-segments', '16', '--merge-check-interval-ms', '500'],
      ...LIMIT_FLAGS,
    ]);
    this.#daemon = daemon;
    return daemon;
  }

  #progress(): string {
    const { seconds, operations, readsVerified, samples } = this.report;
    const mib = Math.round((samples.at(-1)?.residentBytes ?? 0) / 1024 / 1024);
    const done = `${operations} operations, ${readsVerified} entries verified`;
    return `${Math.round(seconds)} s, life ${this.life}: ${done}, ${mib} MiB resident`;
  }
}
