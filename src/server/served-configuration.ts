/** What the server needs of a configuration, for CONFIG. The daemon has one. */

/** A setting as CONFIG tells of it. Plain data. */
export interface SettingFacts {
  readonly name: string;
  readonly value: string | number | boolean;
  /** The value as the configuration file would have it, e.g. `64m`. */
  readonly text: string;
  /** `flag`, `environment`, `file`, `default`, or `command`: changed by CONFIG. */
  readonly origin: string;
  /** The flag, the variable, or key, file and line; null for a default. */
  readonly place: string | null;
  /** In words where it depends on the machine or on another setting. */
  readonly default: string;
  /** Range or choices; null where there is no such thing. */
  readonly allowed: string | null;
  /** May change while the daemon runs. */
  readonly reloadable: boolean;
  /** The title of its group. */
  readonly section: string;
}

export interface ServedConfiguration {
  /**
   * One setting, or all in the order of the documentation.
   * @throws CaskError INVALID_OPTION: there is no such setting
   */
  get(name: string | undefined): SettingFacts[];
  /**
   * Changes a setting until the next reload or start.
   * @param text as the configuration file would have it
   * @param by who asks, for the log
   * @throws CaskError INVALID_OPTION; then nothing is changed
   */
  set(name: string, text: string, by: string): SettingFacts;
}
