/** caskctl(1), from the table of its commands. */

import { COMMANDS } from '../../../src/shell/commands/command-table.ts';
import type {
  CommandOutline,
  ProgramOutline,
} from '../../../src/shell/completion/program-outline.ts';
import { exitStatus } from './exit-codes.ts';
import { argumentItem, argumentTerm, flagItem } from './flag-items.ts';
import { bold, chapter, example, italic, item, pageHead, paragraph, part, plain } from './roff.ts';

export function caskctlPage(program: ProgramOutline, version: string): string {
  const lines = [
    ...pageHead({
      name: 'caskctl',
      section: 1,
      version,
      manual: 'User Commands',
      purpose: 'the shell of caskd, a persistent key-value daemon',
    }),
    ...chapter('SYNOPSIS'),
    `${bold('caskctl')} [${italic('options')}] [${italic('command')} [${italic('argument')} ...]]`,
    ...chapter('DESCRIPTION'),
    plain('Sends one command to a caskd(8) and prints its answer. Without a command it is'),
    plain(
      'interactive on a terminal; elsewhere it reads commands from standard input, one a line.',
    ),
    ...chapter('OPTIONS'),
    ...paragraph(plain('They may stand before a command or behind it.')),
    ...program.flags.flatMap(flagItem),
    ...chapter('COMMANDS'),
    ...program.commands.flatMap(commandPart),
    ...chapter('KEYS AND VALUES'),
    plain(
      'Bytes are typed, and shown, as \\n, \\r, \\t, \\\\ and \\xNN; everything else is UTF-8.',
    ),
    ...chapter('ENVIRONMENT'),
    ...item(bold('CASKD_URL'), plain('the server, if --url does not name one')),
    ...item(bold('CASKCTL_USER'), plain('who asks, if neither --user nor the URL says so')),
    ...item(bold('CASKCTL_PASSWORD'), plain('the password of that user, or of the one to be made')),
    ...item(
      bold('CASKCTL_TLS_CA, CASKCTL_TLS_CERT, CASKCTL_TLS_KEY'),
      plain('what --tls-ca, --tls-cert and --tls-key are'),
    ),
    ...item(bold('CASKD_USERS_FILE'), plain('the file of users, for the command user')),
    ...item(
      bold('CASKCTL_HISTORY'),
      plain(
        'where the lines of a session are kept, or nothing for nowhere; a line that begins with a blank is not kept',
      ),
    ),
    ...item(bold('NO_COLOR'), plain('if set, nothing is coloured')),
    ...exitStatus('caskctl'),
    ...chapter('SEE ALSO'),
    `${bold('caskd')}(8)`,
  ];
  return `${lines.join('\n')}\n`;
}

function commandPart({ name, summary, args, flags }: CommandOutline): string[] {
  const notes = COMMANDS.find((command) => command.name === name)?.notes;
  const usage = [bold(name), ...args.map(argumentTerm), ...(flags.length > 0 ? ['[flags]'] : [])];
  return [
    ...part(name),
    usage.join(' '),
    ...paragraph(plain(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)),
    ...args.filter((argument) => argument.summary !== '').flatMap(argumentItem),
    ...flags.flatMap(flagItem),
    ...(notes === undefined ? [] : example(notes)),
  ];
}
