/** A setting as the daemon tells of it, on the wire and on its own terminal; plain data. */

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

/** A configuration file that says the same, in groups; each line says where its value is from. */
export function configurationToml(settings: readonly SettingFacts[], withOrigins: boolean): string {
  const sections = [...new Set(settings.map(({ section }) => section))];
  return sections
    .map((section) => {
      const own = settings.filter((setting) => setting.section === section);
      return `# ${section}\n${linesOf(own, withOrigins)}`;
    })
    .join('\n');
}

function linesOf(settings: readonly SettingFacts[], withOrigins: boolean): string {
  const width = Math.max(...settings.map((setting) => tomlOf(setting).length));
  return settings
    .map((setting) => {
      if (!withOrigins) return `${tomlOf(setting)}\n`;
      return `${tomlOf(setting).padEnd(width)}  # ${originOf(setting)}\n`;
    })
    .join('');
}

function tomlOf({ name, value, text }: SettingFacts): string {
  const isBare = typeof value !== 'string' && text === String(value);
  return `${name} = ${isBare ? text : JSON.stringify(text)}`;
}

function originOf({ origin, place, text, default: byDefault }: SettingFacts): string {
  if (place !== null) return place;
  return text === byDefault ? origin : `${origin}: ${byDefault}`;
}
