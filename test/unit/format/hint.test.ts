import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileHandle, FileSystem } from '../../../src/storage/disk/file-system.ts';
import { NodeFileSystem } from '../../../src/storage/disk/node-file-system.ts';
import { crc32 } from '../../../src/storage/format/checksum.ts';
import { hintName } from '../../../src/storage/format/file-names.ts';
import {
  BLOCK_HEADER_BYTES,
  encodeHintHeader,
  HINT_HEADER_BYTES,
  type HintFacts,
  type HintHeader,
} from '../../../src/storage/format/hint-layout.ts';
import { HintReader } from '../../../src/storage/format/hint-reader.ts';
import { HintEncoder, type HintEntry, writeHint } from '../../../src/storage/format/hint-writer.ts';
import { readU32, writeU32 } from '../../../src/storage/format/integers.ts';
import {
  NO_EXPIRY,
  RECORD_DELETE,
  RECORD_PUT,
  recordBytes,
} from '../../../src/storage/format/record.ts';

const fs: FileSystem = new NodeFileSystem();
let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'caskd-hint-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const FACTS: HintFacts = {
  uuid: new Uint8Array(16).fill(0x5a),
  segmentId: 12,
  salt: 0x9000_0001,
  segmentBytes: 0xffff_ffff,
  lowestSequence: 5,
  highestSequence: 2 ** 40,
  latestUpdatedAt: 1_700_000_000_000,
  // Superseded tombstones count, too: at least those among the entries.
  tombstoneBytes: 1_000_000,
};

function entryOf(key: Uint8Array, more: Partial<HintEntry> = {}): HintEntry {
  const expires = (more.expiresAt ?? NO_EXPIRY) !== NO_EXPIRY;
  return {
    keyBuffer: key,
    keyStart: 0,
    keyBytes: key.length,
    type: RECORD_PUT,
    offset: 80,
    recordBytes: recordBytes(key.length, 100, expires),
    version: 1,
    sequence: 7,
    createdAt: 1_699_999_999_999,
    expiresAt: NO_EXPIRY,
    ...more,
  };
}

function path(): string {
  return join(directory, hintName(FACTS.segmentId));
}

type Plain = Omit<HintEntry, 'keyBuffer' | 'keyStart'> & { key: string };

function plain(entry: HintEntry): Plain {
  const { keyBuffer, keyStart, keyBytes, type, offset, version, sequence } = entry;
  const key = Buffer.from(keyBuffer.subarray(keyStart, keyStart + keyBytes)).toString('latin1');
  const { createdAt, expiresAt } = entry;
  return {
    key,
    keyBytes,
    type,
    offset,
    recordBytes: entry.recordBytes,
    version,
    sequence,
    createdAt,
    expiresAt,
  };
}

async function readAll(expected: Partial<HintFacts> = {}) {
  const reader = await HintReader.open(fs, path(), { ...FACTS, ...expected });
  try {
    const entries: Plain[] = [];
    let blocks = 0;
    for (let block = await reader.nextBlock(); block; block = await reader.nextBlock()) {
      blocks += 1;
      while (block.next()) entries.push(plain(block));
    }
    return { header: reader.header, entries, blocks };
  } finally {
    await reader.close();
  }
}

function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'accepted',
    (thrown: unknown) => (thrown as { code: string }).code,
  );
}

/** An encoded hint; `change` may spoil the block's bytes before its checksum is made right. */
function hintWith(change: (entries: Uint8Array) => void, header: Partial<HintHeader> = {}): Buffer {
  const encoder = new HintEncoder(FACTS);
  encoder.add(entryOf(Buffer.from('aa')));
  encoder.add(entryOf(Buffer.from('bb'), { expiresAt: 1_800_000_000_000 }));
  encoder.add(entryOf(Buffer.from('cc'), { type: RECORD_DELETE, recordBytes: 46 }));
  const block = encoder.finishBlock() as Uint8Array;
  change(block.subarray(BLOCK_HEADER_BYTES));
  const seed = crc32(block, 0, 8, FACTS.salt);
  writeU32(block, 8, crc32(block, BLOCK_HEADER_BYTES, block.length, seed));
  return Buffer.concat([encodeHintHeader({ ...encoder.header(), ...header }), block]);
}

