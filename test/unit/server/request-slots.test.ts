import { describe, expect, it } from 'vitest';
import { OP_BATCH, OP_GET, OP_PUT } from '../../../src/protocol/op-codes.ts';
import { OperationLatencies } from '../../../src/server/operation-latencies.ts';
import { NO_TIMEOUT_MS, RequestSlots } from '../../../src/server/request-slots.ts';
import { SlowLog } from '../../../src/server/slow-log.ts';

const CLIENT = { clientId: 3, address: '127.0.0.1:5000', clientName: 'app' };

const slowLogOf = (slowLogMs: number, slowLogEntries: number) =>
  new SlowLog(() => ({ slowLogMs, slowLogEntries }));

describe('RequestSlots', () => {
  it('gives every request that is in flight a slot of its own, whatever the order of answers', () => {
    const slots = new RequestSlots();
    const [latencies, slowLog] = [new OperationLatencies(0), slowLogOf(0, 0)];
    const open = new Map<number, number>();
    let id = 0;
    for (let round = 0; round < 200; round++) {
      for (let more = 0; more < round % 17; more++) {
        id += 1;
        const slot = slots.take(round, 0xffff_ff00 + (id % 200), OP_GET, 10, 1000);
        expect(open.has(slot)).toBe(false);
        open.set(slot, 0xffff_ff00 + (id % 200));
      }
      const some = [...open.keys()].filter((slot) => (slot + round) % 3 === 0);
      for (const slot of some) {
        expect(slots.idOf(slot)).toBe(open.get(slot));
        slots.answer(slot);
      }
      expect(slots.answeredCount).toBe(some.length);
      if (some.length > 0) slots.settle(round, latencies, slowLog, CLIENT);
      for (const slot of some) open.delete(slot);
    }
    expect(latencies.snapshot()['GET']?.count).toBe(id - open.size);
  });

  it('records the time from the turn of the request to the reply', () => {
    const slots = new RequestSlots();
    const latencies = new OperationLatencies(0);
    const answer = (sinceMs: number, op: number) =>
      slots.answer(slots.take(sinceMs, 1, op, 10, 1000));
    for (let request = 0; request < 3; request++) answer(100, OP_GET);
    answer(100, OP_PUT);
    answer(104, OP_PUT);
    answer(104, 2 ** 32 + OP_GET);
    slots.settle(105, latencies, slowLogOf(10, 10), CLIENT);
    const { GET, PUT, unknown } = latencies.snapshot();
    expect(GET).toMatchObject({ count: 3, maxMs: 5 });
    expect(PUT).toMatchObject({ count: 2, p50Ms: 1.024, maxMs: 5 });
    expect(unknown).toMatchObject({ count: 1, maxMs: 1 });
  });

  it('hands what was slow to the slow log, one entry a kind', () => {
    const slots = new RequestSlots();
    const slowLog = slowLogOf(10, 10);
    const put = slots.take(0, 1, OP_PUT, 200, 1000);
    slots.measure(put, 7, 0);
    const batch = slots.take(5, 2, OP_BATCH, 5000, 1000);
    slots.measure(batch, 0, 40);
    const quick = slots.take(6, 3, OP_PUT, 200, 1000);
    slots.measure(quick, 9, 0);
    const other = slots.take(2, 4, OP_PUT, 100, 1000);
    slots.measure(other, 3, 0);
    slots.measureReply(other, 30, 0);
    for (const slot of [put, batch, quick, other]) slots.answer(slot);
    slots.settle(15, new OperationLatencies(0), slowLog, CLIENT);
    const who = { clientId: 3, address: '127.0.0.1:5000', client: 'app' };
    expect(slowLog.slowRequests).toBe(3);
    expect(slowLog.newest(10)).toEqual([
      {
        ...{ id: 2, at: expect.any(Number), ms: 10, operation: 'BATCH', requests: 1 },
        ...{ bytesIn: 5000, bytesOut: 0, keyBytes: 0, items: 40, ...who },
      },
      {
        ...{ id: 1, at: expect.any(Number), ms: 15, operation: 'PUT', requests: 2 },
        ...{ bytesIn: 300, bytesOut: 30, keyBytes: 7, items: 0, ...who },
      },
    ]);
  });
});

it('knows what is late, and keeps the slot of what is answered early', () => {
  const slots = new RequestSlots();
  const [latencies, slowLog] = [new OperationLatencies(0), slowLogOf(10, 10)];
  const [soon, later, never] = [20, 500, NO_TIMEOUT_MS].map((timeoutMs, index) =>
    slots.take(100, index + 1, OP_GET, 10, timeoutMs),
  ) as [number, number, number];
  expect(slots.nextDueMs).toBe(120);
  expect(slots.late(119)).toEqual([]);
  expect(slots.late(120)).toEqual([soon]);
  slots.answerEarly(soon, 120, latencies, slowLog, CLIENT);
  expect([slots.idOf(soon), slots.isWaiting(soon)]).toEqual([0, false]);
  expect(latencies.snapshot()['GET']).toMatchObject({ count: 1, maxMs: 20 });
  expect(slowLog.newest(9)).toMatchObject([{ operation: 'GET', ms: 20, requests: 1 }]);
  expect(slots.late(599)).toEqual([]);
  expect(slots.nextDueMs).toBe(600);
  const next = slots.take(600, 4, OP_GET, 10, 1000);
  expect(next).not.toBe(soon);
  slots.giveUp(soon);
  expect(slots.take(600, 5, OP_GET, 10, 1000)).toBe(soon);
  expect(slots.late(1e9).sort()).toEqual([soon, later, next].sort());
  expect(slots.isWaiting(never)).toBe(true);
});
