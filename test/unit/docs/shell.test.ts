/** `UPDATE_DOCS=1` writes the list of commands in docs/shell.md anew. */

import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { commandList } from './shell-page.ts';

const PAGE = new URL('../../../docs/shell.md', import.meta.url);
const LIST_START = '## Common flags';

it('docs/shell.md lists every command with its arguments and flags', () => {
  const page = readFileSync(PAGE, 'utf8');
  const start = page.indexOf(LIST_START);
  expect(start).toBeGreaterThan(0);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, page.slice(0, start) + commandList());
  expect(readFileSync(PAGE, 'utf8').slice(start)).toBe(commandList());
});
