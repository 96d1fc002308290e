/** Reads one sealed segment and its hint for damage. A function over the seam. */

import { CaskError } from '../../errors/cask-error.ts';
import type { Environment, JobPort } from '../disk/environment.ts';
import { systemErrorCode } from '../disk/file-system.ts';
import { Throttle } from '../disk/throttle.ts';
import { hintName } from '../format/file-names.ts';
import { HintReader } from '../format/hint-reader.ts';
import type { DamageFacts } from '../format/manifest.ts';
import { type CheckedSegment, checkRecords } from './record-check.ts';

export interface ScrubJobInput {
  readonly directory: string;
  readonly uuid: Uint8Array;
  readonly segment: CheckedSegment;
  /** 0: no limit. */
  readonly bytesPerSecond: number;
}

export interface ScrubProgress {
  readonly type: 'progress';
  readonly bytesDone: number;
}

/** The last message of a scrub job. */
export interface ScrubJobResult {
  readonly type: 'scrubbed';
  readonly damage: readonly DamageFacts[];
  /** Why the hint cannot be used; undefined: it can, or there is none. */
  readonly hintProblem: string | undefined;
}

export type ScrubJobMessage = ScrubProgress | ScrubJobResult;

export async function runScrubJob(
  environment: Environment,
  port: JobPort,
  input: ScrubJobInput,
): Promise<void> {
  const { directory, segment, bytesPerSecond } = input;
  const throttle = new Throttle(environment, bytesPerSecond);
  const tell = (message: ScrubJobMessage): void => port.post({ ...message });
  const damage = await checkRecords(environment, directory, segment, (bytesDone) => {
    tell({ type: 'progress', bytesDone });
    return throttle.wait(bytesDone);
  });
  tell({ type: 'scrubbed', damage, hintProblem: await hintProblemOf(environment, input) });
}

async function hintProblemOf(
  environment: Environment,
  { directory, uuid, segment }: ScrubJobInput,
): Promise<string | undefined> {
  const binding = {
    uuid,
    segmentId: segment.id,
    salt: segment.salt,
    segmentBytes: segment.bytes,
  };
  let reader: HintReader | undefined;
  try {
    reader = await HintReader.open(environment.fs, `${directory}/${hintName(segment.id)}`, binding);
    for (;;) {
      const block = await reader.nextBlock();
      if (block === undefined) return undefined;
      while (block.next());
    }
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return undefined;
    if (error instanceof CaskError || code === 'EIO') return String(error);
    throw error;
  } finally {
    await reader?.close();
  }
}
