import { describe, expect, test } from 'vitest';
import { BulkLoader } from '../../../src/storage/keydir/bulk-loader.ts';
import { EntryArena } from '../../../src/storage/keydir/entry-arena.ts';
import { IndexCursor } from '../../../src/storage/keydir/index-cursor.ts';
import { SortedIndex } from '../../../src/storage/keydir/sorted-index.ts';
import { randomizer } from './keydir-model.ts';

/** Enough for three levels, and splits of inner nodes. */
const MANY = 36_000;

class Tree {
  readonly arena = new EntryArena();
  readonly index = new SortedIndex(this.arena);

  allocate(key: string): number {
    const bytes = Buffer.from(key, 'latin1');
    return this.arena.allocate(bytes, 0, bytes.length);
  }

  key(ref: number): string {
    const copy = Buffer.alloc(this.arena.keyLength(ref));
    this.arena.copyKey(ref, copy, 0);
    return copy.toString('latin1');
  }

  /** The references in order of their keys, checked both ways and against `count`. */
  walk(): number[] {
    const cursor = new IndexCursor(this.index);
    const refs: number[] = [];
    for (let ref = cursor.first(); ref !== 0; ref = cursor.next()) refs.push(ref);
    const back: number[] = [];
    for (let ref = cursor.last(); ref !== 0; ref = cursor.previous()) back.push(ref);
    expect(back.reverse()).toEqual(refs);
    expect(this.index.count).toBe(refs.length);
    return refs;
  }

  expectRefs(expected: Iterable<number>): void {
    const sorted = [...expected].sort((a, b) => (this.key(a) < this.key(b) ? -1 : 1));
    expect(this.walk()).toEqual(sorted);
    const cursor = new IndexCursor(this.index);
    for (const ref of sorted) {
      const key = Buffer.from(this.key(ref), 'latin1');
      if (cursor.seek(key, 0, key.length, 'atOrAfter') !== ref) expect.unreachable(`${key}`);
    }
  }
}

function decimal(n: number): string {
  return `user:${String(n).padStart(12, '0')}`;
}

function shuffled(count: number, random: (limit: number) => number): number[] {
  const numbers = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random(i + 1);
    [numbers[i], numbers[j]] = [numbers[j] as number, numbers[i] as number];
  }
  return numbers;
}

describe('SortedIndex', () => {
  test('an empty index', () => {
    const tree = new Tree();
    expect(tree.walk()).toEqual([]);
    const ref = tree.allocate('a');
    expect(tree.index.remove(ref)).toBe(false);
    expect(tree.index.insert(ref)).toBe(true);
    expect(tree.index.insert(tree.allocate('a'))).toBe(false);
    expect(tree.index.remove(tree.allocate('a'))).toBe(false);
    expect(tree.index.remove(ref)).toBe(true);
    expect(tree.walk()).toEqual([]);
  });

  test('random inserts fill leaves well; removing all frees all nodes', () => {
    const tree = new Tree();
    const random = randomizer(5);
    const refs = shuffled(MANY, random).map((n) => tree.allocate(decimal(n * 37)));
    for (const ref of refs) tree.index.insert(ref);
    tree.expectRefs(refs);
    expect(MANY / tree.index.leaves.nodeCount).toBeGreaterThan(128 * 0.74);
    const order = shuffled(MANY, random).map((i) => refs[i] as number);
    order.forEach((ref, i) => {
      if (!tree.index.remove(ref)) expect.unreachable();
      tree.arena.free(ref);
      if (i % 12_000 === 0) tree.expectRefs(order.slice(i + 1));
    });
    expect(tree.walk()).toEqual([]);
    expect(tree.index.leaves.nodeCount).toBe(1);
    expect(tree.index.inners.nodeCount).toBe(0);
  });

  test('ascending inserts fill leaves, at the end and in the middle', () => {
    const tree = new Tree();
    const refs = ['a', 'z', 'zz'].map((key) => tree.allocate(key));
    for (let n = 0; n < MANY; n++) refs.push(tree.allocate(decimal(n)));
    for (const ref of refs) tree.index.insert(ref);
    expect(refs.length / tree.index.leaves.nodeCount).toBeGreaterThan(120);
    tree.expectRefs(refs);
    for (const ref of refs) expect(tree.index.remove(ref)).toBe(true);
    expect(tree.walk()).toEqual([]);
  });

  test('descending inserts and removals', () => {
    const tree = new Tree();
    const refs: number[] = [];
    for (let n = MANY; n > 0; n--) refs.push(tree.allocate(decimal(n)));
    for (const ref of refs) tree.index.insert(ref);
    tree.expectRefs(refs);
    expect(refs.length / tree.index.leaves.nodeCount).toBeGreaterThan(80);
    for (const ref of refs.slice(10)) expect(tree.index.remove(ref)).toBe(true);
    tree.expectRefs(refs.slice(0, 10));
  });
});

