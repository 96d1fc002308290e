/** docs/errors.md tells of every error code and exit code, and of no other. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/daemon/exit-codes.ts';
import { ERROR_CODES } from '../../../src/errors/error-codes.ts';
import * as shellExits from '../../../src/shell/exit-codes.ts';

const PAGE = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
const SECTION = /^### (\w+) \((\d+)\)\n\nRetryable: (yes|no)\. Applied: (yes|no|perhaps)\.\n\S/gm;

interface Section {
  readonly name: string;
  readonly number: number;
  readonly retryable: boolean;
  readonly applied: string;
  /** The headline of the group that it stands under. */
  readonly group: string;
}

const sections: Section[] = [...PAGE.matchAll(SECTION)].map((match) => {
  const [, name = '', number, retryable, applied = ''] = match;
  const group =
    PAGE.slice(0, match.index)
      .match(/^## .*$/gm)
      ?.at(-1) ?? '';
  return { name, number: Number(number), retryable: retryable === 'yes', applied, group };
});

/** The codes of the table under a headline. */
function exitCodes(headline: string): number[] {
  const [, after = ''] = PAGE.split(`## ${headline}\n`);
  const [table = ''] = after.split('\n## ');
  return [...table.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
}

describe('docs/errors.md', () => {
  it('has a section for every code, with number and retryable, in order, and no other', () => {
    const told = sections.map(({ name, number, retryable }) => [name, number, retryable]);
    const known = Object.entries(ERROR_CODES).map(([name, { number, retryable }]) => [
      name,
      number,
      retryable,
    ]);
    expect(told).toEqual(known);
    expect(PAGE.match(/^### /gm)).toHaveLength(known.length);
  });

  it('has each code in the group of its number', () => {
    for (const { name, number, group } of sections) {
      const [, first, last = first] = /^## (\d+)(?:-(\d+))?:/.exec(group) ?? [];
      expect(number, name).toBeGreaterThanOrEqual(Number(first));
      expect(number, name).toBeLessThanOrEqual(Number(last));
    }
  });

  it('says of retryable codes that nothing was applied', () => {
    for (const { name, retryable, applied } of sections) {
      if (retryable) expect(applied, name).toBe('no');
    }
    expect(sections.find(({ name }) => name === 'OUTCOME_UNKNOWN')?.applied).toBe('perhaps');
  });

  it('has the exit codes of daemon and shell', () => {
    expect(exitCodes('Exit codes of caskd')).toEqual(Object.values(EXIT));
    const shell = Object.entries(shellExits).filter(([name]) => name.startsWith('EXIT_'));
    expect(exitCodes('Exit codes of caskctl')).toEqual(
      shell.map(([, code]) => code as number).sort((one, other) => one - other),
    );
  });
});
