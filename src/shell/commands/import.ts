/** import: write the records of an NDJSON file, line by line, in the order of the file. */

import { CaskError } from '../../errors/cask-error.ts';
import { EXIT_INTERRUPTED, EXIT_OK, EXIT_SERVER_ERROR } from '../exit-codes.ts';
import { complain } from '../failure.ts';
import { type ImportRecord, ImportWindow } from '../import-window.ts';
import { openInput } from '../input-file.ts';
import { bytesOf, integerOf, LineError, parseJsonObject, refuseUnknown } from '../json-bytes.ts';
import { type NumberedLine, numberedLines } from '../ndjson-lines.ts';
import { printResult } from '../print-result.ts';
import { ProgressBar } from '../progress.ts';
import { formatCount, formatDuration } from '../quantity.ts';
import { isCancelled } from '../repetition.ts';
import { type Shell, throwIfCancelled } from '../shell.ts';
import type { CommandSpec } from './command.ts';

const NAMES = new Set(['key', 'key_b64', 'value', 'value_b64', 'ttl_ms']);
/** Bad lines named one by one; further ones are only counted. */
const COMPLAINTS_MAX = 1000;

export const importCommand: CommandSpec = {
  name: 'import',
  summary: 'write the records of a file',
  args: [{ name: '<file>', kind: 'file', summary: 'NDJSON; - is standard input' }],
  flags: [],
  notes:
    'One JSON object per line:\n' +
    '  {"key":"k","value":"v"}    {"key_b64":"/w==","value_b64":"AAE=","ttl_ms":60000}\n' +
    'Lines are written in order, many at a time. A line that is malformed or refused is named by\n' +
    'its number on stderr, the rest goes on, and the exit code is 1. At the end everything is on\n' +
    'disk. Ctrl-C ends it with exit code 130, and says how much is written.',
  heedsInterrupt: () => true,

  async run(invocation) {
    const { shell, args } = invocation;
    const input = await openInput(shell, args[0] ?? '');
    const client = await shell.client();
    const bar = new ProgressBar(shell.io.stderr, { unit: 'lines', bytesTotal: input.bytesTotal });
    const run = new ImportRun(shell, bar);
    const window = new ImportWindow(client, run);
    // a source that says nothing for long must not keep Ctrl-C waiting
    const stop = (): void => void input.stream.destroy(new CaskError('CANCELLED', 'cancelled'));
    shell.signal?.addEventListener('abort', stop, { once: true });
    try {
      for await (const lines of numberedLines(input.stream)) await run.take(lines, window);
      await window.finish();
      await client.sync({ timeoutMs: 0 });
    } catch (error) {
      bar.clear();
      const isInterrupted = isCancelled(error, shell.signal);
      const written = `${formatCount(window.written)} records were written`;
      const more = isInterrupted ? ', and perhaps some of those behind' : '';
      const code = isInterrupted ? 'INTERRUPTED' : 'STOPPED';
      complain(shell.io, code, `the import stopped after ${written}${more}`);
      if (isInterrupted) return EXIT_INTERRUPTED;
      throw error;
    } finally {
      shell.signal?.removeEventListener('abort', stop);
    }
    bar.clear();
    const facts = { imported: window.written, refused: run.refusals, ms: bar.elapsedMs() };
    await printResult(invocation, facts, sentenceOf(facts));
    return run.refusals > 0 ? EXIT_SERVER_ERROR : EXIT_OK;
  },
};

function sentenceOf(facts: { imported: number; refused: number; ms: number }): string {
  const rate = formatCount(Math.round(facts.imported / Math.max(facts.ms / 1000, 0.001)));
  const took = formatDuration(Math.round(facts.ms));
  const counts = `${formatCount(facts.imported)} imported, ${formatCount(facts.refused)} refused`;
  return `${counts}, ${took} (${rate}/s)`;
}

/** The lines of one import: parsed, counted, complained of. */
class ImportRun {
  readonly #shell: Shell;
  readonly #bar: ProgressBar;
  #refusals = 0;

  constructor(shell: Shell, bar: ProgressBar) {
    this.#shell = shell;
    this.#bar = bar;
  }

  /** Lines that were malformed or refused. */
  get refusals(): number {
    return this.#refusals;
  }

  async take(lines: Iterable<NumberedLine>, window: ImportWindow): Promise<void> {
    throwIfCancelled(this.#shell.signal);
    let bytesRead = 0;
    for (const line of lines) {
      bytesRead = line.bytesRead;
      const record = this.#recordOf(line);
      const full = record === undefined ? undefined : window.add(record);
      if (full === undefined) continue;
      await full;
      this.#bar.update(window.written, bytesRead);
    }
  }

  refused({ line }: ImportRecord, error: CaskError): void {
    this.#refuse(error.code, line, error.message);
  }

  #recordOf({ number, text, problem }: NumberedLine): ImportRecord | undefined {
    try {
      if (problem !== undefined) throw new LineError(problem);
      return parseRecord(number, text);
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      this.#refuse('BAD_LINE', number, error.message);
      return undefined;
    }
  }

  #refuse(code: string, line: number, why: string): void {
    this.#refusals += 1;
    if (this.#refusals > COMPLAINTS_MAX) return;
    this.#bar.clear();
    complain(this.#shell.io, code, `line ${line}: ${why}`);
    if (this.#refusals === COMPLAINTS_MAX) {
      complain(this.#shell.io, code, 'further lines that are refused are only counted');
    }
  }
}

function parseRecord(line: number, text: string): ImportRecord {
  const object = parseJsonObject(text);
  refuseUnknown(object, NAMES);
  const ttlMs = integerOf(object, 'ttl_ms', 1);
  return { line, key: bytesOf(object, 'key'), value: bytesOf(object, 'value'), ttlMs };
}
