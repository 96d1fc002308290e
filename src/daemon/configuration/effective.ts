/** The effective configuration as text: a TOML file that says where each value comes from. */

import type { Configuration } from './configuration.ts';
import { SETTING_NAMES, type SettingName, settingNamed } from './schema.ts';
import { SECTIONS, type Section } from './sections.ts';
import { defaultInWords } from './setting-words.ts';

/** A file that says the same; with the origin of each value beside it. */
export function effectiveToml(configuration: Configuration): string {
  const sections = Object.keys(SECTIONS) as Section[];
  return sections.map((section) => sectionToml(section, configuration)).join('\n');
}

function sectionToml(section: Section, configuration: Configuration): string {
  const names = SETTING_NAMES.filter((name) => settingNamed(name).section === section);
  const lines = names.map((name) => [tomlOf(name, configuration), originOf(name, configuration)]);
  const width = Math.max(...lines.map(([line = '']) => line.length));
  const body = lines.map(([line = '', origin]) => `${line.padEnd(width)}  # ${origin}\n`);
  return `# ${SECTIONS[section].title}\n${body.join('')}`;
}

function tomlOf(name: SettingName, { values }: Configuration): string {
  const text = settingNamed(name).kind.write(values[name]);
  const isBare = text === String(values[name]) && typeof values[name] !== 'string';
  return `${name} = ${isBare ? text : JSON.stringify(text)}`;
}

function originOf(name: SettingName, { sources }: Configuration): string {
  const source = sources.get(name);
  if (source !== undefined) return source.place;
  const setting = settingNamed(name);
  return typeof setting.default === 'object' ? `default: ${defaultInWords(setting)}` : 'default';
}
