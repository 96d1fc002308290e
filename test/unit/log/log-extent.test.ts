import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FileHandle } from '../../../src/storage/disk/file-system.ts';
import { LogExtent, type LogExtentParts } from '../../../src/storage/log/log-extent.ts';
import { Segment } from '../../../src/storage/log/segment.ts';

const HEADER_BYTES = 64;
const MIB = 1 << 20;

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** A file in memory whose operations in the background are done when the test lets them. */
class LazyFile {
  bytes = Buffer.alloc(HEADER_BYTES, 7);
  syncs = 0;
  failure: Error | undefined;
  readonly #waiting: (() => void)[] = [];

  readonly handle = {
    write: (buffer: Uint8Array, offset: number, length: number, position: number) =>
      this.#later(() => this.put(buffer.subarray(offset, offset + length), position)),
    truncate: (length: number) =>
      this.#later(() => {
        const kept = this.bytes.subarray(0, length);
        this.bytes = Buffer.concat([kept, Buffer.alloc(length - kept.length)]);
      }),
  } as FileHandle;

  sync = (): Promise<void> =>
    this.#later(() => {
      this.syncs += 1;
    });

  put(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length;
    if (end > this.bytes.length) {
      this.bytes = Buffer.concat([this.bytes, Buffer.alloc(end - this.bytes.length)]);
    }
    this.bytes.set(bytes, position);
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Does the next operation, and lets what waits for it go on. */
  async step(): Promise<void> {
    this.#waiting.shift()?.();
    await new Promise(setImmediate);
  }

  async settle<T>(promise: Promise<T>): Promise<T> {
    let isOver = false;
    const over = promise.finally(() => {
      isOver = true;
    });
    over.catch(() => {});
    await new Promise(setImmediate);
    while (!isOver && this.isWaiting) await this.step();
    return over;
  }

  #later(work: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        if (this.failure !== undefined) {
          reject(this.failure);
          return;
        }
        work();
        resolve();
      });
    });
  }
}

function openLog(options: Partial<LogExtentParts> = {}) {
  const file = new LazyFile();
  const failures: unknown[] = [];
  const facts = { id: 1, kind: 'log', slot: 0, salt: 0, state: 'open' } as const;
  const segment = new Segment({ ...facts, bytes: HEADER_BYTES });
  const parts = {
    segmentBytes: 64 * MIB,
    preallocateBytes: 16 * MIB,
    zeroAhead: true,
    sync: file.sync,
    onFailure: (error: unknown) => failures.push(error),
    ...options,
  };
  const extent = new LogExtent(parts, segment, file.handle);
  /** As the appender does; the segment's bytes follow behind. */
  const append = (bytes: number, fill: number): void => {
    const start = segment.bytes;
    file.put(Buffer.alloc(bytes, fill), start);
    extent.written(start + bytes);
    segment.bytes = start + bytes;
  };
  return { file, segment, extent, append, failures };
}

async function settleAll(file: LazyFile): Promise<void> {
  await new Promise(setImmediate);
  while (file.isWaiting) await file.step();
}

describe('zeros ahead of the log', () => {
  test('a new segment begins with some, and has as many ahead as it holds', async () => {
    const { file, segment, extent, append } = openLog();
    await file.settle(extent.begin());
    expect(segment.preallocatedBytes).toBe(256 * 1024);
    expect(file.syncs).toBe(0);
    expect(file.bytes.length).toBe(HEADER_BYTES + 256 * 1024);

    append(100, 1);
    await settleAll(file);
    expect(segment.preallocatedBytes).toBeGreaterThanOrEqual(MIB);
    expect(segment.preallocatedBytes).toBeLessThan(1.5 * MIB);

    while (segment.bytes < 4 * MIB) {
      append(Math.min(100_000, segment.preallocatedBytes), 1);
      await settleAll(file);
    }
    expect(segment.preallocatedBytes).toBeGreaterThanOrEqual(2 * MIB);
    expect(segment.preallocatedBytes).toBeLessThanOrEqual(4.5 * MIB);
    expect(file.bytes.subarray(segment.bytes).every((byte) => byte === 0)).toBe(true);
  });

  test('the log may use them once they are durable', async () => {
    const { file, segment, extent, append } = openLog();
    await file.settle(extent.begin());
    append(100, 1);
    const before = segment.preallocatedBytes;
    await file.step();
    expect(file.syncs).toBe(0);
    expect(segment.preallocatedBytes).toBe(before);
    await file.step();
    expect(file.syncs).toBe(1);
    expect(segment.preallocatedBytes).toBe(before + 256 * 1024);
  });

  test('a write that needs room waits for the piece on its way, and for no other', async () => {
    const { file, extent, append } = openLog();
    await file.settle(extent.begin());
    append(100, 1);
    const bytes = 300 * 1024;
    expect(extent.hasRoomFor(bytes)).toBe(false);
    let isMade = false;
    void extent.makeRoom(bytes).then(() => {
      isMade = true;
    });
    await file.step();
    expect(isMade).toBe(false);
    await file.step();
    expect(isMade).toBe(true);
    expect(extent.hasRoomFor(bytes)).toBe(true);
  });

  test('they end with the segment', async () => {
    const { file, segment, extent, append } = openLog({ segmentBytes: MIB });
    await file.settle(extent.begin());
    append(100, 1);
    await settleAll(file);
    expect(file.bytes.length).toBe(MIB);
    expect(segment.preallocatedBytes).toBe(MIB - segment.bytes);
  });
});

