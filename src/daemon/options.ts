/**
 * The daemon's options: flags over environment over configuration file over defaults. Every
 * problem is found before any is reported.
 */

import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { parse as parseToml } from 'smol-toml';
import type { ServerLimits } from '../server/server-limits.ts';
import type { MergeOptions, StoreOptionsInput } from '../storage/store-options.ts';
import { type Address, formatAddress, isLoopback, parseAddress } from './address.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { LogLevel } from './logging.ts';
import {
  environmentNameOf,
  flagOf,
  parseSetting,
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
  type SettingValue,
} from './settings.ts';

export type Origin = 'flag' | 'environment' | 'file' | 'default';

export interface DaemonOptions {
  readonly listen: Address;
  /** Others may reach the daemon. */
  readonly insecure: boolean;
  readonly logLevel: LogLevel;
  /** How long to finish what was asked before exiting anyway. @default 30000 */
  readonly shutdownGraceMs: number;
  readonly store: StoreOptionsInput;
  readonly server: Partial<ServerLimits>;
  /** Where each setting that is not a default came from. */
  readonly origins: ReadonlyMap<SettingName, Origin>;
}

/** Says that the daemon cannot start as asked: the lines to print and the exit code. */
export class UsageError extends Error {
  readonly lines: readonly string[];
  readonly exitCode: ExitCode;

  constructor(lines: readonly string[], exitCode: ExitCode) {
    super(lines.join('\n'));
    this.name = 'UsageError';
    this.lines = lines;
    this.exitCode = exitCode;
  }
}

type RawValue = string | number | boolean;

/** Settings as gathered, each with where it came from and the name it has there. */
interface Gathered {
  readonly values: Map<SettingName, SettingValue>;
  readonly origins: Map<SettingName, Origin>;
  readonly problems: string[];
}

/**
 * @param argv as in `process.argv`
 * @throws UsageError with every problem; or with exit code 0 and no lines after --help, --version
 */
export function parseOptions(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  version: string,
): DaemonOptions {
  const flags = parseFlags(argv, version);
  const gathered: Gathered = { values: new Map(), origins: new Map(), problems: [] };
  const file = flags['config'] ?? environment[environmentNameOf('config')];
  if (file !== undefined) gatherFile(gathered, String(file));
  for (const name of SETTING_NAMES) {
    const variable = environmentNameOf(name);
    const inEnvironment = environment[variable];
    if (inEnvironment !== undefined) {
      gather(gathered, name, inEnvironment, 'environment', variable);
    }
    const flag = flags[name];
    if (flag !== undefined) gather(gathered, name, flag, 'flag', flagOf(name));
  }
  return settle(gathered);
}

function parseFlags(argv: readonly string[], version: string): Record<string, RawValue> {
  const command = new Command('caskd')
    .description('A persistent key-value daemon.')
    .version(version, '--version', 'print the version and exit')
    .helpOption('--help', 'print this and exit')
    .configureHelp({ showGlobalOptions: false })
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .option('--config <file>', 'a TOML file with the same settings in camelCase');
  for (const name of SETTING_NAMES) {
    const { kind, help, byDefault } = SETTINGS[name];
    const value = kind.type === 'switch' ? '' : ` <${kind.type}>`;
    const choices = kind.type === 'choice' ? `; one of ${kind.choices.join(', ')}` : '';
    const option = new Option(`${flagOf(name)}${value}`, `${help}${choices}`);
    option.defaultValueDescription = byDefault;
    command.addOption(option.default(undefined, byDefault));
  }
  command.addHelpText(
    'after',
    '\nSizes take a suffix k, m or g. Each setting can stand in the environment (CASKD_DATA, ' +
      'CASKD_SYNC_INTERVAL_MS, ...) or in the file; flags win over the environment, that over ' +
      'the file.',
  );
  try {
    return command.parse([...argv]).opts();
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) throw new UsageError([], EXIT.ok);
    throw new UsageError([thrown.message.replace(/^error: /, '')], EXIT.usage);
  }
}

