import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Packr, Unpackr } from 'msgpackr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeFileSystem } from '../../../src/storage/disk/node-file-system.ts';
import { crc32 } from '../../../src/storage/format/checksum.ts';
import { writeU32 } from '../../../src/storage/format/integers.ts';
import {
  decodeManifest,
  encodeManifest,
  historyFloorTimeOf,
  type Manifest,
  readManifest,
  writeManifest,
} from '../../../src/storage/format/manifest.ts';
import { GOLDEN_MANIFEST } from '../../golden/golden-v1.ts';

const HEADER_BYTES = 32;
const fs = new NodeFileSystem();
let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'caskd-manifest-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** A manifest file around any bytes of a body. */
function fileAround(body: Uint8Array): Uint8Array {
  const bytes = Buffer.concat([encodeManifest(GOLDEN_MANIFEST).subarray(0, HEADER_BYTES), body]);
  writeU32(bytes, 20, body.length);
  writeU32(bytes, 24, crc32(body, 0, body.length, 0));
  writeU32(bytes, 28, crc32(bytes, 0, 28, 0));
  return bytes;
}

/** The golden manifest's body as a map, changed, in a file that is right otherwise. */
function changed(change: Record<string, unknown>): Uint8Array {
  const golden = encodeManifest(GOLDEN_MANIFEST).subarray(HEADER_BYTES);
  const body = new Unpackr({ useRecords: false, int64AsType: 'number' }).unpack(golden);
  const entries = Object.entries({ ...body, ...change }).filter(([, value]) => value !== undefined);
  return fileAround(new Packr({ useRecords: false }).pack(Object.fromEntries(entries)));
}

function segment(change: Record<string, unknown>): Record<string, unknown> {
  return { segments: [{ ...GOLDEN_MANIFEST.segments[0], ...change }] };
}

const uint = fc.maxSafeNat();
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const manifests: fc.Arbitrary<Manifest> = fc
  .record({
    uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    generation: uint,
    segments: fc.uniqueArray(
      fc.record({
        id: fc.integer({ min: 1, max: 2 ** 50 }),
        kind: fc.constant('log' as const),
        state: fc.constantFrom('sealed' as const, 'open' as const, 'prepared' as const),
        salt: u32,
        base: uint,
        last: uint,
        min: uint,
        bytes: u32,
        records: uint,
      }),
      { selector: ({ id }) => id, maxLength: 6 },
    ),
    engineTime: uint,
    historyFloor: uint,
    damage: fc.array(
      fc.record({
        segment: uint,
        offset: u32,
        bytes: u32,
        firstSequence: uint,
        lastSequence: uint,
      }),
      { maxLength: 3 },
    ),
    promisedEpoch: uint,
    commitFloor: uint,
  })
  .map((manifest) => ({
    ...manifest,
    segments: manifest.segments.sort((a, b) => a.id - b.id),
    nextSegmentId: 2 ** 51,
    keys: 2 ** 40,
    lastSequence: 2 ** 50,
    jumps: [],
    epochs: [[1, 1]],
    obsolete: ['seg-0000000009.merged'],
  }));

describe('manifest round trip', () => {
  it('gives back what went in', () => {
    fc.assert(
      fc.property(manifests, (manifest) => {
        const decoded = decodeManifest(encodeManifest(manifest));
        expect({ ...decoded, uuid: Uint8Array.from(decoded.uuid) }).toEqual(manifest);
      }),
    );
  });

  it('is plain msgpack: no extension types, no floats, no undefined', () => {
    const body = encodeManifest(GOLDEN_MANIFEST).subarray(HEADER_BYTES);
    const strict = new Unpackr({ useRecords: false, int64AsType: 'bigint' }).unpack(body);
    expect(strict.engineTime).toBe(BigInt(GOLDEN_MANIFEST.engineTime));
    expect(strict.jumps).toEqual([[2n ** 33n, 2n ** 33n + 2n ** 25n]]);
    expect(strict.uuid).toEqual(Buffer.from(GOLDEN_MANIFEST.uuid));
  });

  it('keeps unknown keys, and writes them back', () => {
    const first = decodeManifest(changed({ later: { deep: [1.5, 2 ** 40, null, 'x'] } }));
    const second = decodeManifest(encodeManifest({ ...first, generation: 43 }));
    expect(second.unknown).toEqual({
      ...GOLDEN_MANIFEST.unknown,
      later: { deep: [1.5, 2 ** 40, null, 'x'] },
    });
    expect(second.generation).toBe(43);
  });
});

describe('keys that may be missing', () => {
  const optional = {
    historyFloorTime: [5, 1_700_000_000_000] as const,
    history: [{ segment: 3, bytes: 4096, until: 2 ** 40 }],
    scrubbedAt: 1_700_000_000_001,
  };

  it('are given back when they are there', () => {
    const decoded = decodeManifest(encodeManifest({ ...GOLDEN_MANIFEST, ...optional }));
    expect(decoded).toMatchObject(optional);
    expect(historyFloorTimeOf(decoded)).toBe(1_700_000_000_000);
  });

  it('say nothing of another floor', () => {
    expect(historyFloorTimeOf({ ...GOLDEN_MANIFEST, ...optional, historyFloor: 6 })).toBe(0);
    expect(historyFloorTimeOf(GOLDEN_MANIFEST)).toBe(0);
  });

  it.each([
    [{ historyFloorTime: 5 }, 'historyFloorTime'],
    [{ historyFloorTime: [1, 2, 3] }, 'historyFloorTime'],
    [{ history: [{ segment: 1, bytes: -1, until: 0 }] }, 'history[0].bytes'],
    [{ scrubbedAt: 'now' }, 'scrubbedAt'],
  ])('%j is refused', (change, field) => {
    expect(() => decodeManifest(changed(change))).toThrow(field);
  });
});

