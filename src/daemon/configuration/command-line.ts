/** The command line of `caskd`: its flags and `--help`, made from the schema. */

import { Command, Option } from 'commander';
import { SETTING_NAMES, type SettingName, settingNamed } from './schema.ts';
import { SECTIONS } from './sections.ts';
import { flagOf } from './setting-names.ts';
import { allowedInWords, defaultInWords } from './setting-words.ts';
import { hintFor } from './suggestion.ts';

export type CommandLineAction = 'run' | 'check' | 'limits' | 'help' | 'version';

export interface CommandLine {
  readonly action: CommandLineAction;
  /** Where the file is. */
  readonly config: string | undefined;
  readonly flags: ReadonlyMap<SettingName, string | true>;
  /** All that is wrong with the words themselves. */
  readonly problems: readonly string[];
}

const NOT_SETTINGS = ['--config', '--check-config', '--print-limits', '--version', '--help'];

/** @param argv as in `process.argv` */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const command = commandLineParser();
  const { operands, unknown } = command.parseOptions(argv.slice(2));
  const given = command.opts<Record<string, string | true | undefined>>();
  const flags = new Map<SettingName, string | true>();
  const problems = [...unknownFlags(unknown), ...operands.map(strayWord)];
  for (const name of SETTING_NAMES) {
    const value = given[name];
    if (value === undefined) continue;
    const { kind } = settingNamed(name);
    if (value !== true || kind.read('true') === true) flags.set(name, value);
    else problems.push(`${flagOf(name)} needs a value: ${kind.wanted}`);
  }
  const { config } = given;
  if (config === true) problems.push('--config needs a value: the path of a TOML file');
  return {
    action: actionOf(given),
    config: typeof config === 'string' ? config : undefined,
    flags,
    problems,
  };
}

function actionOf(given: Readonly<Record<string, unknown>>): CommandLineAction {
  if (given['help'] === true) return 'help';
  if (given['version'] === true) return 'version';
  if (given['printLimits'] === true) return 'limits';
  return given['checkConfig'] === true ? 'check' : 'run';
}

/** What commander did not know: flags, each maybe with its value, and stray words. */
function unknownFlags(words: readonly string[]): string[] {
  const known = [...NOT_SETTINGS, ...SETTING_NAMES.map(flagOf)];
  return words.flatMap((word, index) => {
    const mayBeValue = /^-[^=]*$/.test(words[index - 1] ?? '');
    if (!word.startsWith('-')) return mayBeValue ? [] : strayWord(word);
    const [flag = word] = word.split('=');
    return `${flag} is not a flag of caskd${hintFor(flag, known)}`;
  });
}

function strayWord(word: string): string {
  return `"${word}" is not expected; flags start with --`;
}

/** The text of `--help`. */
export function helpText(): string {
  return `${commandLineParser().helpInformation()}${HELP_NOTES}`;
}

/** Made anew for every use: it keeps what it has parsed. */
export function commandLineParser(): Command {
  const command = new Command('caskd')
    .description('A persistent key-value daemon.')
    .usage('[flags]')
    .helpOption(false)
    .allowUnknownOption()
    .configureHelp({ optionTerm: ({ long, flags }) => TERMS.get(long ?? '') ?? flags })
    .optionsGroup('Configuration:')
    .option('--config [path]', 'a TOML file with the settings below by their camelCase names')
    .option('--check-config', 'check the configuration, print it with origins, and exit')
    .option('--print-limits', 'print every limit and the memory they amount to, and exit')
    .option('--version', 'print the version and exit')
    .option('--help', 'print this and exit');
  for (const name of SETTING_NAMES) command.addOption(optionOf(name));
  return command;
}

/** Every value may be left out, as far as commander knows: a missing one is ours to report. */
const ANY_VALUE = '[value]';

/** What `--help` shows for each flag. */
const TERMS: ReadonlyMap<string, string> = new Map([
  ['--config', '--config <path>'],
  ...SETTING_NAMES.map((name): [string, string] => {
    const flag = flagOf(name);
    return [flag, `${flag} ${settingNamed(name).kind.placeholder}`];
  }),
]);

function optionOf(name: SettingName): Option {
  const setting = settingNamed(name);
  const allowed = allowedInWords(setting);
  const facts = [
    ...(allowed === undefined ? [] : [allowed]),
    `default: ${defaultInWords(setting)}`,
  ];
  const option = new Option(
    `${flagOf(name)} ${ANY_VALUE}`,
    `${setting.help} (${facts.join('; ')})`,
  );
  return option.helpGroup(`${SECTIONS[setting.section].title}:`);
}

const HELP_NOTES = `
Sizes take a suffix k, m or g. Each setting can stand in the environment (CASKD_DATA,
CASKD_SYNC_INTERVAL_MS, ...) or in the file; flags win over the environment, that over the file.
docs/configuration.md says what each one costs.
`;
