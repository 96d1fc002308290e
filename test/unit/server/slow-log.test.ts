import { describe, expect, it } from 'vitest';
import { OP_GET } from '../../../src/protocol/op-codes.ts';
import { SlowLog } from '../../../src/server/slow-log.ts';

const CLIENT = { clientId: 1, address: '127.0.0.1:5000', clientName: 'app' };
const SIZE = { bytesIn: 20, bytesOut: 100, keyBytes: 5, items: 0 };

function add(log: SlowLog, ms: number): void {
  log.gather(OP_GET, ms, SIZE);
  log.note(CLIENT);
}

const times = (log: SlowLog, count: number) => log.newest(count).map(({ ms }) => ms);

describe('SlowLog', () => {
  it('keeps the last entries, the newest first', () => {
    const log = new SlowLog(() => ({ slowLogMs: 10, slowLogEntries: 3 }));
    for (const ms of [11, 12, 13, 14]) add(log, ms);
    expect(times(log, 10)).toEqual([14, 13, 12]);
    expect(times(log, 2)).toEqual([14, 13]);
    expect(log.slowRequests).toBe(4);
  });

  it('forgets on a reset, and numbers on', () => {
    const log = new SlowLog(() => ({ slowLogMs: 10, slowLogEntries: 3 }));
    add(log, 11);
    add(log, 12);
    expect(log.reset()).toBe(2);
    expect(log.newest(10)).toEqual([]);
    add(log, 13);
    expect(log.newest(10)).toMatchObject([{ id: 3, ms: 13 }]);
  });

  it('heeds limits that change while it is in use', () => {
    let limits = { slowLogMs: 10, slowLogEntries: 3 };
    const log = new SlowLog(() => limits);
    for (const ms of [11, 12, 13]) add(log, ms);
    limits = { slowLogMs: 0, slowLogEntries: 2 };
    add(log, 1);
    expect([log.thresholdMs, times(log, 10)]).toEqual([0, [1, 13]]);
    limits = { slowLogMs: 5, slowLogEntries: 0 };
    expect(log.thresholdMs).toBe(Number.POSITIVE_INFINITY);
  });
});
