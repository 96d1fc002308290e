/** `-r` and `-i`: a command run again and again. */

import { setTimeout as sleep } from 'node:timers/promises';
import { CaskError } from '../errors/cask-error.ts';
import type { Flags } from './commands/command.ts';
import { EXIT_OK, UsageError } from './exit-codes.ts';

export interface Repetition {
  readonly times: number;
  /** Between two runs; undefined: none. */
  readonly seconds: number | undefined;
}

/** What the flags ask for; undefined: the command is run once. */
export function repetitionOf(flags: Flags): Repetition | undefined {
  const times = flags.number('repeat');
  const seconds = flags.number('interval');
  if (times === undefined && seconds === undefined) return undefined;
  return { times: times ?? Number.POSITIVE_INFINITY, seconds };
}

/**
 * Runs until it has been often enough or the signal fires. A run that fails does not end it, save
 * for a wrong command line. @returns the exit code of the last run that failed
 */
export async function repeat(
  { times, seconds }: Repetition,
  signal: AbortSignal | undefined,
  run: () => Promise<number>,
  failed: (thrown: unknown) => number,
): Promise<number> {
  let exitCode = EXIT_OK;
  for (let round = 1; round <= times && !signal?.aborted; round++) {
    if (round > 1 && seconds !== undefined && !(await pause(seconds, signal))) break;
    const code = await run().catch((thrown: unknown) => {
      if (thrown instanceof UsageError) throw thrown;
      return isCancelled(thrown, signal) ? EXIT_OK : failed(thrown);
    });
    if (code !== EXIT_OK) exitCode = code;
  }
  return exitCode;
}

/** @returns false: the signal fired meanwhile */
export async function pause(seconds: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await sleep(seconds * 1000, undefined, signal === undefined ? {} : { signal });
    return true;
  } catch {
    return false;
  }
}

/** Was it thrown because the signal fired? */
export function isCancelled(thrown: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true && thrown instanceof CaskError && thrown.code === 'CANCELLED';
}
