import { expect, test } from 'vitest';
import { PageMemory } from '../../../src/storage/read/page-memory.ts';

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test('pages beyond the memory wait, in order', async () => {
  const memory = new PageMemory(100);
  const served: string[] = [];
  await memory.take(70);
  for (const [name, bytes] of [
    ['large', 60],
    ['small', 10],
  ] as const) {
    void memory.take(bytes).then(() => served.push(name));
  }
  await settled();
  expect([served, memory.waiting, memory.delayed]).toEqual([[], 2, 2]);
  // a page that turns out smaller gives the difference back
  memory.give(70 - 40);
  await settled();
  expect(served).toEqual(['large']);
  memory.give(40);
  await settled();
  expect(served).toEqual(['large', 'small']);
  expect([memory.bytes, memory.bytesHigh, memory.waiting]).toEqual([70, 100, 0]);
});

test('a page larger than all the memory is served alone', async () => {
  const memory = new PageMemory(100);
  await memory.take(5000);
  let isServed = false;
  void memory.take(1).then(() => {
    isServed = true;
  });
  await settled();
  expect(isServed).toBe(false);
  memory.give(5000);
  await settled();
  expect(isServed).toBe(true);
});
