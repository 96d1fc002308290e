/** The exit codes of a program, from the one table of them in docs/errors.md. */

import { readFileSync } from 'node:fs';
import { bold, chapter, item, marked } from './roff.ts';

const PAGE = new URL('../../../docs/errors.md', import.meta.url);
const ROW = /^\| (\d+) \| (.+) \|$/gm;

/** The chapter of a manual page. */
export function exitStatus(program: string): string[] {
  const [, after = ''] = readFileSync(PAGE, 'utf8').split(`## Exit codes of ${program}\n`);
  const [table = ''] = after.split('\n## ');
  const rows = [...table.matchAll(ROW)];
  if (rows.length === 0) throw new Error(`docs/errors.md has no exit codes of ${program}`);
  const items = rows.flatMap(([, code = '', meaning = '']) => item(bold(code), marked(meaning)));
  return [...chapter('EXIT STATUS'), ...items];
}
