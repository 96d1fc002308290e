import { describe, expect, test } from 'vitest';
import { SHARD_SHIFT } from '../../../src/storage/keydir/hash-shards.ts';
import { LoadBatch } from '../../../src/storage/keydir/load-batch.ts';
import { randomizer } from './keydir-model.ts';

describe('LoadBatch', () => {
  test('orders by shard, and within one as they came; starts anew when cleared', () => {
    const batch = new LoadBatch();
    const random = randomizer(3);
    for (const count of [5000, 1, 0, 3000]) {
      const hashes = Array.from({ length: count }, () => (random(256) * 2 ** 24 + random(9)) >>> 0);
      for (const [place, hash] of hashes.entries()) batch.add(hash, place + 1);
      batch.sort();
      const places = hashes.map((_, place) => place);
      const shardOf = (place: number) => (hashes[place] as number) >>> SHARD_SHIFT;
      places.sort((left, right) => shardOf(left) - shardOf(right) || left - right);
      expect([...batch.order.subarray(0, count)]).toEqual(places);
      const inOrder = places.map((place) => hashes[place]);
      expect([...batch.orderHashes.subarray(0, count)]).toEqual(inOrder);
      expect([...batch.refs.subarray(0, count)]).toEqual(hashes.map((_, place) => place + 1));
      batch.clear();
    }
  });

  test('takes no more than it has room for', () => {
    const batch = new LoadBatch();
    for (let place = 0; place < batch.capacity; place += 1) batch.add(place, 1);
    expect(() => batch.add(0, 1)).toThrow('the batch has room');
  });
});
