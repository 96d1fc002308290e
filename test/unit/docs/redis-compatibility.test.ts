import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { COMMANDS } from '../../../src/resp/commands/command-table.ts';

const PAGE = new URL('../../../docs/redis-compatibility.md', import.meta.url);

it.each([...COMMANDS.values()])('docs/redis-compatibility.md names $name', (command) => {
  const page = readFileSync(PAGE, 'utf8');
  const row = page.split('\n').find((line) => line.includes(`\`${command.name.toUpperCase()}\``));
  expect(row).toBeDefined();
  for (const subcommand of command.subcommands ?? []) {
    expect(row?.toLowerCase()).toContain(subcommand);
  }
});

it('it names no command that there is not', () => {
  const page = readFileSync(PAGE, 'utf8');
  const table = page.slice(page.indexOf('## Commands'), page.indexOf('## What differs'));
  const names = [...table.matchAll(/`([A-Z][A-Z.]+)`/g)].map(([, name]) => name?.toLowerCase());
  const known = [...COMMANDS.values()].flatMap(({ name, subcommands = [] }) => [
    name,
    ...subcommands,
  ]);
  const options = ['ifeq', 'after'];
  const unknown = names.filter((name) => name !== undefined && !known.includes(name));
  expect(unknown.filter((name) => !options.includes(name ?? ''))).toEqual([]);
});