describe('where zeros end', () => {
  test('without room for them the file is made longer', async () => {
    const { file, segment, extent, append, failures } = openLog();
    await file.settle(extent.begin());
    file.failure = systemError('ENOSPC');
    append(100, 1);
    await settleAll(file);
    file.failure = undefined;
    expect(failures).toEqual([]);
    append(100, 2);
    expect(file.isWaiting).toBe(false);

    await file.settle(extent.makeRoom(MIB));
    expect(segment.preallocatedBytes).toBe(MIB + 16 * MIB);
  });

  test.each([
    ['gets its own', 64 * MIB],
    ['gets the rest of the segment', 512 * 1024],
  ])('a write that waits for a piece which finds no room %s', async (_, segmentBytes) => {
    const { file, extent, append, failures } = openLog({ segmentBytes });
    await file.settle(extent.begin());
    append(100, 1);
    const bytes = 300 * 1024;
    const room = extent.makeRoom(bytes);
    file.failure = systemError('ENOSPC');
    await file.step();
    file.failure = undefined;
    await file.settle(room);
    expect(extent.hasRoomFor(bytes)).toBe(true);
    expect(failures).toEqual([]);
  });

  test('a sync that fails is told', async () => {
    const { file, extent, append, failures } = openLog();
    await file.settle(extent.begin());
    append(100, 1);
    await file.step();
    const failure = systemError('EIO');
    file.failure = failure;
    await settleAll(file);
    expect(failures).toEqual([failure]);
  });

  test('what is cut has the length of the log', async () => {
    const { file, segment, extent, append } = openLog();
    await file.settle(extent.begin());
    append(100, 1);
    await file.settle(extent.end());
    expect(await file.settle(extent.cut())).toBe(true);
    expect(file.bytes.length).toBe(segment.bytes);
    expect(segment.preallocatedBytes).toBe(0);
    expect(await extent.cut()).toBe(false);
  });

  test('a piece that was written in part is cut, too', async () => {
    const { file, segment, extent, append } = openLog();
    await file.settle(extent.begin());
    append(100, 1);
    file.put(Buffer.alloc(1000), file.bytes.length);
    file.failure = systemError('ENOSPC');
    await settleAll(file);
    file.failure = undefined;
    await file.settle(extent.end());
    await file.settle(extent.cut());
    expect(file.bytes.length).toBe(segment.bytes);
  });
});

describe('zeros and records', () => {
  test('none takes the place of a record', async () => {
    const write = fc.record({
      bytes: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 600_000 })),
      steps: fc.nat({ max: 3 }),
    });
    const property = fc.asyncProperty(fc.array(write, { maxLength: 30 }), async (writes) => {
      const { file, segment, extent, append } = openLog({ segmentBytes: 8 * MIB });
      await file.settle(extent.begin());
      const places: { readonly at: number; readonly bytes: number; readonly fill: number }[] = [];
      for (const [index, { bytes, steps }] of writes.entries()) {
        if (!extent.hasRoomFor(bytes)) await file.settle(extent.makeRoom(bytes));
        places.push({ at: segment.bytes, bytes, fill: index + 1 });
        append(bytes, index + 1);
        for (let step = 0; step < steps; step++) await file.step();
      }
      await settleAll(file);
      for (const { at, bytes, fill } of places) {
        expect(file.bytes.subarray(at, at + bytes).equals(Buffer.alloc(bytes, fill))).toBe(true);
      }
    });
    await fc.assert(property, { numRuns: 60 });
  });
});

describe('without zeros', () => {
  test('the file is made longer', async () => {
    const { file, segment, extent, append } = openLog({ zeroAhead: false });
    await file.settle(extent.begin());
    expect(segment.preallocatedBytes).toBe(16 * MIB);
    append(MIB, 1);
    expect(file.isWaiting).toBe(false);
    expect(extent.hasRoomFor(15 * MIB)).toBe(true);
    expect(extent.hasRoomFor(15 * MIB + 1)).toBe(false);
  });

  test('nor reaching ahead at all, the log is as long as it is', async () => {
    const { file, segment, extent, append } = openLog({ preallocateBytes: 0 });
    await file.settle(extent.begin());
    expect(extent.hasRoomFor(MIB)).toBe(true);
    append(MIB, 1);
    await file.settle(extent.end());
    expect(segment.preallocatedBytes).toBe(0);
    expect(await extent.cut()).toBe(false);
  });
});
