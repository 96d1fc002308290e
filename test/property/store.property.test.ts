/** Random histories of a store against a model. A failure prints its seed and the shortest one. */

import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { scratchDirectories } from '../crash/world/scratch.ts';
import { COMMANDS } from './commands.ts';
import { StoreModel } from './store-model.ts';
import { Subject } from './subject.ts';

const newDirectory = scratchDirectories();

/** `CASKD_PROPERTY_RUNS=5000 npx vitest run test/property` looks longer. */
const numRuns = Number(process.env['CASKD_PROPERTY_RUNS'] ?? 250);
/** Far more than the runs take; time decides nothing here. */
const TIMEOUT_MS = Math.max(300_000, numRuns * 500);

it(
  'a store is what its model is',
  async () => {
    const preallocations = fc.constantFrom(0, 1024, 4096);
    const histories = fc.commands(COMMANDS, { maxCommands: 50, size: '+1' });
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(preallocations, histories, async (preallocateBytes, commands) => {
        runs += 1;
        const directory = newDirectory();
        const real = new Subject(directory, preallocateBytes);
        await real.open();
        try {
          await fc.asyncModelRun(
            () => ({ model: new StoreModel(real.clock.wall), real }),
            commands,
          );
          await real.store.close();
          await expect.poll(() => real.world.fs.openCount).toBe(0);
        } finally {
          await real.world.bury();
          rmSync(directory, { recursive: true });
        }
      }),
      { numRuns },
    );
    expect(runs).toBeGreaterThanOrEqual(numRuns);
  },
  TIMEOUT_MS,
);
