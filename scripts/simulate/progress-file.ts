/**
 * How far a long run came: seed, next task, and the states that were visited.
 *
 * ```
 *  offset  bytes  field
 *       0      8  magic "casksim1"
 *       8      8  seed          } float64, little-endian
 *      16      8  next task     }
 *      24      8  states n      }
 *      32     8n  digests       }
 *       .      n  cells
 * ```
 */

import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Campaign } from '../../test/simulation/campaign.ts';
import { DigestSet } from '../../test/simulation/image-digest.ts';

const MAGIC = 'casksim1';
const SEED_AT = MAGIC.length;
const NEXT_TASK_AT = SEED_AT + 8;
const STATES_AT = NEXT_TASK_AT + 8;
const DIGESTS_AT = STATES_AT + 8;

export interface Progress {
  readonly nextTask: number;
  readonly digests: DigestSet;
}

/** Undefined when there is no such file yet. @throws Error when it is of another run */
export async function readProgress(path: string, seed: number): Promise<Progress | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
  if (bytes.toString('latin1', 0, SEED_AT) !== MAGIC)
    throw new Error(`${path} is no progress file`);
  if (bytes.readDoubleLE(SEED_AT) !== seed) throw new Error(`${path} is of another seed`);
  const states = bytes.readDoubleLE(STATES_AT);
  const digests = new DigestSet();
  for (let row = 0; row < states; row += 1) {
    const digest = bytes.readDoubleLE(DIGESTS_AT + row * 8);
    digests.add(digest, bytes[DIGESTS_AT + states * 8 + row] as number);
  }
  return { nextTask: bytes.readDoubleLE(NEXT_TASK_AT), digests };
}

export async function saveProgress(path: string, seed: number, campaign: Campaign): Promise<void> {
  const { digests, cells } = campaign.digests.columns();
  const bytes = Buffer.alloc(DIGESTS_AT + digests.length * 9);
  bytes.write(MAGIC, 'latin1');
  bytes.writeDoubleLE(seed, SEED_AT);
  bytes.writeDoubleLE(campaign.nextTask, NEXT_TASK_AT);
  bytes.writeDoubleLE(digests.length, STATES_AT);
  for (const [row, digest] of digests.entries()) bytes.writeDoubleLE(digest, DIGESTS_AT + row * 8);
  bytes.set(cells, DIGESTS_AT + digests.length * 8);
  await writeFile(`${path}.tmp`, bytes);
  await rename(`${path}.tmp`, path);
}
