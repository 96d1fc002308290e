import { describe, expect, test } from 'vitest';
import { ArenaCompactor } from '../../../src/storage/keydir/arena-compactor.ts';
import { EntryArena } from '../../../src/storage/keydir/entry-arena.ts';
import { CHUNK_BYTES } from '../../../src/storage/keydir/entry-blocks.ts';
import { randomizer } from './keydir-model.ts';

describe('EntryArena', () => {
  test('keeps every field at its bounds', () => {
    const arena = new EntryArena();
    const ref = arena.allocate(Buffer.from('key'), 0, 3);
    arena.setLocation(ref, 65_535, 2 ** 32 - 1, 2 ** 30 - 1);
    arena.setMeta(ref, 2 ** 53 - 1, 2 ** 32 - 1, 2 ** 43 - 1);
    for (const flag of [true, false]) {
      arena.setHasExpiry(ref, flag);
      arena.setDead(ref, !flag);
      expect(arena.hasExpiry(ref)).toBe(flag);
      expect(arena.isDead(ref)).toBe(!flag);
      expect(arena.segmentSlot(ref)).toBe(65_535);
      expect(arena.offset(ref)).toBe(2 ** 32 - 1);
      expect(arena.recordBytes(ref)).toBe(2 ** 30 - 1);
      expect(arena.sequence(ref)).toBe(2 ** 53 - 1);
      expect(arena.version(ref)).toBe(2 ** 32 - 1);
      expect(arena.createdAt(ref)).toBe(2 ** 43 - 1);
      expect(arena.keyLength(ref)).toBe(3);
    }
    arena.setMeta(ref, 0, 0, 0);
    expect([arena.sequence(ref), arena.version(ref), arena.createdAt(ref)]).toEqual([0, 0, 0]);
  });

  test('compares keys as unsigned bytes, a prefix being less', () => {
    const arena = new EntryArena();
    const ref = arena.allocate(Buffer.from([1, 0x80]), 0, 2);
    const compare = (...key: number[]) =>
      Math.sign(arena.compare(ref, 0, Buffer.from(key), 0, key.length));
    expect(compare(1, 0x80)).toBe(0);
    expect(compare(1, 0x7f)).toBe(1);
    expect(compare(1, 0xff)).toBe(-1);
    expect(compare(1)).toBe(1);
    expect(compare(1, 0x80, 0)).toBe(-1);
    expect([arena.head(ref, 0), arena.head(ref, 1), arena.head(ref, 2)]).toEqual([
      0x0180, 0x8000, 0,
    ]);
  });

  test('reuses a freed block for the same size only', () => {
    const arena = new EntryArena();
    const key = Buffer.alloc(100, 1);
    const first = arena.allocate(key, 0, 5);
    const second = arena.allocate(key, 0, 6);
    const bytes = arena.bytesUsed;
    arena.free(first);
    arena.free(second);
    expect(arena.bytesFree).toBe(2 * (28 + 8));
    expect(arena.hasFreeBlock(8)).toBe(true);
    expect(arena.hasFreeBlock(9)).toBe(false);
    expect(arena.allocate(key, 0, 9)).toBeGreaterThan(second);
    expect(arena.allocate(key, 0, 8)).toBe(second);
    expect(arena.allocate(key, 0, 7)).toBe(first);
    expect(arena.bytesUsed).toBe(bytes + 28 + 12);
    expect(() => arena.free(0)).toThrow();
  });

  test('takes almost no memory while empty', () => {
    expect(new EntryArena().bytesUsed).toBeLessThan(100_000);
  });
});

describe('ArenaCompactor', () => {
  test('moves what lives, and lets chunks go, while entries come and go', () => {
    const arena = new EntryArena();
    const random = randomizer(42);
    const live = new Map<number, string>();
    const key = (ref: number) => {
      const copy = Buffer.alloc(arena.keyLength(ref));
      arena.copyKey(ref, copy, 0);
      return copy.toString();
    };
    const compactor = new ArenaCompactor(arena, {
      entryMoved: (from, to) => {
        expect(key(to)).toBe(live.get(from));
        live.set(to, live.get(from) as string);
        live.delete(from);
      },
    });
    let number = 0;
    const add = (length: number) => {
      const text = String(number++).padEnd(length, '.');
      const ref = arena.allocate(Buffer.from(text), 0, length);
      arena.setMeta(ref, number, 0, 0);
      live.set(ref, text);
    };
    const freeSome = (count: number) => {
      const refs = [...live.keys()];
      for (let i = 0; i < count && refs.length > 0; i++) {
        const ref = refs[random(refs.length)] as number;
        if (live.delete(ref)) arena.free(ref);
      }
    };
    while (arena.bytesInBlocks < 5 * CHUNK_BYTES) add(100 + random(300));
    freeSome(live.size * 2);
    expect(compactor.isNeeded).toBe(true);
    while (compactor.step(500)) {
      for (let i = 0; i < 50; i++) add(100 + random(300));
      freeSome(50);
    }
    expect(arena.bytesFree).toBeLessThan(Math.max(arena.bytesInBlocks * 0.2, 1024 * 1024) + 1);
    for (const [ref, text] of live) if (key(ref) !== text) expect(key(ref)).toBe(text);
    freeSome(live.size * 20);
    while (compactor.step(500));
    expect(arena.bytesUsed).toBeLessThan(2 * CHUNK_BYTES);
  });

  test('does nothing for a little garbage', () => {
    const arena = new EntryArena();
    const compactor = new ArenaCompactor(arena, { entryMoved: () => expect.unreachable() });
    for (let i = 0; i < 1000; i++) arena.free(arena.allocate(Buffer.alloc(i + 1, 1), 0, i + 1));
    expect(compactor.isNeeded).toBe(false);
    expect(compactor.step(10)).toBe(false);
  });
});