function gatherFile(gathered: Gathered, path: string): void {
  let table: Record<string, unknown>;
  try {
    table = parseToml(readFileSync(path, 'utf8'));
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message.trim() : String(thrown);
    gathered.problems.push(`configuration file ${path}: ${why}`);
    return;
  }
  for (const [key, value] of Object.entries(table)) {
    const where = `${key} in ${path}`;
    if (!isSettingName(key)) gathered.problems.push(`${where} is not a setting`);
    else if (isRawValue(value)) gather(gathered, key, value, 'file', where);
    else gathered.problems.push(`${where} must be a single value`);
  }
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

function isRawValue(value: unknown): value is RawValue {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function gather(
  gathered: Gathered,
  name: SettingName,
  given: RawValue,
  origin: Origin,
  where: string,
): void {
  const parsed = parseSetting(SETTINGS[name].kind, given);
  if ('problem' in parsed) {
    gathered.problems.push(`${where} ${parsed.problem}`);
    return;
  }
  gathered.values.set(name, parsed.value);
  gathered.origins.set(name, origin);
}

function settle({ values, origins, problems }: Gathered): DaemonOptions {
  const written = String(values.get('listen') ?? SETTINGS.listen.byDefault);
  const listen = parseAddress(written);
  if (listen === undefined) {
    problems.push(`--listen is "${written}", wanted is HOST:PORT, e.g. 127.0.0.1:7117 or [::1]:0`);
  }
  if (problems.length > 0 || listen === undefined) throw new UsageError(problems, EXIT.usage);
  const insecure = values.get('insecure') === true;
  if (!isLoopback(listen.host) && !insecure) {
    throw new UsageError([refusalOf(listen)], EXIT.address);
  }
  return {
    listen,
    insecure,
    logLevel: (values.get('logLevel') ?? SETTINGS.logLevel.byDefault) as LogLevel,
    shutdownGraceMs: Number(values.get('shutdownGraceMs') ?? SETTINGS.shutdownGraceMs.byDefault),
    store: storeOptions(values),
    server: pick<ServerLimits>(values, SERVER_NAMES),
    origins,
  };
}

/** Why an address is not served without `--insecure`. */
export function refusalOf(listen: Address): string {
  return (
    `${formatAddress(listen)} can be reached by others, and caskd does not ask anyone ` +
    'who they are. Listen on 127.0.0.1 or [::1], or add --insecure if the network is trusted.'
  );
}

const STORE_NAMES = [
  'durability',
  'syncIntervalMs',
  'segmentBytes',
  'preallocateBytes',
  'maxKeyBytes',
  'maxValueBytes',
  'maxBatchItems',
  'maxBatchBytes',
  'maxRangeItems',
  'maxRangeBytes',
  'maxKeydirBytes',
  'cacheBytes',
  'maxWriteQueueBytes',
  'maxOpenSegments',
  'maxJobs',
  'ballastBytes',
] as const satisfies (SettingName & keyof StoreOptionsInput)[];

const SERVER_NAMES = [
  'maxConnections',
  'maxInFlight',
  'handshakeTimeoutMs',
  'frameTimeoutMs',
  'idleTimeoutMs',
  'outputSoftBytes',
  'outputHardBytes',
  'outputTimeoutMs',
] as const satisfies (SettingName & keyof ServerLimits)[];

const MERGE_PREFIX = /^merge([A-Z])/;

function storeOptions(values: ReadonlyMap<SettingName, SettingValue>): StoreOptionsInput {
  const merge = Object.fromEntries(
    [...values]
      .filter(([name]) => MERGE_PREFIX.test(name))
      .map(([name, value]) => [
        name.replace(MERGE_PREFIX, (_, letter: string) => letter.toLowerCase()),
        value,
      ]),
  ) as Partial<MergeOptions>;
  const directory = String(values.get('data') ?? SETTINGS.data.byDefault);
  return { ...pick<StoreOptionsInput>(values, STORE_NAMES), directory, merge };
}

/** The settings named, as the partial options of another part; parsing has settled their types. */
function pick<T>(
  values: ReadonlyMap<SettingName, SettingValue>,
  names: readonly SettingName[],
): Partial<T> {
  return Object.fromEntries(
    names.filter((name) => values.has(name)).map((name) => [name, values.get(name)]),
  ) as Partial<T>;
}
