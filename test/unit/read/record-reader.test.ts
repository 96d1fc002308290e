import { beforeEach, expect, test } from 'vitest';
import type { Scheduler } from '../../../src/storage/disk/environment.ts';
import type { FileHandle, FileSystem, ReadDone } from '../../../src/storage/disk/file-system.ts';
import type { LatencyGate } from '../../../src/storage/disk/latency-gate.ts';
import { encodePut } from '../../../src/storage/format/put-encoder.ts';
import { NO_EXPIRY } from '../../../src/storage/format/record.ts';
import { Segment } from '../../../src/storage/log/segment.ts';
import { SegmentFiles } from '../../../src/storage/log/segment-files.ts';
import { ReadTrouble } from '../../../src/storage/read/read-trouble.ts';
import type { RecordWaiter } from '../../../src/storage/read/record-fetch.ts';
import { RecordReader } from '../../../src/storage/read/record-reader.ts';
import { FakeClock } from '../disk/fake-clock.ts';

const SALT = 7;
const KEY = Buffer.from('key');
const RECORDS = 10;

const log = Buffer.alloc(1000);
/** Where each record begins, and where the last one ends. */
const starts = [100];
for (let sequence = 1; sequence <= RECORDS; sequence += 1) {
  const view = new DataView(log.buffer, log.byteOffset, log.length);
  const at = starts.at(-1) as number;
  const value = Buffer.from(`value ${sequence}`);
  const end = encodePut(
    ...([log, view, at, SALT, at, 0, KEY, 0, KEY.length, value, 0, value.length] as const),
    ...([sequence, 0, 1, 1000, 1000, NO_EXPIRY] as const),
  );
  starts.push(end);
}

/** Reads that the pool has, in order: each ends when it is told to. */
let pool: (() => void)[];
let endsOfTurn: (() => void)[];
let isWarm: boolean;
let isClosed: boolean;
let told: string[];
let segment: Segment;
let reader: RecordReader;
let clock: FakeClock;
let tickMs: number;

beforeEach(() => {
  [pool, endsOfTurn, isWarm, isClosed, told, tickMs] = [[], [], false, false, [], 0];
  const readSync = (buffer: Uint8Array, at: number, length: number, position: number): number => {
    clock.pass(tickMs);
    return log.copy(buffer, at, position, position + length);
  };
  const readThen = (
    ...[buffer, at, length, position, done]: [Uint8Array, number, number, number, ReadDone]
  ): void => {
    if (isClosed) throw Object.assign(new Error('EBADF'), { code: 'EBADF' });
    pool.push(() => done(null, readSync(buffer, at, length, position)));
  };
  const file = { readSync, readThen, close: async () => {} } as unknown as FileHandle;
  const files = new SegmentFiles({} as FileSystem, '/', 1);
  segment = new Segment({ id: 1, kind: 'log', slot: 1, salt: SALT, state: 'sealed', bytes: 900 });
  files.adopt(segment, file);
  clock = new FakeClock();
  const scheduler = { endOfTurn: (task: () => void) => endsOfTurn.push(task) } as unknown;
  const gate = {
    allowsSync: () => isWarm,
    record: () => {},
    get isOnLoop() {
      return isWarm;
    },
  } as unknown as LatencyGate;
  const limits = { maxReadsInFlight: 2, maxReadBytesInFlight: 10_000 };
  reader = new RecordReader(
    ...([files, { clock, scheduler: scheduler as Scheduler }, gate] as const),
    ...([new ReadTrouble(clock, () => {}), limits, () => false] as const),
  );
});

function lengthOf(sequence: number): number {
  return (starts[sequence] as number) - (starts[sequence - 1] as number);
}

function ask(
  sequence: number,
  offset = starts[sequence - 1] as number,
  recordBytes = lengthOf(sequence),
): void {
  const waiter: RecordWaiter = {
    heldBytes: KEY.length,
    onRecord: (buffer, { valueStart, valueBytes }) => {
      told.push(Buffer.from(buffer).toString('utf8', valueStart, valueStart + valueBytes));
    },
    onFailure: (thrown) => told.push((thrown as { code: string }).code),
  };
  reader.readThen({ segment, offset, recordBytes, sequence }, waiter);
}

function endTurn(): void {
  for (const task of endsOfTurn.splice(0)) task();
}

test('records come in the order in which the pool reads them, and damage is told', () => {
  ask(1);
  ask(2, 101);
  ask(3);
  expect([pool.length, reader.slots.waiting, segment.pins]).toEqual([2, 1, 3]);
  pool[1]?.();
  pool[2]?.();
  pool[0]?.();
  expect(told).toEqual(['CORRUPT', 'value 3', 'value 1']);
  expect([reader.slots.taken, segment.pins]).toEqual([0, 0]);
});

test('those that wait are read on the loop as soon as that is allowed again', () => {
  for (let sequence = 1; sequence <= 6; sequence += 1) ask(sequence);
  pool[0]?.();
  endTurn();
  expect(told).toEqual(['value 1']);
  isWarm = true;
  pool[1]?.();
  expect(told).toEqual(['value 1', 'value 2']);
  endTurn();
  // 3 and 4 have their slots
  expect(told.slice(2)).toEqual(['value 5', 'value 6']);
  pool[2]?.();
  pool[3]?.();
  expect(told.slice(4)).toEqual(['value 3', 'value 4']);
  expect([reader.slots.taken, reader.slots.waiting, segment.pins]).toEqual([0, 0, 0]);
});

test('that takes so long in a turn, and goes on in the next', () => {
  for (let sequence = 1; sequence <= 10; sequence += 1) ask(sequence);
  isWarm = true;
  tickMs = 1;
  pool[0]?.();
  endTurn();
  expect(told).toEqual(['value 1', 'value 4', 'value 5']);
  endTurn();
  expect(told.slice(3)).toEqual(['value 6', 'value 7']);
});

test('a large one does not hold up those behind it', () => {
  for (let sequence = 1; sequence <= 2; sequence += 1) ask(sequence);
  ask(3, starts[2], 100_000);
  ask(4);
  isWarm = true;
  pool[0]?.();
  endTurn();
  expect(told).toEqual(['value 1', 'value 4']);
  expect([pool.length, reader.slots.waiting]).toEqual([2, 1]);
  pool[1]?.();
  pool[2]?.();
  expect(told.slice(2)).toEqual(['value 2', 'CORRUPT']);
});

test('a pool that takes no read leaves nothing behind', () => {
  isClosed = true;
  for (let sequence = 1; sequence <= 4; sequence += 1) ask(sequence);
  expect(told).toEqual(['IO_ERROR', 'IO_ERROR', 'IO_ERROR', 'IO_ERROR']);
  expect([reader.slots.taken, reader.slots.waiting, segment.pins]).toEqual([0, 0, 0]);
});

test('runs that wait are read on the loop, too', async () => {
  for (let sequence = 1; sequence <= 3; sequence += 1) ask(sequence);
  const run = reader.readRun(segment, starts[4] as number, lengthOf(5), 0);
  isWarm = true;
  pool[0]?.();
  endTurn();
  expect(await run).toEqual(log.subarray(starts[4], starts[5]));
  expect([pool.length, reader.slots.taken, reader.slots.waiting]).toEqual([3, 2, 0]);
});
