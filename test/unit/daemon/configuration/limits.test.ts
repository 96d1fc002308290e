import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { limitTables } from '../../../../src/daemon/configuration/limits-page.ts';
import { limitsReport } from '../../../../src/daemon/limits-report.ts';
import { MEMORY_PARTS, memoryBound, PROGRAM_BYTES } from '../../../../src/daemon/memory-bound.ts';
import { SERVER_LIMIT_NAMES } from '../../../../src/server/limit-figures.ts';
import { openStore } from '../../../../src/storage/index.ts';
import { load } from './load.ts';

const PAGE = new URL('../../../../docs/limits.md', import.meta.url);
const TABLES = /(<!-- tables .*-->\n)[\s\S]*(<!-- end of tables -->)/;
const MIB = 1024 * 1024;

async function countedLimits(): Promise<ReadonlySet<string>> {
  const directory = mkdtempSync(join(tmpdir(), 'caskd-limits-'));
  const store = await openStore({ directory });
  const { limits } = store.stats();
  await store.close();
  rmSync(directory, { recursive: true });
  return new Set([...SERVER_LIMIT_NAMES, ...Object.keys(limits)]);
}

test('docs/limits.md has every limit, as the schema says', async () => {
  const counted = await countedLimits();
  const page = readFileSync(PAGE, 'utf8');
  expect(page).toMatch(TABLES);
  const wanted = page.replace(
    TABLES,
    (_, begin, end) => `${begin}\n${limitTables(counted)}\n${end}`,
  );
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, wanted);
  expect(readFileSync(PAGE, 'utf8')).toBe(wanted);
});

describe('--print-limits', () => {
  const configuration = load(['--max-keydir-bytes', '64m', '--cache-bytes', '16m']);
  const bound = memoryBound((name) => Number(configuration.values[name]));

  test('tells every part of the worst case, and their sum', () => {
    const { text, warning } = limitsReport(configuration, bound);
    expect(warning).toBeUndefined();
    for (const { setting } of MEMORY_PARTS) expect(text).toContain(`  ${setting}: `);
    expect(text).toContain(`${bound} bytes`);
    expect(bound).toBeGreaterThan(PROGRAM_BYTES + 80 * MIB);
  });

  test('warns where less is granted', () => {
    const { warning } = limitsReport(configuration, bound - 1);
    expect(warning).toContain(String(bound));
    expect(warning).toContain(String(bound - 1));
  });
});
