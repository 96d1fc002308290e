import { describe, expect, test } from 'vitest';
import { ExpiryTable } from '../../../src/storage/keydir/expiry-table.ts';
import { RefMap } from '../../../src/storage/keydir/ref-map.ts';
import { randomizer } from './keydir-model.ts';

/** Sets, removes or renames a random reference, in both. */
function change(
  table: ExpiryTable,
  times: Map<number, number>,
  random: (limit: number) => number,
): void {
  const ref = 1 + random(9000);
  const present = times.get(ref);
  const kind = random(10);
  if (kind < 5) {
    const time = 1 + random(2 ** 31) * 2 ** 16;
    table.set(ref, time);
    times.set(ref, time);
  } else if (kind < 8) {
    expect(table.remove(ref)).toBe(times.delete(ref));
  } else if (present !== undefined && !times.has(ref + 10_000)) {
    table.rename(ref, ref + 10_000);
    times.set(ref + 10_000, present);
    times.delete(ref);
  }
  if (table.expiresAt(ref) !== (times.get(ref) ?? 0)) expect.unreachable();
}

describe('ExpiryTable', () => {
  test('against a map, with renames', () => {
    const random = randomizer(11);
    const table = new ExpiryTable();
    const times = new Map<number, number>();
    for (let i = 0; i < 40_000; i++) change(table, times, random);
    expect(table.count).toBe(times.size);
    const order = [...times.values()].sort((a, b) => a - b);
    for (const time of order) {
      expect(table.nextExpiry()).toBe(time);
      expect(table.popDue(time - 1)).toBe(0);
      const ref = table.popDue(time);
      expect(times.get(ref)).toBe(time);
      expect(table.expiresAt(ref)).toBe(time);
      if (random(2) === 0) table.remove(ref);
    }
    expect(table.nextExpiry()).toBe(0);
    expect(table.popDue(2 ** 47)).toBe(0);
  });

  test('a popped entry that is set again is due again', () => {
    const table = new ExpiryTable();
    table.set(5, 100);
    expect(table.popDue(100)).toBe(5);
    expect(table.popDue(100)).toBe(0);
    table.set(5, 200);
    expect(table.nextExpiry()).toBe(200);
    expect(table.popDue(200)).toBe(5);
  });

  test('gives pages back, and stays within the announced growth', () => {
    const table = new ExpiryTable();
    const bound = table.growthBytesMax(30_000);
    for (let ref = 1; ref <= 30_000; ref++) table.set(ref, ref);
    expect(table.bytesUsed).toBeLessThanOrEqual(bound);
    const full = table.bytesUsed;
    for (let ref = 1; ref <= 30_000; ref++) expect(table.remove(ref)).toBe(true);
    expect(table.count).toBe(0);
    expect(table.bytesUsed).toBeLessThan(full - 200_000);
  });
});

describe('RefMap', () => {
  test('takes references up to 2^32 - 1', () => {
    const map = new RefMap();
    map.set(2 ** 32 - 1, 2 ** 32 - 1);
    expect(map.get(2 ** 32 - 1)).toBe(2 ** 32 - 1);
    expect(map.get(2 ** 31)).toBe(-1);
    expect(map.remove(2 ** 32 - 1)).toBe(true);
    expect(map.remove(2 ** 32 - 1)).toBe(false);
    expect(map.get(2 ** 32 - 1)).toBe(-1);
  });
});
