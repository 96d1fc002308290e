/**
 * The process dies at every single operation on files: during writes, rolls, merges, hints,
 * closing, and recovery itself. What was acknowledged is there; a batch is whole or absent.
 */

import { describe, expect, it } from 'vitest';
import { expectTidy, inspect } from './world/inspect.ts';
import { Journal } from './world/journal.ts';
import { scratchDirectories } from './world/scratch.ts';
import { SeededRandom } from './world/seeded-random.ts';
import { TestClock } from './world/test-clock.ts';
import { Workload, type WorkloadOptions } from './world/workload.ts';
import { Killed, World, type WorldOptions } from './world/world.ts';

const newDirectory = scratchDirectories();

/** Runs `work` in a new world; true when it came to its end, false when the world did. */
async function inWorld(
  options: WorldOptions,
  work: (world: World) => Promise<void>,
): Promise<{ readonly finished: boolean; readonly operations: number }> {
  const world = new World(options);
  try {
    await work(world);
    return { finished: true, operations: world.operations };
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return { finished: false, operations: world.operations };
  } finally {
    await world.bury();
  }
}

/** Opens what a crash left, checks it, writes more, closes, and looks again. */
async function checkAfterwards(
  directory: string,
  journal: Journal,
  clock: TestClock,
): Promise<void> {
  const world = new World({ clock });
  const store = await world.open(directory);
  journal.settleOn(await inspect(store));
  const { revision } = await store.put('after', 'the crash');
  expect(revision).toBeGreaterThan(journal.revisionSeen);
  journal.revisionSeen = revision;
  journal.issue([{ type: 'put', key: 'after', value: 'the crash' }])();
  journal.settleOn(await inspect(store));
  await store.close();
  await expectTidy(directory, world);
  await world.bury();
  const again = new World({ clock });
  const reopened = await again.open(directory);
  expect(reopened.stats().opened).toMatchObject({ clean: true, scanned: 0 });
  journal.settleOn(await inspect(reopened));
  await reopened.close();
  await again.bury();
}

interface Sweep extends WorkloadOptions {
  readonly tickMs: number;
  readonly tornShare: number;
  /** Every so many operations, from `first` on. */
  readonly stride: number;
  readonly first: number;
}

/** Kills one run of the workload at `killAt`, and then each recovery a little later than the last. */
async function killAt(killPoint: number, sweep: Sweep): Promise<boolean> {
  const directory = newDirectory();
  const journal = new Journal();
  const clock = new TestClock();
  const { tickMs, tornShare } = sweep;
  const run = await inWorld({ clock, tickMs, tornShare, killAt: killPoint }, (world) =>
    new Workload(world, directory, journal, sweep).run(),
  );
  const random = new SeededRandom(killPoint);
  for (let recoveries = 0; recoveries < 2; recoveries += 1) {
    const at = 1 + random.below(40);
    await inWorld({ clock, tickMs, tornShare, killAt: at }, async (world) => {
      const store = await world.open(directory, sweep.open);
      await world.live(store.whenIndexReady());
      world.kill();
    });
  }
  await checkAfterwards(directory, journal, clock);
  return run.finished;
}

async function sweepAll(sweep: Sweep): Promise<void> {
  let point = sweep.first;
  for (;;) {
    try {
      if (await killAt(point, sweep)) break;
    } catch (error) {
      const message = `killed at operation ${point} of ${JSON.stringify(sweep)}`;
      throw new Error(message, { cause: error });
    }
    point += sweep.stride;
  }
  expect(point).toBeGreaterThan(200);
}

/** A longer run: `CASKD_CRASH_SEED=7 CASKD_CRASH_STRIDE=1 npx vitest run test/crash/kill-anywhere`. */
const seed = Number(process.env['CASKD_CRASH_SEED'] ?? Math.floor(Math.random() * 1e6));
const stride = Number(process.env['CASKD_CRASH_STRIDE'] ?? 29);
const first = 1 + (seed % stride);
const common = { seed, steps: 60, stride, first };

describe(`7. and 8. a crash at every step, and in the recovery from it (CASKD_CRASH_SEED=${seed})`, () => {
  it('with a fast disk: everything on the loop', async () => {
    await sweepAll({ ...common, tickMs: 0, tornShare: 0 });
  });

  it('with a slow disk: everything in the thread pool, in slices', async () => {
    await sweepAll({ ...common, tickMs: 6, tornShare: 0 });
  });

  it('with the last write torn', async () => {
    await sweepAll({ ...common, tickMs: 0, tornShare: 0.6 });
  });

  it('without syncs before answers, and with a slow disk', async () => {
    await sweepAll({ ...common, tickMs: 6, tornShare: 0.3, open: { durability: 'os' } });
  });
});
