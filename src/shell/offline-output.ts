/** What the offline tools find, as lines for people or as NDJSON. */

import { CaskError } from '../errors/cask-error.ts';
import type { Finding, FindingLevel } from '../storage/offline/index.ts';
import type { Invocation } from './commands/command.ts';
import { formatBytes } from './escapes.ts';
import { jsonBytes } from './json-bytes.ts';
import { ProgressBar } from './progress.ts';
import { formatCount } from './quantity.ts';
import { paint, type ShellOutput, type Style, write } from './shell-io.ts';

const STYLES: Readonly<Record<FindingLevel, Style>> = {
  damage: 'red',
  info: 'gray',
  done: 'green',
};

/** Prints findings as they come, with a progress bar below them on a terminal. */
export class FindingPrinter {
  readonly #invocation: Invocation;
  #bar: ProgressBar | undefined;

  constructor(invocation: Invocation) {
    this.#invocation = invocation;
  }

  readonly report = (finding: Finding): Promise<void> => {
    const { shell, format } = this.#invocation;
    const { stdout } = shell.io;
    const line =
      format === 'json' ? JSON.stringify(jsonFinding(finding)) : findingLine(finding, stdout);
    return this.print(line);
  };

  readonly onProgress = (bytesDone: number, bytesTotal: number): void => {
    const { stderr } = this.#invocation.shell.io;
    this.#bar ??= new ProgressBar(stderr, { unit: undefined, bytesTotal });
    this.#bar.update(0, bytesDone);
  };

  /** The last line: the facts of a summary as an object, or a sentence. */
  summary(kind: string, facts: object, sentence: string): Promise<void> {
    if (this.#invocation.format !== 'json') return this.print(sentence);
    return this.print(JSON.stringify({ level: 'summary', kind, ...inSnakeCase(facts) }));
  }

  print(line: string): Promise<void> {
    this.clear();
    return write(this.#invocation.shell.io.stdout, `${line}\n`);
  }

  /** Takes the bar away, for a question or at the end. */
  clear(): void {
    this.#bar?.clear();
  }
}

/** `damage  seg-0000000001.log at 80, 50 bytes: the checksum ... (put k, sequence 1)`. */
export function findingLine(finding: Finding, stream: ShellOutput): string {
  const { level, file = '', offset, bytes, message } = finding;
  const length = bytes === undefined ? '' : `, ${formatCount(bytes)} bytes`;
  const where = offset === undefined ? '' : ` at ${offset}${length}`;
  const record = recordText(finding);
  const head = paint(stream, STYLES[level], level.padEnd(6));
  const place = `${file}${where}`;
  return `${head}  ${place}${place === '' ? '' : ': '}${message}${record === '' ? '' : ` (${record})`}`;
}

function recordText({ type, key, firstSequence, lastSequence }: Finding): string {
  const named = key === undefined ? '' : `${type ?? 'key'} ${formatBytes(key)}`;
  if (firstSequence === undefined) return named;
  const isOne = firstSequence === lastSequence;
  const range = isOne ? `sequence ${firstSequence}` : `sequences ${firstSequence}..${lastSequence}`;
  return named === '' ? range : `${named}, ${range}`;
}

function jsonFinding({ key, ...facts }: Finding): object {
  return { ...inSnakeCase(facts), ...(key === undefined ? {} : jsonBytes('key', key)) };
}

/** `firstSequence` -> `first_sequence`. */
function inSnakeCase(facts: object): object {
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      fact,
    ]),
  );
}

/** Runs offline work; an error of the file system keeps its own words. */
export async function withFileErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw new CaskError('IO_ERROR', error.message, { cause: error });
  }
}
