/**
 * The configuration: flags over environment over file over defaults, checked as a whole. Every
 * problem is found before any is reported, and nothing is opened before.
 */

import { defaultFacts } from '../../storage/store-option-table.ts';
import { EXIT } from '../exit-codes.ts';
import { UsageError } from '../usage-error.ts';
import { type CommandLine, parseCommandLine } from './command-line.ts';
import { readConfigurationFile } from './configuration-file.ts';
import { type RawValue, readSetting } from './read-setting.ts';
import { ADDRESS_SETTINGS, addressProblem, ruleProblems } from './rules.ts';
import { SETTING_NAMES, type SettingName, type SettingValues, settingNamed } from './schema.ts';
import type { SettingValue } from './setting.ts';
import { environmentNameOf, flagOf } from './setting-names.ts';
import { defaultValueOf } from './setting-words.ts';
import { suggestionFor } from './suggestion.ts';

/** Where a value comes from; `command` is `config set`. */
export type Origin = 'flag' | 'environment' | 'file' | 'default' | 'command';

export interface Source {
  readonly origin: Origin;
  /** The flag, the variable, or the key and its file: what to look for. */
  readonly place: string;
}

export interface Configuration {
  /** All of them, defaults included. */
  readonly values: SettingValues;
  /** Of each setting that is not at its default. */
  readonly sources: ReadonlyMap<SettingName, Source>;
  /** What looks odd and keeps nothing from going on. */
  readonly warnings: readonly string[];
}

export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/** What a configuration is made from; all but the file stays as it was at the start. */
export interface ConfigurationInputs {
  readonly commandLine: CommandLine;
  readonly environment: EnvironmentVariables;
  /** What machine or cgroup grants; some defaults are shares of it. */
  readonly memoryBytes: number;
}

/** @param argv as in `process.argv` */
export function configurationInputs(
  argv: readonly string[],
  environment: EnvironmentVariables,
  memoryBytes: number,
): ConfigurationInputs {
  return { commandLine: parseCommandLine(argv), environment, memoryBytes };
}

interface Gathered {
  readonly values: Map<SettingName, SettingValue>;
  readonly sources: Map<SettingName, Source>;
  /** Settings that somewhere have a value which is none. */
  readonly wrong: Set<SettingName>;
  readonly problems: string[];
}

/**
 * Reads the file and puts everything together; may be called again to read the file anew.
 * @throws UsageError with every problem
 */
export function loadConfiguration(inputs: ConfigurationInputs): Configuration {
  const { commandLine, environment, memoryBytes } = inputs;
  const gathered: Gathered = {
    values: new Map(),
    sources: new Map(),
    wrong: new Set(),
    problems: [...commandLine.problems],
  };
  const file = commandLine.config ?? environment[environmentNameOf('config')];
  if (file !== undefined) gatherFile(gathered, file);
  const warnings = gatherEnvironment(gathered, environment);
  for (const [name, value] of commandLine.flags) {
    gather(gathered, name, value, { origin: 'flag', place: flagOf(name) });
  }
  const { values: given, sources, problems } = gathered;
  const values = withDefaults(given, memoryBytes);
  problems.push(...brokenRules(values, gathered));
  const addresses = ADDRESS_SETTINGS.filter((name) => !gathered.wrong.has(name));
  const refusals = addresses
    .map((name) => addressProblem(name, values))
    .filter((problem) => problem !== undefined);
  problems.push(...refusals);
  if (problems.length > 0) {
    const isOnlyAddress = problems.length === refusals.length;
    throw new UsageError(problems, isOnlyAddress ? EXIT.address : EXIT.usage);
  }
  return { values, sources, warnings };
}

function gatherFile(gathered: Gathered, path: string): void {
  const { entries, problems } = readConfigurationFile(path);
  gathered.problems.push(...problems);
  for (const { name, value, place } of entries) {
    gather(gathered, name, value, { origin: 'file', place });
  }
}

/**
 * Others may have set variables that start like ours, e.g. an orchestrator for a service called
 * caskd: one is only refused when it looks like a setting misspelt. @returns warnings
 */
function gatherEnvironment(gathered: Gathered, environment: EnvironmentVariables): string[] {
  const warnings: string[] = [];
  const names = new Map(SETTING_NAMES.map((name) => [environmentNameOf(name), name]));
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined || !variable.startsWith('CASKD_')) continue;
    const name = names.get(variable);
    if (name !== undefined) {
      gather(gathered, name, value, { origin: 'environment', place: variable });
    } else if (!OTHER_VARIABLES.has(variable)) {
      const meant = suggestionFor(variable, [...names.keys()]);
      if (meant === undefined) warnings.push(`the variable ${variable} is not a setting`);
      else gathered.problems.push(`${variable} is not a setting; did you mean ${meant}?`);
    }
  }
  return warnings;
}

/** Variables of ours that are no settings: where the file is, what `caskctl` and `bin/` read. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set([
  environmentNameOf('config'),
  'CASKD_URL',
  'CASKD_SHIM_PID',
]);

function gather(gathered: Gathered, name: SettingName, given: RawValue, source: Source): void {
  const read = readSetting(settingNamed(name), given);
  if ('problem' in read) {
    gathered.problems.push(`${source.place} ${read.problem}`);
    gathered.wrong.add(name);
    return;
  }
  gathered.values.set(name, read.value);
  gathered.sources.set(name, source);
}

/** Every setting with its value: what was given, else the default. */
export function withDefaults(
  given: ReadonlyMap<SettingName, SettingValue>,
  memoryBytes: number,
): SettingValues {
  const segmentBytes = given.get('segmentBytes');
  const facts = defaultFacts(
    memoryBytes,
    segmentBytes === undefined ? undefined : Number(segmentBytes),
  );
  const all = SETTING_NAMES.map((name) => [
    name,
    given.get(name) ?? defaultValueOf(settingNamed(name), facts),
  ]);
  return Object.fromEntries(all) as SettingValues;
}

/** Rules that do not hold, with the places of the settings concerned. */
function brokenRules(values: SettingValues, { sources, wrong }: Gathered): string[] {
  return ruleProblems(values)
    .filter(({ settings }) => !settings.some((name) => wrong.has(name)))
    .map(({ settings, problem }) => {
      const places = settings.map((name) => sources.get(name)?.place);
      return `${places.filter((place) => place !== undefined).join(', ')}: ${problem}`;
    });
}
