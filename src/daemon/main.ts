/** `caskd`: from the command line to the exit code. */

import './thread-pool.ts';

import { readFileSync } from 'node:fs';
import type { ExitCode } from './exit-codes.ts';
import { takeInheritedSockets } from './inherited-sockets.ts';
import { type DaemonWorld, runDaemon } from './lifecycle.ts';
import { createLogger } from './logging.ts';
import { parseOptions, UsageError } from './options.ts';
import { createServiceManager } from './service-manager.ts';

/**
 * Runs the daemon and ends the process with one of `exit-codes.ts`.
 * @param argv as in `process.argv`
 * @param open opens the store; tests bring their own
 */
export async function main(
  argv: readonly string[],
  open: DaemonWorld['openStore'] = openRealStore,
): Promise<void> {
  process.exit(await run(argv, open));
}

/** Loaded when it is needed, so that `--help` is quick. */
const openRealStore: DaemonWorld['openStore'] = async (options) => {
  const { openStore } = await import('../storage/index.ts');
  return openStore(options);
};

async function run(argv: readonly string[], open: DaemonWorld['openStore']): Promise<ExitCode> {
  const version = packageVersion();
  try {
    const options = parseOptions(argv, process.env, version);
    const log = await createLogger(options.logLevel);
    return await runDaemon(options, {
      openStore: open,
      log,
      services: createServiceManager(process.env, log),
      sockets: takeInheritedSockets(process.env, process.pid),
      process,
      abort: (code) => process.exit(code),
      version,
    });
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
    for (const line of thrown.lines) console.error(`caskd: ${line}`);
    if (thrown.lines.length > 0) console.error('caskd --help lists every option');
    return thrown.exitCode;
  }
}

function packageVersion(): string {
  const path = new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
  return version;
}
