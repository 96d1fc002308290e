/** `caskd`: from the command line to the exit code. */

import './thread-pool.ts';

import { readFileSync } from 'node:fs';
import { grantedMemoryBytes } from '../storage/disk/node-environment.ts';
import { configurationToml } from '../vocabulary/setting-facts.ts';
import { helpText } from './configuration/command-line.ts';
import {
  type ConfigurationInputs,
  configurationInputs,
  loadConfiguration,
} from './configuration/configuration.ts';
import { effectiveSettings } from './configuration/effective.ts';
import { RunningConfiguration } from './configuration/running-configuration.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { takeInheritedSockets } from './inherited-sockets.ts';
import { type DaemonWorld, runDaemon } from './lifecycle.ts';
import { limitsReport } from './limits-report.ts';
import { LogLines } from './log-lines.ts';
import { createLogger } from './logging.ts';
import { keepFilesPrivate } from './private-files.ts';
import { createServiceManager } from './service-manager.ts';
import { spareMemory } from './small-memory.ts';
import { UsageError } from './usage-error.ts';

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
  const inputs = configurationInputs(argv, process.env, grantedMemoryBytes());
  try {
    switch (inputs.commandLine.action) {
      case 'help':
        return print(helpText());
      case 'version':
        return print(`${packageVersion()}\n`);
      case 'check':
        return check(inputs);
      case 'limits':
        return printLimits(inputs);
      case 'run':
        return await serve(inputs, open);
    }
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
    for (const line of thrown.lines) console.error(`caskd: ${line}`);
    console.error('caskd --help lists every setting');
    return thrown.exitCode;
  }
}

function print(text: string): ExitCode {
  process.stdout.write(text);
  return EXIT.ok;
}

/** `--check-config` */
function check(inputs: ConfigurationInputs): ExitCode {
  const configuration = loadConfiguration(inputs);
  for (const warning of configuration.warnings) console.error(`caskd: ${warning}`);
  return print(configurationToml(effectiveSettings(configuration), true));
}

/** `--print-limits` */
function printLimits(inputs: ConfigurationInputs): ExitCode {
  const { text, warning } = limitsReport(loadConfiguration(inputs), inputs.memoryBytes);
  if (warning !== undefined) console.error(`caskd: ${warning}`);
  return print(text);
}

async function serve(
  inputs: ConfigurationInputs,
  open: DaemonWorld['openStore'],
): Promise<ExitCode> {
  keepFilesPrivate();
  spareMemory(grantedMemoryBytes());
  const loaded = loadConfiguration(inputs);
  const logLines = new LogLines();
  const log = await createLogger(loaded.values.logLevel, logLines);
  const configuration = new RunningConfiguration(inputs, loaded, log);
  configuration.onChange('logLevel', (level) => {
    log.level = level;
  });
  return runDaemon(configuration, {
    openStore: open,
    log,
    logLines,
    services: createServiceManager(process.env, log),
    sockets: takeInheritedSockets(process.env, process.pid),
    process,
    abort: (code) => process.exit(code),
    version: packageVersion(),
  });
}

function packageVersion(): string {
  const path = new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
  return version;
}