const keys = fc.uniqueArray(
  fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 12 }),
    fc.uint8Array({ minLength: 1, maxLength: 3, max: 2 }),
    fc.integer({ min: 20_000, max: 65_535 }).map((length) => new Uint8Array(length).fill(length)),
  ),
  { selector: (key) => Buffer.from(key).toString('latin1'), maxLength: 60 },
);

describe('hint round trip', () => {
  it('gives back entries and header, over several blocks', async () => {
    await fc.assert(
      fc.asyncProperty(keys, fc.nat(1000), async (unsorted, salt) => {
        const sorted = unsorted.sort(Buffer.compare);
        const entries = sorted.map((key, index) => {
          if (index % 5 === 4) {
            return entryOf(key, {
              type: RECORD_DELETE,
              recordBytes: recordBytes(key.length, 0, false),
            });
          }
          return entryOf(key, {
            expiresAt: index % 3 === 0 ? 1_800_000_000_000 + index : NO_EXPIRY,
            sequence: 2 ** 40 - index,
            offset: 80 + index * 1000,
            version: 0xffff_ffff - index,
          });
        });
        const facts = { ...FACTS, salt };
        const written = await writeHint(fs, directory, facts, entries);
        const read = await readAll(facts);
        expect(read.header).toEqual({ ...written, uuid: Buffer.from(FACTS.uuid) });
        expect(read.entries).toEqual(entries.map(plain));
        expect(read.header.entries).toBe(entries.length);
      }),
      { numRuns: 60 },
    );
  });

  it('an iterator may yield one object again and again; blocks stay near 64 KiB', async () => {
    const count = 20_000;
    const key = Buffer.alloc(8);
    const entry = { ...entryOf(key) };
    function* generate() {
      for (let index = 0; index < count; index += 1) {
        key.writeBigUInt64BE(BigInt(index));
        entry.sequence = 5 + index;
        yield entry;
      }
    }
    const header = await writeHint(fs, directory, FACTS, generate());
    const { entries, blocks } = await readAll();
    expect(entries.length).toBe(count);
    expect(entries[count - 1]?.sequence).toBe(5 + count - 1);
    expect(blocks).toBe(Math.ceil(count / Math.floor(65_536 / 38)));
    expect(header.fileBytes).toBe(HINT_HEADER_BYTES + blocks * BLOCK_HEADER_BYTES + count * 38);
  });

  it('what the caller skips in a block is checked all the same', async () => {
    await writeHint(fs, directory, FACTS, [entryOf(Buffer.from('a')), entryOf(Buffer.from('b'))]);
    const reader = await HintReader.open(fs, path(), FACTS);
    expect((await reader.nextBlock())?.entries).toBe(2);
    expect(await reader.nextBlock()).toBeUndefined();
    expect(await reader.nextBlock()).toBeUndefined();
    await reader.close();
  });
});

describe('what is read ahead', () => {
  it('ends with the file', async () => {
    const key = (index: number) => Buffer.from(String(index).padStart(8, '0'));
    // more than is read at a time
    const entries = Array.from({ length: 20_000 }, (_, index) => entryOf(key(index)));
    await writeHint(fs, directory, FACTS, entries);
    const lengths: number[] = [];
    const spied = (file: FileHandle): FileHandle => ({
      ...file,
      size: () => file.size(),
      close: () => file.close(),
      read: (buffer, offset, length, position) => {
        lengths.push(length);
        return file.read(buffer, offset, length, position);
      },
    });
    const world = Object.assign(Object.create(fs) as FileSystem, {
      open: async (name: string, mode: 'read') => spied(await fs.open(name, mode)),
    });
    const reader = await HintReader.open(world, path(), FACTS);
    let seen = 0;
    for (let block = await reader.nextBlock(); block; block = await reader.nextBlock()) {
      seen += block.entries;
    }
    await reader.close();
    expect(seen).toBe(entries.length);
    expect(lengths.length).toBeGreaterThan(3);
    expect(lengths).not.toContain(0);
    expect(lengths.reduce((sum, length) => sum + length)).toBe(reader.header.fileBytes);
  });
});

