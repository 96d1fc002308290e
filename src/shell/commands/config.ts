/** config: the daemon's settings, read and changed. */

import { configurationToml, type SettingFacts } from '../../vocabulary/setting-facts.ts';
import { csvField } from '../entry-printer.ts';
import { EXIT_OK, UsageError } from '../exit-codes.ts';
import { printResult } from '../print-result.ts';
import { write } from '../shell-io.ts';
import { renderTable } from '../table.ts';
import type { CommandSpec, Invocation } from './command.ts';

const ACTIONS = ['get', 'set', 'show'];

export const config: CommandSpec = {
  name: 'config',
  summary: "read the daemon's settings, or change one",
  args: [
    { name: '<action>', kind: 'value', summary: 'what to do', choices: ACTIONS },
    { name: '[name]', kind: 'value', summary: 'of the setting' },
    { name: '[value]', kind: 'value', summary: 'for set: as in the configuration file' },
  ],
  flags: [{ flags: '--origin', kind: 'switch', summary: 'for show: say where each value is from' }],
  notes:
    'get           every setting with its value, where it is from, and whether it can be set\n' +
    'get <name>    the value of one setting\n' +
    'set <name> <value>  change it until the daemon reads its file anew or is started again\n' +
    'show          a configuration file that says what is in effect',

  async run(invocation) {
    const [action = '', name, value] = invocation.args;
    const wanted = { get: [0, 1], set: [2, 2], show: [0, 0] }[action];
    if (wanted === undefined) throw new UsageError(`allowed actions are ${ACTIONS.join(', ')}`);
    const given = invocation.args.length - 1;
    const [least = 0, most = 0] = wanted;
    if (given < least || given > most) throw new UsageError(USAGES[action] ?? '');
    if (name !== undefined && value !== undefined) await set(invocation, name, value);
    else if (action === 'show') await show(invocation);
    else await get(invocation, name);
    return EXIT_OK;
  },
};

const USAGES: Readonly<Record<string, string>> = {
  get: 'config get takes the name of a setting, or nothing',
  set: 'config set takes the name of a setting and its value',
  show: 'config show takes no name; config get <name> shows one setting',
};

async function get({ shell, format }: Invocation, name: string | undefined): Promise<void> {
  const settings = await (await shell.client()).getConfig(name);
  const isOne = name !== undefined && (format === 'table' || format === 'text');
  const text = isOne ? `${settings[0]?.text}\n` : render(settings, format);
  await write(shell.io.stdout, text);
}

async function set(invocation: Invocation, name: string, value: string): Promise<void> {
  const setting = await (await invocation.shell.client()).setConfig(name, value);
  const kept = 'put it into the configuration file to keep it';
  await printResult(invocation, { ...setting }, `ok, ${name} is ${setting.text}; ${kept}`);
}

async function show({ shell, flags, format }: Invocation): Promise<void> {
  const settings = await (await shell.client()).getConfig();
  const isToml = format === 'table' || format === 'text';
  const text = isToml ? configurationToml(settings, flags.has('origin')) : render(settings, format);
  await write(shell.io.stdout, text);
}

function render(settings: readonly SettingFacts[], format: Invocation['format']): string {
  if (format === 'json') return settings.map((facts) => `${JSON.stringify(facts)}\n`).join('');
  const rows = settings.map((setting) => [
    setting.name,
    setting.text,
    setting.place ?? setting.origin,
    setting.reloadable ? 'can be set' : 'at a restart',
  ]);
  if (format !== 'csv') return renderTable(rows);
  const lines = [['name', 'value', 'origin', 'changes'], ...rows];
  return lines.map((row) => `${row.map(csvField).join(',')}\n`).join('');
}
