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

const NAMES = new Set(['key', 'key_b64', 'value', 'value_b64', 'ttl_ms', 'expires_at']);
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
    'In place of ttl_ms may stand expires_at, in ms since 1970: what has expired is left out, and\n' +
    'counted. Lines are written in order, many at a time. A line that is malformed or refused is\n' +
    'named by its number on stderr, the rest goes on, and the exit code is 1. At the end everything\n' +
    'is on disk. Ctrl-C ends it with exit code 130, and says how much is written.',
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
    const { written: imported } = window;
    const { refusals: refused, expired } = run;
    const facts = { imported, refused, expired, ms: bar.elapsedMs() };
    await printResult(invocation, facts, sentenceOf(facts));
    return run.refusals > 0 ? EXIT_SERVER_ERROR : EXIT_OK;
  },
};

interface ImportFacts {
  readonly imported: number;
  readonly refused: number;
  readonly expired: number;
  readonly ms: number;
}

function sentenceOf(facts: ImportFacts): string {
  const rate = formatCount(Math.round(facts.imported / Math.max(facts.ms / 1000, 0.001)));
  const took = formatDuration(Math.round(facts.ms));
  const counts = `${formatCount(facts.imported)} imported, ${formatCount(facts.refused)} refused`;
  const gone = facts.expired > 0 ? `, ${formatCount(facts.expired)} had expired` : '';
  return `${counts}${gone}, ${took} (${rate}/s)`;
}

/** The lines of one import: parsed, counted, complained of. */
class ImportRun {
  readonly #shell: Shell;
  readonly #bar: ProgressBar;
  #refusals = 0;
  /** Lines whose entry has expired. */
  expired = 0;

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
      const record = parseRecord(number, text, Date.now());
      if (record === undefined) this.expired += 1;
      return record;
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

/** By our clock: where it differs from the server's, an expiry is off by as much. */
function parseRecord(line: number, text: string, now: number): ImportRecord | undefined {
  const object = parseJsonObject(text);
  refuseUnknown(object, NAMES);
  const record = { line, key: bytesOf(object, 'key'), value: bytesOf(object, 'value') };
  const ttlMs = integerOf(object, 'ttl_ms', 1);
  const expiresAt = integerOf(object, 'expires_at', 0);
  if (expiresAt === undefined) return { ...record, ttlMs };
  if (ttlMs !== undefined) throw new LineError('"ttl_ms" and "expires_at" exclude each other');
  return expiresAt > now ? { ...record, ttlMs: expiresAt - now } : undefined;
}
