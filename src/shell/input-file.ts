/** A file to read, or stdin under the name `-`. */

import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { UsageError } from './exit-codes.ts';
import type { Shell } from './shell.ts';

export interface InputFile {
  readonly stream: Readable;
  /** Undefined where the size is not known beforehand. */
  readonly bytesTotal: number | undefined;
}

const READ_CHUNK_BYTES = 256 * 1024;

export async function openInput(shell: Shell, path: string): Promise<InputFile> {
  if (path === '-') return { stream: stdinOf(shell), bytesTotal: undefined };
  try {
    const file = await open(path);
    const facts = await file.stat();
    const bytesTotal = facts.isFile() ? facts.size : undefined;
    return { stream: file.createReadStream({ highWaterMark: READ_CHUNK_BYTES }), bytesTotal };
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${error instanceof Error ? error.message : error}`);
  }
}

/** Stdin as a source of values: not while it is where commands come from. */
export function stdinOf(shell: Shell): Readable {
  if (shell.stdinTaken) {
    throw new UsageError('standard input holds the commands here: give a value or a file instead');
  }
  return shell.io.stdin;
}
