/** The page `docs/configuration.md`, made from the schema; a test compares it with the file. */

import { SETTING_NAMES, type SettingName, settingNamed } from './schema.ts';
import { SECTIONS, type Section } from './sections.ts';
import { environmentNameOf, flagOf } from './setting-names.ts';
import { allowedInWords, defaultInWords } from './setting-words.ts';

const HEAD = `# Configuration

<!-- made from src/daemon/configuration by UPDATE_DOCS=1 npx vitest run test/unit/daemon -->

Every setting can stand in four places; the first that has it wins:

1. a flag, \`--sync-interval-ms 500\`;
2. a variable of the environment, \`CASKD_SYNC_INTERVAL_MS=500\`;
3. the configuration file, \`syncIntervalMs = 500\`: TOML, one key for each setting, no tables. Which
   file: \`--config PATH\` or \`CASKD_CONFIG=PATH\`; without either there is none;
4. the default.

Sizes take a suffix: \`64k\`, \`16m\`, \`2g\` are powers of 1024 (in the file in quotes). Times are whole
milliseconds.

\`caskd --check-config\`, with the flags and variables that the daemon gets, checks all of it, prints
every setting with its value and where it comes from, and opens nothing. Its output is a
configuration file. Whatever is wrong is listed at once, each with its place and what is allowed,
and the exit code is 2; the daemon itself starts with the same check. A name that there is not is
refused, too, with the one that may have been meant. Only a variable that starts with \`CASKD_\` and
resembles no setting is let pass with a warning: an orchestrator may have set it.

## Changes while the daemon runs

SIGHUP (\`systemctl reload caskd\`) reads the file anew. What says below that it changes while the
daemon runs comes into effect, for connections that are open, too; for the rest the log names the
settings that need a restart (\`restart-needed\`). A file with a mistake changes nothing, and the log
lists all of its problems (\`configuration-refused\`). Flags and variables stay what they were at the
start, and win over the file as before.

\`caskctl config set NAME VALUE\` changes such a setting at once, whatever its origin; it is forgotten
when the file is read anew and at a restart, so write into the file what is to stay. \`caskctl config
get\` lists every setting with its value, its origin and whether it can be set; \`caskctl config show
--origin\` prints what is in effect as a configuration file. All three want the role \`admin\`.

`;

export function referencePage(): string {
  const sections = Object.keys(SECTIONS) as Section[];
  return `${HEAD}${sections.map(sectionPart).join('\n')}`;
}

function sectionPart(section: Section): string {
  const { title, about } = SECTIONS[section];
  const names = SETTING_NAMES.filter((name) => settingNamed(name).section === section);
  return `## ${title}\n\n${about}\n\n${names.map(settingPart).join('\n')}`;
}

function settingPart(name: SettingName): string {
  const setting = settingNamed(name);
  const { help, cost, kind, live } = setting;
  const allowed = allowedInWords(setting) ?? kind.wanted;
  const facts = [
    `Flag \`${flagOf(name)}\`, variable \`${environmentNameOf(name)}\``,
    ...(kind.unit === '' ? [] : [`unit: ${kind.unit}`]),
    `allowed: ${allowed}`,
    `default: ${defaultInWords(setting)}`,
    `changes: ${live ? 'while the daemon runs' : 'at a restart'}`,
  ];
  return `### ${name}\n\n${sentence(help)} ${cost}\n\n${facts.join('; ')}.\n`;
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
