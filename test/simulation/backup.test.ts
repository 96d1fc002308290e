import { expect, test } from 'vitest';
import { type BackupCheck, checkBackups, partOf } from './backup-check.ts';
import { toCheckFailure } from './check-failure.ts';
import { type CrashMode, crashImage } from './crash-image.ts';
import { BACKUPS } from './driver.ts';
import { DigestSet, imageDigest } from './image-digest.ts';
import { runWorkload } from './run-workload.ts';
import { backupWorkload } from './workload.ts';

/** More of them: CASKD_BACKUP_SEEDS=500 npx vitest run test/simulation/backup.test.ts */
const SEEDS = Number(process.env['CASKD_BACKUP_SEEDS'] ?? 60);
const STEPS = 16;
const MODES: readonly CrashMode[] = ['drop', 'keep', 'tear', 'reorder', 'reorder'];

test('whatever a crash leaves of backups, those that are complete restore to a state that existed', {
  timeout: 300_000,
}, async () => {
  let states = 0;
  let restored = 0;
  let taken = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const workload = backupWorkload(seed, STEPS);
    const digests = new DigestSet();
    const seen = new DigestSet();
    let place = 'the live run';
    try {
      const { recording, history, keys, backups } = await runWorkload(workload);
      taken += backups.length;
      const facts: Omit<BackupCheck, 'image' | 'nowMs'> = {
        workload,
        history,
        keys,
        backups,
        seen,
      };
      for (const point of recording.points) {
        for (const [variant, mode] of MODES.entries()) {
          const image = crashImage(point.disk, { mode, variant });
          if (!digests.add(imageDigest(partOf(image, BACKUPS)), 0)) continue;
          states += 1;
          place = `${mode} ${variant} at ${point.what} (operation ${point.operation})`;
          restored += await checkBackups({ ...facts, image, nowMs: point.nowMs });
        }
      }
    } catch (thrown) {
      const { check, message } = toCheckFailure(thrown, 'unexpected-error');
      expect.fail(`seed ${seed}, ${place}: ${check}: ${message}`);
    }
  }
  console.log(`${taken} backups, ${states} crash states, ${restored} restores`);
  expect(taken).toBeGreaterThan(SEEDS);
  expect(restored).toBeGreaterThanOrEqual(taken);
});
