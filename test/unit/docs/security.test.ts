/** docs/security.md: every threat has a test of its name, and no test names a threat that is not there. */

import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const ROOT = new URL('../../../', import.meta.url);
const PAGE = readFileSync(new URL('docs/security.md', ROOT), 'utf8');
const ROW = /^\| ([A-Z]\d) \| [^|]+ \| [^|]+ \|$/gm;
const TITLE = /['"`]([A-Z]\d) [^'"`]+['"`]/g;

const threats = [...PAGE.matchAll(ROW)].map(([, name]) => name);
/** Those of pages in browsers are with the listener that serves them. */
const FILES = ['test/security/*.test.ts', 'test/unit/http/{origins,session}.test.ts'];
const tests = globSync(FILES, { cwd: ROOT }).flatMap((file) =>
  [...readFileSync(new URL(file, ROOT), 'utf8').matchAll(TITLE)].map(([, name]) => name),
);

test('every threat of docs/security.md has a test of its name', () => {
  expect(threats.length).toBe(PAGE.match(/^\| [A-Z]\d/gm)?.length);
  expect(new Set(threats).size).toBe(threats.length);
  expect([...new Set(tests)].toSorted()).toEqual(threats.toSorted());
});
