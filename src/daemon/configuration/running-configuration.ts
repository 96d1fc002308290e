/**
 * The configuration of a daemon that runs: what is in effect, and how it changes, by
 * `config set` or by reading the file anew. A change that is not right as a whole changes nothing.
 */

import { CaskError, toCaskError } from '../../errors/cask-error.ts';
import type { ServedConfiguration, SettingFacts } from '../../server/served-configuration.ts';
import type { ServerLimitChanges } from '../../server/server-limits.ts';
import type { StoreChanges } from '../../storage/store-options.ts';
import type { Logger } from '../logging.ts';
import { UsageError } from '../usage-error.ts';
import {
  type Configuration,
  type ConfigurationInputs,
  loadConfiguration,
  type Source,
} from './configuration.ts';
import { serverChanges, storeChanges } from './parts.ts';
import { readSetting } from './read-setting.ts';
import { ruleProblems } from './rules.ts';
import {
  isSettingName,
  SETTING_NAMES,
  type SettingName,
  type SettingValues,
  settingNamed,
} from './schema.ts';
import { SECTIONS } from './sections.ts';
import type { SettingValue } from './setting.ts';
import { allowedInWords, defaultInWords } from './setting-words.ts';
import { hintFor } from './suggestion.ts';

/** Who takes changes of settings while the daemon runs. */
export interface ConfigurationOwners {
  readonly store: { reconfigure(changes: StoreChanges): void };
  readonly server: { reconfigure(changes: ServerLimitChanges): void };
}

type Hook = (value: SettingValue) => void;

/** Values to come into effect, each with its source; undefined: it is the default. */
type Changes = ReadonlyMap<SettingName, { value: SettingValue; source: Source | undefined }>;

const BY_COMMAND: Source = { origin: 'command', place: 'config set' };

export class RunningConfiguration implements ServedConfiguration {
  readonly #inputs: ConfigurationInputs;
  readonly #log: Logger;
  readonly #hooks = new Map<SettingName, Hook[]>();
  #owners: ConfigurationOwners | undefined;
  #reloadAsked = false;
  #current: Configuration;

  constructor(inputs: ConfigurationInputs, current: Configuration, log: Logger) {
    this.#inputs = inputs;
    this.#current = current;
    this.#log = log;
  }

  /** What is in effect. */
  get values(): SettingValues {
    return this.#current.values;
  }

  get current(): Configuration {
    return this.#current;
  }

  /** Names who takes the changes; a reload that was asked for before is made up for. */
  attach(owners: ConfigurationOwners): void {
    this.#owners = owners;
    if (this.#reloadAsked) this.reload();
  }

  /** Calls the hook with each new value of a setting that the daemon itself acts on. */
  onChange<N extends SettingName>(name: N, hook: (value: SettingValues[N]) => void): void {
    const hooks = this.#hooks.get(name) ?? [];
    this.#hooks.set(name, [...hooks, (value) => hook(value as SettingValues[N])]);
  }

  get(name?: string): SettingFacts[] {
    const names = name === undefined ? SETTING_NAMES : [known(name)];
    return names.map((each) => this.#factsOf(each));
  }

  set(name: string, text: string, by: string): SettingFacts {
    const setting = settingNamed(known(name));
    if (!setting.live) {
      throw invalid(`${name} changes at a restart only: put it in the configuration file`);
    }
    const read = readSetting(setting, text);
    if ('problem' in read) throw invalid(`${name} ${read.problem}`);
    const { value } = read;
    const before = this.#current.values[known(name)];
    this.#apply(new Map([[known(name), { value, source: BY_COMMAND }]]));
    this.#log.info({ name, from: before, to: value, by }, 'setting-changed');
    return this.#factsOf(known(name));
  }

  /**
   * Reads the file anew and lets come into effect what may change now; what `config set` changed
   * is forgotten. A configuration with a mistake changes nothing.
   */
  reload(): void {
    this.#reloadAsked = this.#owners === undefined;
    if (this.#reloadAsked) return;
    try {
      const next = loadConfiguration(this.#inputs);
      const differing = SETTING_NAMES.filter((name) => next.values[name] !== this.values[name]);
      const live = differing.filter((name) => settingNamed(name).live);
      this.#apply(changesTo(next));
      const changed = Object.fromEntries(live.map((name) => [name, this.values[name]]));
      this.#log.info({ changed }, 'configuration-reloaded');
      for (const warning of next.warnings) this.#log.warn({ warning }, 'configuration-odd');
      const settings = differing.filter((name) => !live.includes(name));
      if (settings.length > 0) this.#log.warn({ settings }, 'restart-needed');
    } catch (thrown) {
      const isMistake = thrown instanceof UsageError;
      const problems = isMistake ? thrown.lines : [toCaskError(thrown).message];
      this.#log.error({ problems }, 'configuration-refused');
    }
  }

  /** @throws CaskError INVALID_OPTION; then nothing is changed */
  #apply(changes: Changes): void {
    const values: Record<string, SettingValue> = { ...this.values };
    const sources = new Map(this.#current.sources);
    const changed: [SettingName, SettingValue][] = [];
    for (const [name, { value, source }] of changes) {
      if (value !== values[name]) changed.push([name, value]);
      values[name] = value;
      if (source === undefined) sources.delete(name);
      else sources.set(name, source);
    }
    const next = { ...this.#current, values: values as unknown as SettingValues, sources };
    const problems = ruleProblems(next.values).map(({ problem }) => problem);
    if (problems.length > 0) throw invalid(problems.join('; '));
    this.#tell(changed);
    this.#current = next;
  }

  /** Hands the owners what concerns them. The rules are theirs, so they take it all. */
  #tell(changed: readonly [SettingName, SettingValue][]): void {
    const owners = new Set(changed.map(([name]) => settingNamed(name).owner));
    if (owners.has('store')) this.#owners?.store.reconfigure(storeChanges(changed));
    if (owners.has('server')) this.#owners?.server.reconfigure(serverChanges(changed));
    for (const [name, value] of changed) {
      for (const hook of this.#hooks.get(name) ?? []) hook(value);
    }
  }

  #factsOf(name: SettingName): SettingFacts {
    const setting = settingNamed(name);
    const value = this.values[name];
    const { origin, place } = this.#current.sources.get(name) ?? {};
    return {
      name,
      value,
      text: setting.kind.write(value),
      origin: origin ?? 'default',
      place: place ?? null,
      default: defaultInWords(setting),
      allowed: allowedInWords(setting) ?? null,
      reloadable: setting.live,
      section: SECTIONS[setting.section].title,
    };
  }
}

/** What may change now, of a configuration that was loaded anew. */
function changesTo({ values, sources }: Configuration): Changes {
  const live = SETTING_NAMES.filter((name) => settingNamed(name).live);
  return new Map(
    live.map((name) => [name, { value: values[name], source: sources.get(name) }] as const),
  );
}

function known(name: string): SettingName {
  if (isSettingName(name)) return name;
  throw invalid(`there is no setting "${name}"${hintFor(name, SETTING_NAMES)}`);
}

function invalid(message: string): CaskError {
  return new CaskError('INVALID_OPTION', message);
}