describe('writing a hint', () => {
  it('syncs the file before the rename, and the directory after it, with little dirty', async () => {
    const log: string[] = [];
    let dirty = 0;
    let dirtyMax = 0;
    const spied = (file: FileHandle): FileHandle => ({
      ...file,
      write: async (buffer, offset, length, position) => {
        dirty += length;
        dirtyMax = Math.max(dirtyMax, dirty);
        await file.write(buffer, offset, length, position);
      },
      datasync: async () => {
        await file.datasync();
        dirty = 0;
      },
      sync: async () => {
        await file.sync();
        dirty = 0;
        log.push('sync');
      },
      close: () => file.close(),
    });
    const world = Object.assign(Object.create(fs) as FileSystem, {
      open: async (name: string, mode: 'create') => spied(await fs.open(name, mode)),
      rename: async (from: string, to: string) => {
        expect(dirty).toBe(0);
        log.push('rename');
        await fs.rename(from, to);
      },
      syncDirectory: async (name: string) => {
        log.push('syncDirectory');
        await fs.syncDirectory(name);
      },
    });
    const key = Buffer.alloc(2000);
    function* generate() {
      for (let index = 0; index < 9000; index += 1) {
        key.writeUInt32BE(index);
        yield entryOf(key);
      }
    }
    await writeHint(world, directory, FACTS, generate());
    expect(log).toEqual(['sync', 'rename', 'syncDirectory']);
    expect(dirtyMax).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect((await readAll()).entries.length).toBe(9000);
  });
});

describe('a hint that is not right', () => {
  it('any flipped byte is found', async () => {
    const intact = hintWith(() => {});
    writeFileSync(path(), intact);
    expect((await readAll()).entries.length).toBe(3);
    for (let at = 0; at < intact.length; at += 1) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const bytes = Buffer.from(intact);
        bytes[at] = (bytes[at] as number) ^ flip;
        writeFileSync(path(), bytes);
        expect(await codeOf(readAll())).toBe('CORRUPT');
      }
    }
  });

  it('cut anywhere, or with a byte too many, it is refused', async () => {
    const intact = hintWith(() => {});
    for (let length = 0; length < intact.length; length += 1) {
      writeFileSync(path(), intact.subarray(0, length));
      expect(await codeOf(readAll())).toBe('CORRUPT');
    }
    writeFileSync(path(), Buffer.concat([intact, Buffer.of(0)]));
    expect(await codeOf(readAll())).toBe('CORRUPT');
  });

  it('cut at a block with a header that agrees, its count gives it away', async () => {
    const header = { fileBytes: HINT_HEADER_BYTES };
    writeFileSync(path(), hintWith(() => {}, header).subarray(0, HINT_HEADER_BYTES));
    expect(await codeOf(readAll())).toBe('CORRUPT');
  });

  it.each<[string, Partial<HintFacts>, RegExp]>([
    ['another store', { uuid: new Uint8Array(16) }, /another store/],
    ['another segment', { segmentId: 13 }, /segment 12, not 13/],
    ['another salt', { salt: 1 }, /salt/],
    ['another length', { segmentBytes: 5000 }, /of 4294967295 bytes, not 5000/],
  ])('the hint of %s', async (_, expected, message) => {
    writeFileSync(
      path(),
      hintWith(() => {}),
    );
    await expect(readAll(expected)).rejects.toThrowError(message);
  });
});

