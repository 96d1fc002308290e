/**
 * The configuration of a daemon that runs: what is in effect, and how it changes, by
 * `config set` or by reading the file anew. A change that is not right as a whole changes nothing.
 */

import { CaskError, toCaskError } from '../../errors/cask-error.ts';
import type { ServedConfiguration } from '../../server/index.ts';
import type { ServerLimitChanges } from '../../server/server-limits.ts';
import type { StoreChanges } from '../../storage/store-options.ts';
import type { SettingFacts } from '../../vocabulary/setting-facts.ts';
import type { Logger } from '../logging.ts';
import { UsageError } from '../usage-error.ts';
import {
  type Configuration,
  type ConfigurationInputs,
  loadConfiguration,
  type Source,
} from './configuration.ts';
import { effectiveSetting, effectiveSettings } from './effective.ts';
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
import type { SettingValue } from './setting.ts';
import { hintFor } from './suggestion.ts';

/** Who takes changes of settings while the daemon runs. */
export interface ConfigurationOwners {
  readonly store: { reconfigure(changes: StoreChanges): void };
  readonly server: { reconfigure(changes: ServerLimitChanges): void };
}

type Hook = (value: SettingValue) => void;

/** Values to come into effect, each with its source; undefined: it is the default. */
type Changes = ReadonlyMap<SettingName, { value: SettingValue; source: Source | undefined }>;

/** Names and values from clients, in characters: they come back in messages. */
const TEXT_MAX = 1024;

type Changed = readonly [SettingName, SettingValue][];

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
    if (name === undefined) return effectiveSettings(this.#current);
    return [effectiveSetting(known(name), this.#current)];
  }

  set(name: string, text: string, by: string): SettingFacts {
    const setting = settingNamed(known(name));
    if (!setting.live) {
      throw invalid(`${name} changes at a restart only: put it in the configuration file`);
    }
    if (text.length > TEXT_MAX) throw invalid(`the value of ${name} is too long`);
    const read = readSetting(setting, text);
    if ('problem' in read) throw invalid(`${name} ${read.problem}`);
    const { value } = read;
    const before = this.#current.values[known(name)];
    const changed = this.#apply(new Map([[known(name), { value, source: BY_COMMAND }]]));
    this.#log.info({ name, from: before, to: value, by }, 'setting-changed');
    this.#callHooks(changed);
    return effectiveSetting(known(name), this.#current);
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
      const changes = this.#apply(changesTo(next));
      this.#log.info({ changed: Object.fromEntries(changes) }, 'configuration-reloaded');
      for (const warning of next.warnings) this.#log.warn({ warning }, 'configuration-odd');
      const settings = differing.filter((name) => !settingNamed(name).live);
      if (settings.length > 0) this.#log.warn({ settings }, 'restart-needed');
      this.#callHooks(changes);
    } catch (thrown) {
      const isMistake = thrown instanceof UsageError;
      const problems = isMistake ? thrown.lines : [toCaskError(thrown).message];
      this.#log.error({ problems }, 'configuration-refused');
    }
  }

  /**
   * Lets changes come into effect, save for the hooks: one may silence the log.
   * @returns what differs from before
   * @throws CaskError INVALID_OPTION; then nothing is changed
   */
  #apply(changes: Changes): Changed {
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
    return changed;
  }

  /** Hands the owners what concerns them. The rules are theirs, so they take it all. */
  #tell(changed: Changed): void {
    const owners = new Set(changed.map(([name]) => settingNamed(name).owner));
    if (owners.has('store')) this.#owners?.store.reconfigure(storeChanges(changed));
    if (owners.has('server')) this.#owners?.server.reconfigure(serverChanges(changed));
  }

  #callHooks(changed: Changed): void {
    for (const [name, value] of changed) {
      for (const hook of this.#hooks.get(name) ?? []) hook(value);
    }
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
  const named = name.length > TEXT_MAX ? 'of such a long name' : `"${name}"`;
  throw invalid(`there is no setting ${named}${hintFor(name, SETTING_NAMES)}`);
}

function invalid(message: string): CaskError {
  return new CaskError('INVALID_OPTION', message);
}
