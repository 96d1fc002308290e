/** Each command that docs/requirements.md names can be typed: its tests, scripts and parts are there. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { PARTS } from '../../../scripts/bench/parts/all-parts.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PAGE = readFileSync(`${ROOT}docs/requirements.md`, 'utf8');
const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
  scripts: Record<string, string>;
};
const COMMANDS = [...new Set([...PAGE.matchAll(/`(np[mx] [^`]+)`/g)].map(([, one = '']) => one))];

test('every row has a command', () => {
  expect(COMMANDS.length).toBeGreaterThan(30);
  const proofs = PAGE.split('## What was replaced')[0]?.split('\n') ?? [];
  const rows = proofs.filter((line) => line.startsWith('| ') && !line.includes('command that'));
  for (const row of rows) expect(row).toMatch(/\| `np[mx] [^|]+\|$/);
});

test.each(COMMANDS)('%s', (command) => {
  const [, npmScript] = /^npm run ([\w:]+)/.exec(command) ?? [];
  if (npmScript !== undefined) expect(scripts).toHaveProperty([npmScript]);
  const [, part] = /^npm run bench -- (\w+)/.exec(command) ?? [];
  if (part !== undefined) expect(PARTS.map(({ name }) => name)).toContain(part);
  const [, paths = ''] = /^npx vitest run ?(.*)/.exec(command) ?? [];
  for (const path of paths.split(' ')) expect(existsSync(ROOT + path), path).toBe(true);
});
