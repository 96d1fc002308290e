import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FlushQueue } from '../../../src/server/flush-queue.ts';

function recorder() {
  const flushed: { readonly name: string; readonly ms: number }[] = [];
  const connection = (name: string) => ({
    flush: (ms: number) => {
      flushed.push({ name, ms });
    },
  });
  return { flushed, connection, names: () => flushed.map(({ name }) => name) };
}

test('connections that were answered are flushed when the code that answered has returned', async () => {
  const { flushed, connection, names } = recorder();
  const queue = new FlushQueue();
  queue.add(connection('a'));
  queue.add(connection('b'));
  expect(flushed).toEqual([]);
  await Promise.resolve();
  await new Promise<void>((resolve) => process.nextTick(resolve));
  expect(names()).toEqual(['a', 'b']);
});

test('connections that were read from are flushed together, once what came is read', async () => {
  const { flushed, connection, names } = recorder();
  const queue = new FlushQueue();
  queue.addRead(connection('a'), 10);
  await new Promise<void>((resolve) => process.nextTick(resolve));
  queue.addRead(connection('b'), 10.5);
  expect(flushed).toEqual([]);
  await nextTurn();
  expect(names()).toEqual(['a', 'b']);
  expect(flushed[0]?.ms).toBe(flushed[1]?.ms);
  await nextTurn();
  queue.addRead(connection('c'), 20);
  await nextTurn();
  expect(names()).toEqual(['a', 'b', 'c']);
});

test('replies do not wait long for other connections to be read', async () => {
  const { connection, names } = recorder();
  const queue = new FlushQueue();
  queue.addRead(connection('a'), 10);
  queue.addRead(connection('b'), 11);
  expect(names()).toEqual([]);
  queue.addRead(connection('c'), 11.5);
  expect(names()).toEqual(['a', 'b', 'c']);
  queue.addRead(connection('d'), 11.6);
  expect(names()).toEqual(['a', 'b', 'c']);
  await nextTurn();
  expect(names()).toEqual(['a', 'b', 'c', 'd']);
});