describe('a hint that breaks a rule under right checksums', () => {
  // Entry `aa` is at 0, `bb` at 32 and `cc` at 70 of the entry bytes.
  it.each<[string, (entries: Uint8Array) => void, RegExp]>([
    ['type 4', (bytes) => bytes.fill(4, 0, 1), /type 4/],
    ['an unknown flag', (bytes) => bytes.fill(8, 1, 2), /flags 8/],
    ['an empty key', (bytes) => bytes.fill(0, 2, 4), /key of an entry is empty/],
    ['a key that passes the block', (bytes) => bytes.fill(200, 72, 73), /passes its block/],
    ['keys out of order', (bytes) => bytes.fill(0x7a, 30, 32), /do not ascend/],
    ['the same key twice', (bytes) => bytes.fill(0x62, 30, 32), /do not ascend/],
    ['an offset in the header', (bytes) => writeU32(bytes, 4, 79), /outside the segment/],
    ['an offset behind the end', (bytes) => writeU32(bytes, 4, 0xffff_fff0), /outside the segment/],
    ['a record of length 0', (bytes) => writeU32(bytes, 8, 0), /shorter than its key/],
    ['version 0', (bytes) => writeU32(bytes, 12, 0), /version is 0/],
    ['a sequence below the lowest', (bytes) => bytes.fill(4, 16, 17), /outside the range/],
    ['a sequence above the highest', (bytes) => bytes.fill(2, 22, 23), /outside the range/],
    ['an expiry of 0', (bytes) => bytes.fill(0, 62, 68), /expiry is 0/],
    ['a tombstone with a value', (bytes) => writeU32(bytes, 78, 47), /tombstone/],
  ])('%s', async (_, change, message) => {
    writeFileSync(path(), hintWith(change));
    await expect(readAll()).rejects.toThrowError(message);
  });

  it.each<[string, Partial<HintHeader>, RegExp]>([
    ['fewer entries', { entries: 2 }, /3 entries and says 2/],
    ['more entries', { entries: 4 }, /3 entries and says 4/],
    ['fewer tombstone bytes', { tombstoneBytes: 44 }, /do not add up/],
  ])('a header that claims %s', async (_, header, message) => {
    writeFileSync(
      path(),
      hintWith(() => {}, header),
    );
    await expect(readAll()).rejects.toThrowError(message);
  });

  it('blocks in the wrong order', async () => {
    const encoder = new HintEncoder(FACTS);
    encoder.add(entryOf(Buffer.from('a')));
    const first = encoder.finishBlock() as Uint8Array;
    encoder.add(entryOf(Buffer.from('b')));
    const second = encoder.finishBlock() as Uint8Array;
    const header = encodeHintHeader(encoder.header());
    writeFileSync(path(), Buffer.concat([header, first, second]));
    expect((await readAll()).entries.map((entry) => entry.key)).toEqual(['a', 'b']);
    writeFileSync(path(), Buffer.concat([header, second, first]));
    await expect(readAll()).rejects.toThrowError(/do not ascend/);
  });

  it('a length that is far too large is refused before anything is read', async () => {
    const bytes = hintWith(() => {});
    writeU32(bytes, HINT_HEADER_BYTES, 0xffff_ffff);
    writeFileSync(path(), bytes);
    await expect(readAll()).rejects.toThrowError(/claims 3 entries in 4294967295 bytes/);
    expect(readU32(bytes, HINT_HEADER_BYTES)).toBe(0xffff_ffff);
  });

  it('a missing one is a system error', async () => {
    rmSync(path());
    expect(await codeOf(readAll())).toBe('ENOENT');
  });
});

describe('the encoder asserts', () => {
  it.each<[string, HintEntry[]]>([
    ['the order of keys', [entryOf(Buffer.from('b')), entryOf(Buffer.from('a'))]],
    ['that keys differ', [entryOf(Buffer.from('a')), entryOf(Buffer.from('a'))]],
    ['that there is a key', [entryOf(new Uint8Array(0))]],
    ['the type', [entryOf(Buffer.from('a'), { type: 4 })]],
    ['that the record lies in the segment', [entryOf(Buffer.from('a'), { offset: 2 ** 32 })]],
    ['the sequence', [entryOf(Buffer.from('a'), { sequence: 4 })]],
  ])('%s', async (_, entries) => {
    const code = await codeOf(writeHint(fs, directory, FACTS, entries));
    expect(code).toBe('INTERNAL');
    expect(await fs.list(directory)).toEqual([]); // nothing half done is left
  });

  it('replaces what an earlier failure left', async () => {
    writeFileSync(`${path()}.tmp`, 'left over');
    await writeHint(fs, directory, FACTS, []);
    expect(await readAll()).toMatchObject({ entries: [], blocks: 0 });
    expect(readFileSync(path()).length).toBe(HINT_HEADER_BYTES);
  });
});
