/** The result of a command that is not a list of entries: a sentence, or its facts as data. */

import type { Invocation } from './commands/command.ts';
import { csvField } from './entry-printer.ts';
import { write } from './shell-io.ts';

export async function printResult(
  { shell, format }: Invocation,
  facts: Readonly<Record<string, unknown>>,
  sentence: string,
): Promise<void> {
  await write(shell.io.stdout, renderResult(format, facts, sentence));
}

function renderResult(
  format: Invocation['format'],
  facts: Readonly<Record<string, unknown>>,
  sentence: string,
): string {
  if (format === 'json') return `${JSON.stringify(facts)}\n`;
  if (format !== 'csv') return `${sentence}\n`;
  const names = Object.keys(facts);
  const fields = Object.values(facts).map((fact) => csvField(String(fact ?? '')));
  return `${names.join(',')}\n${fields.join(',')}\n`;
}
