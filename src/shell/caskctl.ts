/** The life of one caskctl: a command, an interactive session, or a script on stdin. */

import { createInterface } from 'node:readline';
import type { Flags } from './commands/command.ts';
import { ConnectionHolder } from './connection-holder.ts';
import { EXIT_OK } from './exit-codes.ts';
import { reportFailure } from './failure.ts';
import type { FormatFlag } from './output-format.ts';
import { runProgram } from './program.ts';
import { runRepl } from './repl.ts';
import { targetFrom, targetOptions } from './server-target.ts';
import { type Connector, cancellable, type Shell } from './shell.ts';
import { isTerminal, type ShellIo } from './shell-io.ts';
import { splitWords } from './words.ts';

/**
 * Runs the words of a command line; returns the exit code.
 * @param interrupt begins to listen for Ctrl-C
 */
export async function runCaskctl(
  words: readonly string[],
  io: ShellIo,
  connect: Connector,
  interrupt: () => AbortSignal = () => new AbortController().signal,
): Promise<number> {
  let held: ConnectionHolder | undefined;
  const holderFor = (flags: Flags): ConnectionHolder => {
    held ??= new ConnectionHolder(connect, targetFrom(flags, io.env), io);
    return held;
  };
  try {
    return await runProgram(words, {
      io,
      globals: targetOptions(io.env),
      shellFor: (flags, heedsInterrupt) => {
        const signal = heedsInterrupt ? interrupt() : undefined;
        return shellOf({ io, holder: holderFor(flags), stdinTaken: false, signal });
      },
      withoutCommand: (flags, format) => runSession(io, holderFor(flags), format),
    });
  } finally {
    await held?.close();
  }
}

/** Lines from a terminal or a script. */
function runSession(
  io: ShellIo,
  holder: ConnectionHolder,
  format: FormatFlag | undefined,
): Promise<number> {
  const runLine = (words: readonly string[], signal?: AbortSignal): Promise<number> =>
    runInSession(words, { io, holder, format, stdinTaken: true, signal });
  if (!isTerminal(io.stdin)) return runScript(io, runLine);
  return runRepl({
    io,
    url: holder.url,
    client: () => holder.client(),
    // the prompt of a password and that of the session would fight over the terminal
    onBegin: () => holder.askNoMore(),
    runLine,
  });
}

interface ShellParts {
  readonly io: ShellIo;
  readonly holder: ConnectionHolder;
  readonly stdinTaken: boolean;
  readonly format?: FormatFlag | undefined;
  readonly signal?: AbortSignal | undefined;
}

function shellOf(parts: ShellParts): Shell {
  const { io, holder, stdinTaken, signal } = parts;
  return {
    io,
    url: holder.url,
    stdinTaken,
    signal,
    client: async () => cancellable(await cancellable(holder, signal).client(), signal),
    run: (words) => runInSession(words, parts),
  };
}

function runInSession(words: readonly string[], parts: ShellParts): Promise<number> {
  return runProgram(words, {
    io: parts.io,
    format: parts.format,
    shellFor: () => shellOf(parts),
    withoutCommand: () => Promise.resolve(EXIT_OK),
  });
}

/** One command per line; goes on after a failure and returns the last failure's exit code. */
async function runScript(
  io: ShellIo,
  runLine: (words: readonly string[]) => Promise<number>,
): Promise<number> {
  let exitCode = EXIT_OK;
  for await (const line of createInterface({ input: io.stdin, crlfDelay: Infinity })) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const code = await runScriptLine(io, line, runLine);
    if (code !== EXIT_OK) exitCode = code;
  }
  return exitCode;
}

async function runScriptLine(
  io: ShellIo,
  line: string,
  runLine: (words: readonly string[]) => Promise<number>,
): Promise<number> {
  try {
    return await runLine(splitWords(line));
  } catch (thrown) {
    return reportFailure(io, thrown);
  }
}
