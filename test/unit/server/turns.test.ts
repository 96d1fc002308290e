import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turns } from '../../../src/server/turns.ts';

const MIB = 1024 * 1024;

/** Longer than a round. */
function workLong(): void {
  const endMs = performance.now() + 4;
  while (performance.now() < endMs);
}

test('one alone has a whole turn; the more wait, the less each does, down to a little', () => {
  const turns = new Turns();
  const shares: [number, number][] = [];
  for (let waiting = 0; waiting <= 1000; waiting++) {
    shares.push([turns.frames(512), turns.bytes(MIB)]);
    turns.ask(() => undefined);
  }
  expect([shares[0], shares[1], shares[2]]).toEqual([
    [512, MIB],
    [512, MIB],
    [512, MIB],
  ]);
  expect(shares[16]).toEqual([128, MIB / 4]);
  expect(shares[1000]).toEqual([16, 64 * 1024]);
  for (const [index, [frames]] of shares.entries()) {
    expect(frames).toBeLessThanOrEqual(shares[index - 1]?.[0] ?? 512);
  }
});

test('turns that are over wait no more', async () => {
  const turns = new Turns();
  for (let count = 0; count < 100; count++) turns.ask(() => undefined);
  expect(turns.frames(512)).toBeLessThan(512);
  while (turns.waiting > 0) await nextTurn();
  expect(turns.frames(512)).toBe(512);
});

test('a round that has lasted leaves the others to the next turns of the loop, in order', async () => {
  const turns = new Turns();
  const done: number[] = [];
  for (let index = 0; index < 3; index++) {
    turns.ask(() => {
      workLong();
      done.push(index);
    });
  }
  await nextTurn();
  expect(done).toEqual([0]);
  await nextTurn();
  expect(done).toEqual([0, 1]);
  await nextTurn();
  expect(done).toEqual([0, 1, 2]);
});

test('who asks again has another turn when all others had theirs', async () => {
  const turns = new Turns();
  const done: string[] = [];
  turns.ask(() => {
    done.push('first');
    turns.ask(() => done.push('first again'));
  });
  turns.ask(() => done.push('second'));
  while (turns.waiting > 0) await nextTurn();
  expect(done).toEqual(['first', 'second', 'first again']);
});

test('what is new does not wait for all who are behind', async () => {
  const turns = new Turns();
  const done: string[] = [];
  for (let index = 0; index < 5; index++) {
    turns.ask(() => {
      workLong();
      done.push('behind');
    });
  }
  turns.askFresh(() => done.push('fresh'));
  await nextTurn();
  expect(done).toEqual(['fresh', 'behind']);
});

test('what may be written at once is spent, and there anew in the next turn of the loop', async () => {
  const turns = new Turns();
  turns.spend(MIB);
  expect(turns.isSpent).toBe(false);
  turns.spend(1);
  expect(turns.isSpent).toBe(true);
  await nextTurn();
  expect(turns.isSpent).toBe(false);
});