describe('a manifest that is damaged', () => {
  const intact = encodeManifest(GOLDEN_MANIFEST);

  it('any flipped byte is found', () => {
    for (let at = 0; at < intact.length; at += 1) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const bytes = Uint8Array.from(intact);
        bytes[at] = (bytes[at] as number) ^ flip;
        expect(() => decodeManifest(bytes)).toThrowError(
          expect.objectContaining({ code: 'BAD_MANIFEST' }),
        );
      }
    }
  });

  it('cut anywhere, or with a byte too many, it is refused', () => {
    for (let length = 0; length < intact.length; length += 1) {
      expect(() => decodeManifest(intact.subarray(0, length))).toThrowError(
        expect.objectContaining({ code: 'BAD_MANIFEST' }),
      );
    }
    expect(() => decodeManifest(Buffer.concat([intact, Buffer.of(0)]))).toThrowError(/body/);
  });

  it('a body that is not msgpack, or not a map, is refused', () => {
    for (const body of [Buffer.of(), Buffer.of(0xc1), Buffer.of(0x93, 1), Buffer.of(0x90)]) {
      expect(() => decodeManifest(fileAround(body))).toThrowError(
        expect.objectContaining({ code: 'BAD_MANIFEST' }),
      );
    }
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['no uuid', { uuid: undefined }, /uuid is not 16 bytes/],
    ['a short uuid', { uuid: Buffer.alloc(15) }, /uuid is not 16 bytes/],
    ['no generation', { generation: undefined }, /generation is undefined/],
    ['a negative generation', { generation: -1 }, /generation is -1/],
    ['a fraction', { engineTime: 1.5 }, /engineTime is 1.5/],
    ['a number above 2^53', { commitFloor: 2n ** 60n }, /commitFloor/],
    ['segments that are no array', { segments: {} }, /segments is an object, not an array/],
    ['a segment that is no map', { segments: [7] }, /segments\[0\] is 7, not a map/],
    ['segment 0', segment({ id: 0 }), /segments\[0\]\.id is 0/],
    ['an unknown kind', segment({ kind: 'cold' }), /segments\[0\]\.kind is cold/],
    ['an unknown state', segment({ state: 'lost' }), /state is lost, allowed are sealed, open/],
    ['an open merged segment', segment({ kind: 'merged', state: 'open' }), /merged and open/],
    ['a salt above u32', segment({ salt: 2 ** 32 }), /segments\[0\]\.salt is 4294967296/],
    ['a segment without min', segment({ min: null }), /segments\[0\]\.min is null/],
    ['ids that do not ascend', { segments: [...GOLDEN_MANIFEST.segments].reverse() }, /follows/],
    ['an id from the future', { nextSegmentId: 5 }, /segment 5 is not below nextSegmentId/],
    ['a jump back', { jumps: [[9, 8]] }, /jump leads from 9 to 8/],
    [
      'jumps out of order',
      {
        jumps: [
          [8, 9],
          [1, 2],
        ],
      },
      /jumps\[1\] does not come after/,
    ],
    ['half a jump', { jumps: [[8]] }, /jumps\[0\] has 1 items/],
    ['no epoch', { epochs: [] }, /epochs is empty/],
    ['an obsolete path', { obsolete: ['../precious'] }, /names no segment or hint/],
    ['an obsolete manifest', { obsolete: ['MANIFEST'] }, /names no segment or hint/],
    ['an obsolete number', { obsolete: [3] }, /names no segment or hint/],
    ['damage without offset', { damage: [{ segment: 1 }] }, /damage\[0\]\.offset is undefined/],
  ])('%s: a sentence says so', (_, change, message) => {
    const failing = () => decodeManifest(changed(change));
    expect(failing).toThrowError(message);
    expect(failing).toThrowError(expect.objectContaining({ code: 'BAD_MANIFEST' }));
  });

  it('is not written in the first place', () => {
    expect(() => encodeManifest({ ...GOLDEN_MANIFEST, engineTime: Number.NaN })).toThrowError(
      expect.objectContaining({ code: 'INTERNAL' }),
    );
  });
});

describe('manifest files', () => {
  it('are absent, written, replaced', async () => {
    expect(await readManifest(fs, directory)).toBeUndefined();
    await writeManifest(fs, directory, GOLDEN_MANIFEST);
    writeFileSync(join(directory, 'MANIFEST.tmp'), 'left by a failure');
    await writeManifest(fs, directory, { ...GOLDEN_MANIFEST, generation: 43 });
    expect((await readManifest(fs, directory))?.generation).toBe(43);
    expect(readdirSync(directory)).toEqual(['MANIFEST']);
  });

  it('are not read when they are absurdly long', async () => {
    const path = join(directory, 'MANIFEST');
    truncateSync(path, 65 * 1024 * 1024);
    await expect(readManifest(fs, directory)).rejects.toThrowError(/more than 67108864/);
    truncateSync(path, 0);
    await expect(readManifest(fs, directory)).rejects.toMatchObject({ code: 'BAD_MANIFEST' });
  });
});
