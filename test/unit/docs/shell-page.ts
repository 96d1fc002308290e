/** The list of commands in docs/shell.md, made from the table of commands. */

import type { CommandSpec, FlagSpec } from '../../../src/shell/commands/command.ts';
import { usageOf } from '../../../src/shell/commands/command.ts';
import { COMMANDS } from '../../../src/shell/commands/command-table.ts';
import { COMMON_FLAGS } from '../../../src/shell/common-flags.ts';

function flagLines(flags: readonly FlagSpec[]): string[] {
  return flags.map(({ flags: names, summary }) => `- \`${names}\`: ${summary}`);
}

function section(spec: CommandSpec): string {
  const { name, summary, flags, notes } = spec;
  const parts = [
    `### ${name}`,
    `\`${usageOf(spec)}\``,
    `${summary[0]?.toUpperCase()}${summary.slice(1)}.`,
    flagLines(flags).join('\n'),
    notes === undefined ? '' : `\`\`\`text\n${notes}\n\`\`\``,
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** From `## Common flags` to the end of the page. */
export function commandList(): string {
  const common = `## Common flags\n\n${flagLines(COMMON_FLAGS).join('\n')}`;
  return `${[common, '## Commands', ...COMMANDS.map(section)].join('\n\n')}\n`;
}
