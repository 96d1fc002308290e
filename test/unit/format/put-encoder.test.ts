import { describe, expect, it } from 'vitest';
import { crc32, crc32OfView } from '../../../src/storage/format/checksum.ts';
import { encodePut } from '../../../src/storage/format/put-encoder.ts';
import {
  encodeRecord,
  FLAG_BATCH_CONTINUES,
  RECORD_PUT,
} from '../../../src/storage/format/record.ts';
import { SeededRandom } from '../../simulation/seeded-random.ts';

const SEED = 20_261_122;
const SIZE = 4096;

function bytesOf(random: SeededRandom, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

describe('encodePut', () => {
  it(`writes what encodeRecord writes (seed ${SEED})`, () => {
    const random = new SeededRandom(SEED);
    for (let round = 0; round < 2000; round += 1) {
      const key = bytesOf(random, 1 + random.below(80));
      const value = bytesOf(random, random.below(round % 10 === 0 ? 1500 : 200));
      const wide = (): number => random.below(2 ** 31) * 2 ** random.below(16);
      const at = random.below(30);
      const fileOffset = 100 + random.below(2 ** 31);
      const facts = [
        key,
        0,
        key.length,
        value,
        0,
        value.length,
        1 + wide() * 2 ** random.below(6),
        random.below(100),
        1 + random.below(2 ** 31),
        wide(),
        wide(),
        random.below(2) === 0 ? 0 : 1 + wide(),
      ] as const;
      const flags = random.below(2) === 0 ? 0 : FLAG_BATCH_CONTINUES;
      const salt = random.below(2 ** 31) * 2 + 1;
      const wanted = Buffer.alloc(SIZE);
      const got = Buffer.alloc(SIZE);
      const view = new DataView(got.buffer, got.byteOffset, got.length);
      const wantedEnd = encodeRecord(wanted, at, salt, fileOffset, RECORD_PUT, flags, ...facts);
      const end = encodePut(got, view, at, salt, fileOffset, flags, ...facts);
      expect(end, `round ${round}`).toBe(wantedEnd);
      expect(got.equals(wanted), `round ${round}`).toBe(true);
    }
  });

  it('refuses what is out of bounds', () => {
    const target = Buffer.alloc(200);
    const view = new DataView(target.buffer, target.byteOffset, target.length);
    const key = Buffer.from('key');
    const put = (changed: {
      version?: number;
      sequence?: number;
      at?: number;
      keyBytes?: number;
    }) =>
      encodePut(
        target,
        view,
        changed.at ?? 0,
        1,
        64,
        0,
        key,
        0,
        changed.keyBytes ?? 3,
        key,
        0,
        3,
        changed.sequence ?? 1,
        0,
        changed.version ?? 1,
        0,
        0,
        0,
      );
    expect(put({})).toBe(50);
    expect(put({ at: 150 })).toBe(200);
    for (const wrong of [
      { at: 151 },
      { version: 0 },
      { sequence: 0 },
      { keyBytes: 0 },
      { keyBytes: 4 },
    ]) {
      expect(() => put(wrong), JSON.stringify(wrong)).toThrow();
    }
  });
});

describe('crc32OfView', () => {
  it('is crc32, of every length and alignment', () => {
    const bytes = bytesOf(new SeededRandom(SEED), 1024);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let length = 0; length < 600; length += 1) {
      const start = length % 17;
      const seed = (length * 0x9e37_79b1) >>> 0;
      expect(crc32OfView(bytes, view, start, start + length, seed), `${length} bytes`).toBe(
        crc32(bytes, start, start + length, seed),
      );
    }
  });
});
