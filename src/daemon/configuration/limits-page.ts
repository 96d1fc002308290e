/** The table of `docs/limits.md`, made from the schema; a test compares it with the page. */

import { SETTING_NAMES, type SettingName, settingNamed } from './schema.ts';
import { SECTIONS, type Section } from './sections.ts';
import { allowedInWords, defaultInWords } from './setting-words.ts';

/** The groups of settings that are limits. */
export const LIMIT_SECTIONS = [
  'limits',
  'memory',
  'connections',
  'http',
  'resp',
] as const satisfies readonly Section[];

/** @param counted limits of which STATS and `/metrics` tell the use, by their names */
export function limitTables(counted: ReadonlySet<string>): string {
  return LIMIT_SECTIONS.map((section) => {
    const names = SETTING_NAMES.filter((name) => settingNamed(name).section === section);
    const rows = names.map((name) => row(name, counted)).join('\n');
    const head = '| limit | default | allowed | what it bounds | counted |\n|---|---|---|---|---|';
    return `## ${SECTIONS[section].title}\n\n${head}\n${rows}\n`;
  }).join('\n');
}

function row(name: SettingName, counted: ReadonlySet<string>): string {
  const setting = settingNamed(name);
  const allowed = allowedInWords(setting) ?? setting.kind.wanted;
  const cells = [`\`${name}\``, defaultInWords(setting), allowed, setting.help];
  return `| ${[...cells, counted.has(name) ? 'yes' : ''].join(' | ')} |`;
}
