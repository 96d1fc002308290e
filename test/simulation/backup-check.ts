/** Whatever a crash leaves: every backup that looks complete restores to a state that existed. */

import { listBackups } from '../../src/storage/backup/backup-directory.ts';
import { isBackupName } from '../../src/storage/format/backup-name.ts';
import { restoreStore } from '../../src/storage/offline/index.ts';
import { CheckFailure, check, toCheckFailure } from './check-failure.ts';
import { BACKUPS, type TakenBackup } from './driver.ts';
import type { History } from './history.ts';
import { type DigestSet, imageDigest } from './image-digest.ts';
import { FAST } from './latency.ts';
import { judge } from './observation.ts';
import { DOWN_MS } from './recovery-check.ts';
import { storeOptionsOf } from './run-workload.ts';
import type { DiskSnapshot } from './simulated-disk.ts';
import type { Workload } from './workload.ts';
import { World } from './world.ts';

const RESTORED = '/restored';

export interface BackupCheck {
  readonly workload: Workload;
  readonly history: History;
  readonly keys: readonly string[];
  /** Those of the whole run. */
  readonly backups: readonly TakenBackup[];
  readonly image: DiskSnapshot;
  readonly nowMs: number;
  /** Backups that were restored already, by their content. */
  readonly seen: DigestSet;
}

/** The image with what lies at that path and below, and nothing else. */
export function partOf(image: DiskSnapshot, path: string): DiskSnapshot {
  const directories = new Map(
    [...image.directories].filter(([name]) => name === path || name.startsWith(`${path}/`)),
  );
  return { ...image, directories };
}

/** @returns how many were restored @throws CheckFailure */
export async function checkBackups(options: BackupCheck): Promise<number> {
  let restored = 0;
  for (const path of await completeBackups(options)) {
    if (!options.seen.add(imageDigest(partOf(options.image, path)), 0)) continue;
    restored += 1;
    try {
      await checkRestore(options, path);
    } catch (thrown) {
      const { check: name, message } = toCheckFailure(thrown, 'restore-failed');
      throw new CheckFailure(`${name}-in-backup`, `${path}: ${message}`, thrown);
    }
  }
  return restored;
}

function worldOf({ workload, image, nowMs }: BackupCheck): World {
  return new World({
    disk: image,
    latency: FAST,
    store: storeOptionsOf(workload),
    startMs: Math.ceil(nowMs) + DOWN_MS,
    directory: RESTORED,
  });
}

/** What has the name of a complete backup is one. */
async function completeBackups(options: BackupCheck): Promise<string[]> {
  const { fs, run } = bound(worldOf(options));
  if ((await run(fs.kindOf(BACKUPS))) === 'missing') return [];
  const named = (await run(fs.list(BACKUPS))).filter(({ name }) => isBackupName(name));
  const found = await run(listBackups(fs, BACKUPS));
  check(found.length === named.length, 'half-a-backup', () => {
    return `${named.map(({ name }) => name).join(', ')}: ${found.length} can be read`;
  });
  return found.map(({ path }) => path);
}

function bound(world: World) {
  return { fs: world.fs, run: <T>(work: Promise<T>): Promise<T> => world.run(work) };
}

async function checkRestore(options: BackupCheck, path: string): Promise<void> {
  const { history, keys, backups } = options;
  const taken = backups.find((backup) => backup.path === path);
  check(taken !== undefined, 'unknown-backup', () => 'the run knows of no such backup');
  const world = worldOf(options);
  const { environment } = world;
  const restoring = restoreStore({ backup: path, target: RESTORED, report() {}, environment });
  const { revision } = await world.run(restoring);
  check(revision === taken?.revision, 'wrong-revision', () => {
    return `it is of revision ${revision}, and ${taken?.revision} was told`;
  });
  await world.open();
  const observation = await world.observe(keys);
  for (const [key, entry] of observation.entries) {
    check(entry.revision <= revision, 'wrong-revision', () => `${key} has ${entry.revision}`);
  }
  judge(observation, history.between(taken?.fromTick ?? 0, taken?.toTick ?? 0));
  await world.checkHouse(observation);
}
