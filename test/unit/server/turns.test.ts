import { expect, test } from 'vitest';
import { Turns } from '../../../src/server/turns.ts';

const MIB = 1024 * 1024;

test('one alone has a whole turn; the more wait, the less each does, down to a little', () => {
  const turns = new Turns();
  const shares: [number, number][] = [];
  for (let waiting = 0; waiting <= 1000; waiting++) {
    shares.push([turns.frames(512), turns.bytes(MIB)]);
    turns.ask(() => turns.begin());
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
  for (let count = 0; count < 100; count++) turns.ask(() => turns.begin());
  expect(turns.frames(512)).toBeLessThan(512);
  await new Promise((resolve) => setImmediate(resolve));
  expect(turns.frames(512)).toBe(512);
});
