/** The command that streams a range over HTTP, with few entries. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../scripts/stream-http.ts', import.meta.url));

test('every entry comes once, in order, to a fast reader and to a slow one', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, '--entries', '20000']);
  expect(stdout).toMatch(/^a fast reader: 20000 entries in order, .*resident MiB: \d+( \d+)+$/m);
  expect(stdout).toMatch(/^a slow reader: 20000 entries in order, /m);
});
