/**
 * Small records in a daemon that is granted little memory: the most that was resident while they
 * were imported, read at random, in ranges, and after a restart.
 */

import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { generateLoad } from '../bench/load/generate-load.ts';
import { keyOf, VALUE_BYTES } from '../bench/load/keys.ts';
import { ChildDaemon, type DaemonProgram } from '../child-daemon.ts';
import { fileBytesOf, forgetPeak, peakResidentBytesOf } from '../process-figures.ts';
import { MemoryGroup } from './memory-group.ts';

const MIB = 1024 * 1024;
const SHELL = fileURLToPath(new URL('../../bin/caskctl.js', import.meta.url));
const LINES_PER_CHUNK = 1000;
const PAGE_ITEMS = 100;

export interface MemoryGrant {
  readonly records: number;
  readonly bytes: number;
}

/** What a small machine, or a container, gives. */
export const MEMORY_GRANTS: readonly MemoryGrant[] = [
  { records: 100_000, bytes: 120 * MIB },
  { records: 1_000_000, bytes: 256 * MIB },
];

export interface MemoryRow {
  readonly records: number;
  readonly grantedBytes: number;
  /** Phases with the most that was resident meanwhile. */
  readonly peaks: readonly (readonly [string, number])[];
  /** Pages of files that were mapped at the end: Node's, mostly, shared with all that run it. */
  readonly fileBytes: number;
  /** The kernel held the daemon to it; else it was only looked at. */
  readonly isEnforced: boolean;
}

/**
 * Within what was granted throughout. Where the kernel enforces it the daemon would be gone else;
 * what is resident may be more then, by pages of the program's file that others have read before.
 */
export function fits({ grantedBytes, peaks, isEnforced }: MemoryRow): boolean {
  return isEnforced || peaks.every(([, bytes]) => bytes <= grantedBytes);
}

export async function measureMemory(
  { records, bytes }: MemoryGrant,
  program: DaemonProgram,
  print: (line: string) => void,
): Promise<MemoryRow> {
  const directory = await mkdtemp(join(tmpdir(), 'caskd-memory-'));
  const group = MemoryGroup.create(`caskd-memory-${process.pid}`, bytes);
  const isEnforced = typeof group !== 'string';
  if (!isEnforced) print(`no limit could be set (${group}): what is resident is compared with it`);
  const run = new MemoryRun(directory, isEnforced ? group.launcher : [], program, bytes);
  try {
    const peaks = await run.all(records);
    const row = { records, grantedBytes: bytes, peaks, fileBytes: run.fileBytes, isEnforced };
    print(lineOf(row));
    return row;
  } finally {
    await run.end();
    if (isEnforced) group.remove();
    await rm(directory, { recursive: true, force: true });
  }
}

class MemoryRun {
  fileBytes = 0;
  readonly #directory: string;
  readonly #launcher: readonly string[];
  readonly #program: DaemonProgram;
  readonly #flags: readonly string[];
  readonly #peaks: (readonly [string, number])[] = [];
  #daemon: ChildDaemon | undefined;

  constructor(
    directory: string,
    launcher: readonly string[],
    program: DaemonProgram,
    bytes: number,
  ) {
    this.#directory = directory;
    this.#launcher = launcher;
    this.#program = program;
    // without a group the daemon would take its shares of the whole machine
    const shares = ['--max-keydir-bytes', String(bytes / 4), '--cache-bytes', String(bytes / 16)];
    const data = ['--data', join(directory, 'data'), '--http', '127.0.0.1:0'];
    this.#flags = launcher.length > 0 ? data : [...data, ...shares];
  }

  async all(records: number): Promise<readonly (readonly [string, number])[]> {
    const file = join(this.#directory, 'records.ndjson');
    await pipeline(linesOf(records), createWriteStream(file));
    await this.#start();
    const daemon = this.#daemon as ChildDaemon;
    await this.#note('start');
    const command = [SHELL, '--url', daemon.url, 'import', file];
    await promisify(execFile)(process.execPath, command);
    await this.#note('import');
    await this.#serve('', records);
    await daemon.stop();
    await this.#start();
    await this.#daemon?.msUntil('index-ready');
    await this.#note('start again');
    await this.#serve('again ', records);
    await this.#daemon?.stop();
    return this.#peaks;
  }

  async end(): Promise<void> {
    await this.#daemon?.kill();
  }

  async #start(): Promise<void> {
    this.#daemon = await ChildDaemon.start(this.#flags, this.#program, this.#launcher);
  }

  /** @throws when a value is wrong */
  async #serve(when: string, keys: number): Promise<void> {
    const daemon = this.#daemon as ChildDaemon;
    await generateLoad(daemon, { kind: 'get', connections: 50, depth: 8, keys });
    await this.#note(`${when}reads`);
    const range = { kind: 'range', connections: 4, depth: 8, pageItems: PAGE_ITEMS } as const;
    await generateLoad(daemon, { ...range, keys });
    await this.#note(`${when}ranges`);
  }

  /** The peak since the phase before. */
  async #note(phase: string): Promise<void> {
    const { pid } = this.#daemon as ChildDaemon;
    this.#peaks.push([phase, await peakResidentBytesOf(pid)]);
    this.fileBytes = await fileBytesOf(pid);
    await forgetPeak(pid);
  }
}

function* linesOf(records: number): Generator<string> {
  const value = 'v'.repeat(VALUE_BYTES);
  for (let index = 0; index < records; index += LINES_PER_CHUNK) {
    const count = Math.min(LINES_PER_CHUNK, records - index);
    const lines = Array.from({ length: count }, (_, at) => {
      return `${JSON.stringify({ key: keyOf(index + at), value })}\n`;
    });
    yield lines.join('');
  }
}

function lineOf(row: MemoryRow): string {
  const phases = row.peaks.map(([phase, bytes]) => `${phase} ${mib(bytes)}`);
  const most = Math.max(...row.peaks.map(([, bytes]) => bytes));
  const verdict = fits(row) ? '' : ' EXCEEDED';
  const granted = `${mib(row.grantedBytes)} MiB granted${row.isEnforced ? ', enforced' : ''}`;
  const file = `${mib(row.fileBytes)} of them of the program's file`;
  return [
    `${row.records} records, ${granted}: resident at most ${mib(most)} MiB, ${file}${verdict}`,
    `  MiB by phase: ${phases.join(', ')}`,
  ].join('\n');
}

function mib(bytes: number): string {
  return String(Math.round(bytes / MIB));
}
