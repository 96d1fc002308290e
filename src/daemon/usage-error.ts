import { EXIT, type ExitCode } from './exit-codes.ts';

/** Says that the daemon cannot start as asked: the lines to print and the exit code. */
export class UsageError extends Error {
  readonly lines: readonly string[];
  readonly exitCode: ExitCode;

  constructor(lines: readonly string[], exitCode: ExitCode = EXIT.usage) {
    super(lines.join('\n'));
    this.name = 'UsageError';
    this.lines = lines;
    this.exitCode = exitCode;
  }
}
