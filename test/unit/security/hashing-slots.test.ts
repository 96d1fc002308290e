import { expect, test } from 'vitest';
import { HashingSlots, slotsFor } from '../../../src/security/hashing-slots.ts';

/** Work that ends when it is told to. */
function gatedWork() {
  const gates: PromiseWithResolvers<void>[] = [];
  let most = 0;
  let running = 0;
  const work = async (): Promise<number> => {
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    running += 1;
    most = Math.max(most, running);
    await gate.promise;
    running -= 1;
    return gates.length;
  };
  return { work, gates, most: () => most };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('no more than two run at a time, the others in the order they came', async () => {
  const slots = new HashingSlots(2, 10);
  const { work, gates, most } = gatedWork();
  const order: number[] = [];
  const all = [0, 1, 2, 3, 4].map((name) => slots.run(work).then(() => order.push(name)));
  await settled();
  expect([gates.length, slots.waiting]).toEqual([2, 3]);
  for (let index = 0; index < 5; index++) {
    gates[index]?.resolve();
    await settled();
  }
  await Promise.all(all);
  expect(order).toEqual([0, 1, 2, 3, 4]);
  expect([most(), slots.waiting]).toEqual([2, 0]);
});

test('one more than may wait is BUSY, and later there is room again', async () => {
  const slots = new HashingSlots(1, 1);
  const { work, gates } = gatedWork();
  const first = slots.run(work);
  const second = slots.run(work);
  await expect(slots.run(work)).rejects.toMatchObject({ code: 'BUSY', retryable: true });
  gates[0]?.resolve();
  await first;
  await settled();
  gates[1]?.resolve();
  await second;
  expect(await slots.run(async () => 7)).toBe(7);
});

test('work that fails gives its slot back', async () => {
  const slots = new HashingSlots(1, 1);
  await expect(slots.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await slots.run(async () => 7)).toBe(7);
});

test.each([
  [1, 1],
  [2, 1],
  [3, 2],
  [64, 2],
])('on %i cores %i run at a time', (cores, slots) => {
  expect(slotsFor(cores)).toBe(slots);
});
