import { describe, expect, test } from 'vitest';
import { hashBytes, hashOfView } from '../../../src/storage/keydir/key-hash.ts';

describe('hashBytes', () => {
  test('with no mask equals MurmurHash3_x86_32 for known vectors', () => {
    const hashed = (text: string, seed: number) => {
      const bytes = Buffer.from(text);
      return hashBytes(bytes, 0, bytes.length, seed);
    };
    expect(hashed('', 1)).toBe(0x514e28b7);
    expect(hashed('aaaa', 0x9747b28c)).toBe(0x5a97808a);
    expect(hashed('abc', 0x9747b28c)).toBe(0xc84a62dd);
    expect(hashed('Hello, world!', 0x9747b28c)).toBe(0x24884cba);
  });

  test('depends on seed, mask and length, not on place', () => {
    const buffer = Buffer.from('xxsome keyyy');
    const there = hashBytes(buffer, 2, 8, 7, 9);
    expect(hashBytes(Buffer.from('some key'), 0, 8, 7, 9)).toBe(there);
    expect(hashBytes(buffer, 2, 8, 8, 9)).not.toBe(there);
    expect(hashBytes(buffer, 2, 8, 7, 10)).not.toBe(there);
    expect(hashBytes(buffer, 2, 7, 7, 9)).not.toBe(there);
  });

  test('is the same over a view, whatever the length', () => {
    const bytes = Buffer.from('the bytes of a key, \xff and \x80 among them', 'latin1');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let length = 1; length < bytes.length - 3; length++) {
      expect(hashOfView(view, 3, length, 7, 9)).toBe(hashBytes(bytes, 3, length, 7, 9));
    }
  });
});
