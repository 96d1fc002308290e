import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { PageTurns, SLICE_MS } from '../../../src/storage/read/page-turns.ts';

function newTurns(): PageTurns {
  return new PageTurns({
    endOfTurn: (task) => void setImmediate(task),
    after: () => ({ cancel: () => undefined }),
  });
}

test('short pages do not wait, until together they have worked for a slice', async () => {
  const turns = newTurns();
  turns.spend(SLICE_MS / 2);
  expect(turns.mustWait).toBe(false);
  turns.spend(SLICE_MS / 2);
  expect(turns.mustWait).toBe(true);
  await nextTurn();
  expect(turns.mustWait).toBe(false);
});

test('those in line go on one in each turn of the loop, in order, and newcomers behind them', async () => {
  const turns = newTurns();
  const gone: string[] = [];
  for (const name of ['first', 'second', 'third']) {
    void turns.next().then(() => gone.push(name));
  }
  expect(turns.mustWait).toBe(true);
  for (const expected of [['first'], ['first', 'second'], ['first', 'second', 'third']]) {
    await nextTurn();
    expect(gone).toEqual(expected);
  }
  expect(turns.mustWait).toBe(false);
});
