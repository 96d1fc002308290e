import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { SMALL_MEMORY_BYTES } from '../../../src/daemon/small-memory.ts';

const MODULE = new URL('../../../src/daemon/small-memory.ts', import.meta.url);

/** Of the young generation, once much garbage was made in a process that was granted so much. */
function youngBytes(grantedBytes: number): number {
  const script = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { spareMemory } from '${MODULE}';
    spareMemory(${grantedBytes});
    let kept = [];
    for (let index = 0; index < 2e6; index += 1) {
      kept.push({ index });
      if (kept.length > 50_000) kept = [];
    }
    const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    console.log(young.space_size);
  `;
  const args = ['--input-type=module', '--eval', script];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

it('the young generation stays small where little memory is granted, and there only', () => {
  const large = youngBytes(SMALL_MEMORY_BYTES + 1);
  const small = youngBytes(SMALL_MEMORY_BYTES);
  expect(small).toBeGreaterThan(0);
  expect(large).toBeGreaterThanOrEqual(4 * small);
});
