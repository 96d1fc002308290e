/** The configuration file: TOML, one key for each setting. */

import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { isRawValue, type RawValue } from './read-setting.ts';
import { isSettingName, SETTING_NAMES, type SettingName } from './schema.ts';
import { hintFor } from './suggestion.ts';

export interface FileEntry {
  readonly name: SettingName;
  readonly value: RawValue;
  /** `maxInFlight in /etc/caskd.toml, line 3` */
  readonly place: string;
}

export interface ConfigurationFile {
  readonly entries: readonly FileEntry[];
  readonly problems: readonly string[];
}

/** Reads the file; whatever is wrong with it is among the problems. */
export function readConfigurationFile(path: string): ConfigurationFile {
  let text: string;
  let table: Record<string, unknown>;
  try {
    text = readFileSync(path, 'utf8');
    table = parse(text);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message.trim() : String(thrown);
    return { entries: [], problems: [`configuration file ${path}: ${why}`] };
  }
  const entries: FileEntry[] = [];
  const problems: string[] = [];
  for (const [name, value] of Object.entries(table)) {
    const place = `${name} in ${path}${lineOf(name, text)}`;
    if (!isSettingName(name)) {
      problems.push(`${place} is not a setting${hintFor(name, SETTING_NAMES)}`);
    } else if (isRawValue(value)) entries.push({ name, value, place });
    else problems.push(`${place} must be a single value, not a list, a table or a date`);
  }
  return { entries, problems };
}

/** `, line 3`: settings stand at the start of a line. Nothing if it is not found there. */
function lineOf(key: string, text: string): string {
  const index = text.split('\n').findIndex((line) => {
    const [, bare, quoted] = /^\s*(?:\[+)?\s*(?:([\w-]+)|"([^"]*)")/.exec(line) ?? [];
    return (bare ?? quoted) === key;
  });
  return index < 0 ? '' : `, line ${index + 1}`;
}
