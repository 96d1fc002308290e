/** The interactive shell: node:repl with our own evaluation, completion, history and hints. */

import { join } from 'node:path';
import { type REPLServer, start } from 'node:repl';
import { complete } from './completer.ts';
import { EXIT_OK } from './exit-codes.ts';
import { complain, reportFailure } from './failure.ts';
import { attachHints } from './hints.ts';
import type { ShellClient } from './shell-client.ts';
import { paint, type ShellIo } from './shell-io.ts';
import { splitWords } from './words.ts';

export interface ReplParts {
  readonly io: ShellIo;
  readonly url: string;
  client(): Promise<ShellClient>;
  /** Called when the first attempt to connect is over, and before the terminal is taken. */
  onBegin(): void;
  runLine(words: readonly string[], signal: AbortSignal): Promise<number>;
}

const EXIT_WORDS = new Set(['exit', 'quit']);

/** Resolves when the session is over. */
export async function runRepl(parts: ReplParts): Promise<number> {
  await greet(parts);
  parts.onBegin();
  const session = new ReplSession(parts);
  await session.ended;
  return EXIT_OK;
}

/** Says at once whether there is a server; without one the session goes on and tries again. */
async function greet({ io, url, client }: ReplParts): Promise<void> {
  try {
    await client();
    io.stdout.write(`connected to ${url}; help lists the commands, exit leaves\n`);
  } catch (error) {
    reportFailure(io, error);
  }
}

class ReplSession {
  readonly ended: Promise<void>;
  readonly #parts: ReplParts;
  readonly #server: REPLServer;
  /** Of the command that is running. */
  #running: AbortController | undefined;
  #isOver = false;
  /** Lines typed ahead are run one after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(parts: ReplParts) {
    this.#parts = parts;
    const { io, url } = parts;
    const ended = Promise.withResolvers<void>();
    this.ended = ended.promise;
    this.#server = start({
      prompt: paint(io.stdout, 'cyan', `${addressOf(url)}> `),
      input: io.stdin,
      output: io.stdout,
      terminal: true,
      preview: false,
      // Node would colour the line as JavaScript
      useColors: false,
      ignoreUndefined: true,
      eval: (line, _context, _file, done) => this.#enqueue(line, () => done(null, undefined)),
      completer: (line: string, done: (error: null, result: [string[], string]) => void) =>
        this.#complete(line, done),
    });
    this.#dropOwnCommands();
    this.#server.removeAllListeners('SIGINT').on('SIGINT', () => this.#interrupt());
    this.#server.once('exit', () => {
      this.#running?.abort();
      void this.#last.then(ended.resolve);
    });
    attachHints(this.#server, io.stdin, io.stdout, () => this.#running === undefined);
    this.#server.on('history', leaveOutBlankLines);
    this.#loadHistory();
  }

  #enqueue(line: string, done: () => void): void {
    this.#last = this.#last
      .then(() => this.#run(line))
      // asks for the next line
      .then(() => (this.#isOver ? undefined : done()));
  }

  async #run(line: string): Promise<void> {
    const controller = new AbortController();
    this.#running = controller;
    try {
      const words = splitWords(line.trim());
      if (EXIT_WORDS.has(words[0] ?? '')) this.#end();
      else if (words.length > 0) await this.#parts.runLine(words, controller.signal);
    } catch (thrown) {
      reportFailure(this.#parts.io, thrown);
    } finally {
      this.#running = undefined;
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#server.close();
  }

  #complete(line: string, done: (error: null, result: [string[], string]) => void): void {
    complete(line, () => this.#parts.client()).then(
      (completion) => done(null, completion),
      // nothing to offer: no server, or an escape that is not finished
      () => done(null, [[], line]),
    );
  }

  /** Ctrl-C: cancels the command that runs, else the line that is being typed. */
  #interrupt(): void {
    if (this.#running !== undefined) {
      this.#running.abort();
      return;
    }
    this.#parts.io.stdout.write('\n');
    // the readline way to empty the line: to its end, then delete back to the start
    this.#server.write('', { ctrl: true, name: 'e' });
    this.#server.write('', { ctrl: true, name: 'u' });
    this.#server.displayPrompt();
  }

  /** `.load`, `.editor` and the like belong to JavaScript. */
  #dropOwnCommands(): void {
    const commands = this.#server.commands as Record<string, unknown>;
    for (const name of Object.keys(commands)) if (name !== 'exit') delete commands[name];
  }

  #loadHistory(): void {
    const path = historyPath(this.#parts.io.env);
    if (path === undefined) return;
    this.#server.setupHistory(path, (error) => {
      if (error) complain(this.#parts.io, 'HISTORY', error.message);
    });
  }
}

/** As in other shells: a line that begins with a blank is not kept. */
function leaveOutBlankLines(history: string[]): void {
  if (/^\s/.test(history[0] ?? '')) history.shift();
}

/** CASKCTL_HISTORY, else a file in HOME; an empty CASKCTL_HISTORY, or no HOME: none. */
export function historyPath(env: ShellIo['env']): string | undefined {
  const { CASKCTL_HISTORY: given, HOME: home } = env;
  if (given !== undefined) return given === '' ? undefined : given;
  return home ? join(home, '.caskctl_history') : undefined;
}

/** `cask://host:port/` -> `host:port`. */
function addressOf(url: string): string {
  return url.replace(/^\w+:\/\//, '').replace(/\/$/, '');
}
