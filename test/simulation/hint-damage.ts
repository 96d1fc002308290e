/** Hints that are missing, of another segment, cut, flipped: the store must hold the same. */

import type { SeededRandom } from './seeded-random.ts';
import { applyOperations, type DiskSnapshot, type FileSnapshot } from './simulated-disk.ts';

const DIRECTORY = '/data';

/** The image without any hint. */
export function withoutHints(image: DiskSnapshot): DiskSnapshot {
  const directories = new Map(
    [...image.directories].map(([path, { durable, pending }]) => {
      const kept = [...durable].filter(([name]) => !name.endsWith('.hint'));
      return [path, { durable: new Map(kept), pending }] as const;
    }),
  );
  return { ...image, directories };
}

/** The image with something done to each of its hints; the same object when it has none. */
export function withDamagedHints(image: DiskSnapshot, random: SeededRandom): DiskSnapshot {
  const directory = image.directories.get(DIRECTORY);
  if (directory === undefined || directory.pending.length > 0) return image;
  const hints = [...directory.durable].filter(([name]) => name.endsWith('.hint')).sort();
  if (hints.length === 0) return image;
  const entries = new Map(directory.durable);
  const files = new Map(image.files);
  for (const [name, id] of hints) {
    const other = random.pick(hints)[1];
    const file = files.get(id);
    if (file === undefined) continue;
    if (random.chance(0.5)) entries.set(name, other);
    else if (random.chance(0.3)) entries.delete(name);
    else files.set(id, damaged(file, random));
  }
  const directories = new Map(image.directories);
  directories.set(DIRECTORY, { durable: entries, pending: [] });
  return { ...image, files, directories };
}

function damaged(file: FileSnapshot, random: SeededRandom): FileSnapshot {
  const bytes = applyOperations(file.durable, file.pending);
  if (bytes.length === 0) return file;
  if (random.chance(0.3)) {
    return { ...file, durable: bytes.slice(0, random.below(bytes.length)), pending: [] };
  }
  const durable = bytes.slice();
  const at = random.below(durable.length);
  durable[at] = (durable[at] as number) ^ (1 << random.below(8));
  return { ...file, durable, pending: [] };
}
