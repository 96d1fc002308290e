import { describe, expect, test } from 'vitest';
import { Keydir } from '../../../src/storage/keydir/keydir.ts';
import { FETCH_MAX } from '../../../src/storage/keydir/keydir-tables.ts';
import { KeydirModel, randomizer, SEED } from './keydir-model.ts';

describe('Keydir', () => {
  test('takes less than 1 MiB while empty', () => {
    const keydir = new Keydir({ maxBytes: 2 ** 30, seed: SEED });
    expect(keydir.bytesUsed).toBeLessThan(2 ** 20);
    expect(keydir.indexReady).toBe(true);
    expect(keydir.indexBuildStep(1)).toBe(true);
    expect(keydir.compactionNeeded).toBe(false);
    expect(keydir.find(Buffer.from('a'), 0, 1)).toBe(0);
    expect(keydir.newCursor().first()).toBe(0);
  });

  test('fetches the sequences of keys, 0 for those that are not there', () => {
    const { keydir } = new KeydirModel();
    const keys = Buffer.from('one two three');
    keydir.upsert(keys, 0, 3, 1, 2, 3, 2 ** 40 + 5, 5, 6, 0);
    keydir.upsert(keys, 8, 5, 1, 2, 3, 41, 5, 6, 0);
    const sequences = new Float64Array(FETCH_MAX).fill(-1);
    keydir.fetch(keys, Uint32Array.of(0, 4, 8), Uint32Array.of(3, 3, 5), 3, sequences);
    expect([...sequences.subarray(0, 4)]).toEqual([2 ** 40 + 5, 0, 41, -1]);
  });

  test('removes only what has the sequence', () => {
    const { keydir } = new KeydirModel();
    const key = Buffer.from('key');
    keydir.upsert(key, 0, 3, 1, 2, 3, 40, 5, 6, 0);
    expect(keydir.removeIfSequence(key, 0, 3, 39)).toBe(false);
    expect(keydir.previousSlot).toBe(-1);
    expect(keydir.removeIfSequence(key, 0, 3, 40)).toBe(true);
    expect([keydir.previousSlot, keydir.previousRecordBytes, keydir.previousSequence]).toEqual([
      1, 3, 40,
    ]);
    expect(keydir.count).toBe(0);
  });

  test('an upsert without expiry, or a removal, ends an expiry', () => {
    const { keydir } = new KeydirModel();
    const key = Buffer.from('key');
    const put = (expiresAt: number) => keydir.upsert(key, 0, 3, 1, 2, 3, 4, 5, 6, expiresAt);
    put(100);
    expect(keydir.nextExpiry).toBe(100);
    put(0);
    expect(keydir.nextExpiry).toBe(0);
    const ref = put(200);
    expect(keydir.popDue(200)).toBe(ref);
    expect(keydir.popDue(200)).toBe(0);
    keydir.rearmExpiry(ref);
    expect(keydir.popDue(200)).toBe(ref);
    keydir.remove(key, 0, 3);
    expect(keydir.nextExpiry).toBe(0);
  });

  test('is full before it exceeds its bytes', () => {
    const maxBytes = 6 * 1024 * 1024;
    const keydir = new Keydir({ maxBytes, seed: SEED });
    const random = randomizer(23);
    const key = Buffer.alloc(40);
    let batch = 1;
    for (;;) {
      if (keydir.isFullFor(batch, batch * 40)) {
        if (batch === 1) break;
        batch = 1;
        continue;
      }
      for (let i = 0; i < batch; i++) {
        key.writeUInt32BE(random(2 ** 32), random(36));
        keydir.upsert(key, 0, 40, 1, 2, 3, 4, 5, 6, random(2) * 5000);
      }
      expect(keydir.bytesUsed).toBeLessThanOrEqual(maxBytes);
      batch = 1 + random(300);
    }
    expect(keydir.bytesUsed).toBeGreaterThan(maxBytes * 0.9);
    expect(keydir.isFullFor(0, 0)).toBe(false);
  });
});

describe('Keydir compaction', () => {
  const COUNT = 60_000;
  const expiryOf = (n: number) => (n % 20 === 0 ? n + 1 : 0);

  function put(keydir: Keydir, n: number, round: number): Buffer {
    const key = Buffer.from(`${n}:${round}`.padEnd(16 + ((n * 7 + round * 13) % 40), 'k'));
    keydir.upsert(key, 0, key.length, 1, n, 3, n, 5, 6, expiryOf(n));
    return key;
  }

  function turnOver(keydir: Keydir, keys: Buffer[], round: number): void {
    for (let n = 0; n < COUNT; n++) {
      const old = keys[n] as Buffer;
      if (!keydir.remove(old, 0, old.length)) expect.unreachable();
      keys[n] = put(keydir, n, round);
      if (n % 100 === 0) keydir.compactStep(200);
    }
  }

  function expectKey(keydir: Keydir, key: Buffer, n: number): void {
    const ref = keydir.find(key, 0, key.length);
    if (ref === 0 || keydir.offset(ref) !== n) expect.unreachable(`find ${n}`);
    if (keydir.expiresAt(ref) !== expiryOf(n)) expect.unreachable(`expiry of ${n}`);
    const found = keydir.newCursor().seek(key, 0, key.length, 'atOrBefore');
    if (found !== ref) expect.unreachable(`seek ${n}`);
  }

  test('ten turnovers of all keys with other lengths stay within 1.3 of a fresh load', () => {
    const keydir = new Keydir({ maxBytes: 2 ** 30, seed: SEED });
    const keys: Buffer[] = [];
    for (let n = 0; n < COUNT; n++) keys.push(put(keydir, n, 0));
    const fresh = keydir.bytesUsed;
    for (let round = 1; round <= 10; round++) turnOver(keydir, keys, round);
    while (keydir.compactStep(1000));
    expect(keydir.bytesUsed).toBeLessThan(fresh * 1.3);
    expect(keydir.count).toBe(COUNT);
    for (const [n, key] of keys.entries()) expectKey(keydir, key, n);
  });
});
