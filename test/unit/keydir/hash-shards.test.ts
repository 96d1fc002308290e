import { describe, expect, test } from 'vitest';
import { EntryArena } from '../../../src/storage/keydir/entry-arena.ts';
import { HashShards } from '../../../src/storage/keydir/hash-shards.ts';
import { randomizer } from './keydir-model.ts';

function numbered(number: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt32BE(number);
  return key;
}

describe('HashShards', () => {
  test('against a map, with hashes that crowd a few homes', () => {
    const arena = new EntryArena();
    const shards = new HashShards(arena);
    const random = randomizer(7);
    const refs = new Map<number, number>();
    // few shards; tags 0, 1 and the last ones, so that clusters wrap around
    const hashOf = (n: number) =>
      (((n % 3) << 20) | (n % 5 === 0 ? n % 7 : 0xffff - (n % 97))) >>> 0;
    for (let i = 0; i < 60_000; i++) {
      const n = random(4000);
      const key = numbered(n);
      const present = refs.get(n);
      if (shards.find(hashOf(n), key, 0, 4) !== (present ?? 0)) expect.unreachable();
      if (present === undefined) {
        const ref = arena.allocate(key, 0, 4);
        expect(shards.insert(hashOf(n), ref)).toBe(true);
        refs.set(n, ref);
      } else if (random(2) === 0) {
        expect(shards.remove(hashOf(n), present)).toBe(true);
        expect(shards.remove(hashOf(n), present)).toBe(false);
        arena.free(present);
        refs.delete(n);
      } else {
        const copy = arena.copyEntry(present);
        expect(shards.replace(hashOf(n), present, copy)).toBe(true);
        arena.free(present);
        refs.set(n, copy);
      }
    }
    for (const [n, ref] of refs) expect(shards.find(hashOf(n), numbered(n), 0, 4)).toBe(ref);
  });

  test('takes in what is not there, and tells what is', () => {
    const arena = new EntryArena();
    const shards = new HashShards(arena);
    // two shards and a few tags, so that other keys are in the way and clusters wrap around
    const hashOf = (n: number) => (((n % 2) << 20) | (0xffff - (n % 5))) >>> 0;
    const refs = Array.from({ length: 500 }, (_, n) => arena.allocate(numbered(n), 0, 4));
    for (const [n, ref] of refs.entries()) expect(shards.takeIn(hashOf(n), ref)).toBe(0);
    for (const [n, ref] of refs.entries()) {
      expect(shards.takeIn(hashOf(n), arena.copyEntry(ref))).toBe(ref);
      expect(shards.find(hashOf(n), numbered(n), 0, 4)).toBe(ref);
    }
  });

  test('a full shard refuses', () => {
    const arena = new EntryArena();
    const shards = new HashShards(arena);
    let inserted = 0;
    expect(shards.hasRoomFor(52_428)).toBe(true);
    while (shards.insert(inserted & 0xffff, arena.allocate(numbered(inserted), 0, 4))) inserted++;
    expect(inserted).toBe(52_428);
    expect(shards.takeIn(5, arena.allocate(numbered(60_000), 0, 4))).toBe(-1);
    expect(shards.hasRoomFor(1)).toBe(false);
    expect(shards.find(5, numbered(5), 0, 4)).toBeGreaterThan(0);
    expect(shards.find(5, numbered(60_000), 0, 4)).toBe(0);
    expect(shards.reserve(1 << 20)).toBe(true);
  });

  test('stays within the announced growth', () => {
    const arena = new EntryArena();
    const shards = new HashShards(arena);
    const random = randomizer(3);
    for (let batch = 1; batch < 20_000; batch *= 3) {
      const bound = shards.bytesUsed + shards.growthBytesMax(batch);
      for (let i = 0; i < batch; i++) shards.insert(random(2 ** 32), 1 + i);
      expect(shards.bytesUsed).toBeLessThanOrEqual(bound);
    }
  });
});
