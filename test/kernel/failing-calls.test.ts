/**
 * System calls of the real daemon that fail, made so by strace. An fsync that failed is never
 * tried again: the daemon says what it does not know, and ends; nothing acknowledged is lost.
 */

import { describe, expect, test } from 'vitest';
import { Acknowledged } from './acknowledged.ts';
import { skipsBecause, straceObstacle } from './capabilities.ts';
import { StoreUnderTest } from './store-under-test.ts';

const SKIPS = skipsBecause('failing system calls', straceObstacle());
/** One thread in the pool, since strace counts calls by thread. */
const ENV = { UV_THREADPOOL_SIZE: '1' };
const WRITES_MAX = 2000;

/** Runs a daemon in which these calls fail. */
function failing(calls: string, error: string, when: string): string[] {
  const quiet = ['strace', '-f', '-qq', '-o', '/dev/null', '--seccomp-bpf'];
  return [...quiet, '-e', `trace=${calls}`, '-e', `inject=${calls}:error=${error}:when=${when}`];
}

/** Writes until it fails, restarts without the fault, compares. */
async function failAndRecover(
  under: string[],
  flags: string[],
): Promise<{ acknowledged: Acknowledged; code: number | null; log: string }> {
  await using store = await StoreUnderTest.create();
  const first = store.spawn();
  const acknowledged = new Acknowledged();
  await acknowledged.putMany(await store.connect(first), 'before/', 50);
  expect(await store.stop(first)).toBe(0);

  const faulty = store.spawn({ under, flags, env: ENV });
  const client = await store.connect(faulty);
  await acknowledged.putMany(client, 'during/', WRITES_MAX);
  const { code } = await faulty.exited;
  const log = faulty.stdout;

  const healthy = store.spawn();
  const after = await store.connect(healthy);
  expect(await acknowledged.lost(after)).toEqual([]);
  expect(await acknowledged.put(after, 'after')).toBe(true);
  expect(await store.stop(healthy)).toBe(0);
  return { acknowledged, code, log };
}

describe.skipIf(SKIPS)('rule 6: an fdatasync that fails with EIO', () => {
  test.each([1, 2, 30])('the sync number %i: fail-stop, nothing lost', async (when) => {
    const under = failing('fdatasync', 'EIO', `${when}`);
    const { acknowledged, code, log } = await failAndRecover(under, []);
    expect(code).toBe(1);
    expect(log).toContain('"msg":"stopped-by-failure"');
    expect(log).toContain('EIO');
    // the waiters of that group, and what waited behind it, were told so by the server itself
    const told = acknowledged.refusals.filter(({ byServer }) => byServer);
    expect(told.map(({ code }) => code)).toContain('OUTCOME_UNKNOWN');
    for (const { code: answer } of told) {
      expect(['OUTCOME_UNKNOWN', 'NOT_APPLIED', 'STORE_FAILED']).toContain(answer);
    }
  });

  test('in mode interval, too, the process ends', async () => {
    const under = failing('fdatasync', 'EIO', '2+');
    const flags = ['--durability', 'interval', '--sync-interval-ms', '20'];
    const { code, log } = await failAndRecover(under, flags);
    expect(code).toBe(1);
    expect(log).toContain('"msg":"stopped-by-failure"');
  });
});

describe.skipIf(SKIPS)('other calls that fail', () => {
  test('a write that fails with EIO: fail-stop, nothing lost', async () => {
    const { code, log } = await failAndRecover(failing('pwrite64', 'EIO', '40+'), []);
    expect(code).toBe(1);
    expect(log).toContain('"msg":"stopped-by-failure"');
  });

  test('an fsync that fails when the log rolls: loud, nothing lost', async () => {
    const { code, log } = await failAndRecover(failing('fsync', 'EIO', '10+'), []);
    expect(code).toBe(1);
    expect(log).toContain('"msg":"stopped-by-failure"');
  });
});
