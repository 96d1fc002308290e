/** caskd(8), from the schema of its settings. */

import {
  SETTING_NAMES,
  type SettingName,
  settingNamed,
} from '../../../src/daemon/configuration/schema.ts';
import { SECTIONS, type Section } from '../../../src/daemon/configuration/sections.ts';
import { environmentNameOf, flagOf } from '../../../src/daemon/configuration/setting-names.ts';
import { allowedInWords, defaultInWords } from '../../../src/daemon/configuration/setting-words.ts';
import type { ProgramOutline } from '../../../src/shell/completion/program-outline.ts';
import { exitStatus } from './exit-codes.ts';
import { flagItem, flagTerm } from './flag-items.ts';
import { bold, chapter, italic, item, marked, pageHead, paragraph, part, plain } from './roff.ts';

export function caskdPage(program: ProgramOutline, version: string): string {
  const settingFlags = new Set(SETTING_NAMES.map(flagOf));
  const lines = [
    ...pageHead({
      name: 'caskd',
      section: 8,
      version,
      manual: 'System Administration',
      purpose: 'a persistent key-value daemon',
    }),
    ...chapter('SYNOPSIS'),
    `${bold('caskd')} [${italic('flags')}]`,
    ...chapter('DESCRIPTION'),
    ...DESCRIPTION.map(plain),
    ...chapter('OPTIONS'),
    ...program.flags.filter(({ name }) => !settingFlags.has(name)).flatMap(flagItem),
    ...chapter('SETTINGS'),
    ...paragraph(...SETTINGS_NOTES.map(plain)),
    ...(Object.keys(SECTIONS) as Section[]).flatMap((section) => sectionPart(section, program)),
    ...chapter('SIGNALS'),
    ...SIGNALS.flatMap(([names, meaning]) => item(bold(names), plain(meaning))),
    ...chapter('SERVICE MANAGER'),
    ...paragraph(...SERVICE_MANAGER.map(plain)),
    ...chapter('FILES'),
    ...FILES.flatMap(([path, meaning]) => item(italic(path), plain(meaning))),
    ...exitStatus('caskd'),
    ...chapter('SEE ALSO'),
    `${bold('caskctl')}(1), ${bold('systemd.service')}(5), ${bold('systemd.socket')}(5)`,
  ];
  return `${lines.join('\n')}\n`;
}

function sectionPart(section: Section, program: ProgramOutline): string[] {
  const { title, about } = SECTIONS[section];
  const names = SETTING_NAMES.filter((name) => settingNamed(name).section === section);
  return [...part(title), marked(about), ...names.flatMap((name) => settingItem(name, program))];
}

function settingItem(name: SettingName, program: ProgramOutline): string[] {
  const setting = settingNamed(name);
  const flag = program.flags.find((each) => each.name === flagOf(name));
  if (flag === undefined) throw new Error(`${flagOf(name)} is not a flag of caskd`);
  const { help, cost, live, kind } = setting;
  const allowed = allowedInWords(setting) ?? kind.wanted;
  return item(
    flagTerm(flag),
    marked(`${help.charAt(0).toUpperCase()}${help.slice(1)}. ${cost}`),
    plain(`Allowed: ${allowed}. Default: ${defaultInWords(setting)}.`),
    `${bold(environmentNameOf(name))}, ${bold(name)} in the file; ${live ? 'may change while the daemon runs' : 'changes at a restart'}.`,
  );
}

const DESCRIPTION = [
  'Keeps keys and values in one directory, in memory as far as keys go and on disk for the rest,',
  'and serves them over TCP. It runs in the foreground and writes its log to standard output, a',
  'JSON object a line.',
];

const SETTINGS_NOTES = [
  'Each setting can stand in four places, of which the first wins: a flag, a variable of the environment, the file named by --config or CASKD_CONFIG (TOML), the default.',
  'Sizes take a suffix k, m or g (powers of 1024). caskd --check-config prints all of them with the place that each comes from.',
];

const SIGNALS = [
  ['SIGTERM, SIGINT', 'finish what was asked, then exit; a second one exits at once'],
  ['SIGHUP', 'read the configuration anew'],
] as const;

const SERVICE_MANAGER = [
  'With NOTIFY_SOCKET set, the daemon tells systemd that it is loading (and needs more time), ready, reloading and stopping, and how it is. With WATCHDOG_USEC set it gives signs of life, as long as its event loop turns and its store has not failed. systemd-notify sends, in a helper, so that the unit needs NotifyAccess=all.',
  'With LISTEN_FDS set it serves on the socket that it is handed instead of the address in its settings. Several sockets are told apart by FileDescriptorName=; that of this protocol is "caskd".',
];

const FILES = [
  ['/etc/caskd/caskd.toml', 'the configuration, where a package or scripts/install.sh put it'],
  ['/etc/caskd/environment', 'variables for the unit'],
  ['/etc/caskd/private', "for users and keys of TLS: the daemon's alone"],
  ['/var/lib/caskd', "the data directory of the unit: the daemon's alone"],
  ['/var/backups/caskd', 'where caskd-backup.timer has backups taken'],
] as const;
