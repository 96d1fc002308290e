/** Directories for tests, removed when the test file ends. In memory where the system has that. */

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Call at the top of a test file; gives a function that makes new directories. */
export function scratchDirectories(): () => string {
  const root = mkdtempSync(join(base, 'caskd-test-'));
  let count = 0;
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return () => {
    count += 1;
    return join(root, `store-${count}`);
  };
}