describe('SortedIndex with other keys', () => {
  test('renames, among inserts and removals that reuse references', () => {
    const tree = new Tree();
    const random = randomizer(9);
    const refs = new Map<number, number>();
    for (let i = 0; i < 80_000; i++) {
      const n = random(40_000);
      const present = refs.get(n);
      if (present === undefined) {
        const ref = tree.allocate(decimal(n));
        tree.index.insert(ref);
        refs.set(n, ref);
      } else if (random(2) === 0) {
        tree.index.remove(present);
        tree.arena.free(present);
        refs.delete(n);
      } else {
        const copy = tree.arena.copyEntry(present);
        expect(tree.index.rename(present, copy)).toBe(true);
        tree.arena.free(present);
        refs.set(n, copy);
      }
      if (i % 20_000 === 19_999) tree.expectRefs(refs.values());
    }
  });

  test('keys whose shared prefix is longer than a node keeps', () => {
    const tree = new Tree();
    const random = randomizer(13);
    const refs = shuffled(3000, random).map((n) => tree.allocate('p'.repeat(100) + decimal(n)));
    refs.push(...[1, 47, 48, 49, 99, 100].map((n) => tree.allocate('p'.repeat(n))));
    refs.push(tree.allocate('\0'), tree.allocate('\xff'), tree.allocate('p\0'));
    for (const ref of refs) tree.index.insert(ref);
    tree.expectRefs(refs);
  });

  test('stays within the announced growth', () => {
    const tree = new Tree();
    const random = randomizer(17);
    for (let batch = 1; batch < 30_000; batch *= 3) {
      const bound = tree.index.bytesUsed + tree.index.growthBytesMax(batch, 0);
      for (let i = 0; i < batch; i++) tree.index.insert(tree.allocate(decimal(random(2 ** 32))));
      expect(tree.index.bytesUsed).toBeLessThanOrEqual(bound);
    }
  });
});

describe('BulkLoader', () => {
  test.each([0, 1, 128, 129, 128 * 256, 128 * 256 + 1, MANY * 2])('loads %i', (count) => {
    const tree = new Tree();
    const refs: number[] = [];
    const bulk = new BulkLoader(tree.index);
    for (let n = 0; n < count; n++) {
      refs.push(tree.allocate(decimal(n * 2)));
      bulk.add(refs.at(-1) as number);
    }
    bulk.finish();
    if (count > 0) expect(tree.index.leaves.nodeCount).toBe(Math.ceil(count / 128));
    tree.expectRefs(refs);
    for (let n = 1; n < Math.min(count * 2, 500); n += 2) {
      refs.push(tree.allocate(decimal(n)));
      tree.index.insert(refs.at(-1) as number);
    }
    tree.expectRefs(refs);
    for (const ref of refs) if (!tree.index.remove(ref)) expect.unreachable();
    expect(tree.walk()).toEqual([]);
  });
});
