import { describe, expect, it } from 'vitest';
import { LatencyGate, READ_MEAN_MS_MAX } from '../../../src/storage/disk/latency-gate.ts';
import { FakeClock } from './fake-clock.ts';

const FAST = 0.01;

function times(count: number, task: () => void): void {
  for (let index = 0; index < count; index += 1) task();
}

/** Asks `count` times, recording `durationMs` the way it was allowed; how many ran on the loop. */
function run(gate: LatencyGate, count: number, durationMs: number): number {
  let onLoop = 0;
  times(count, () => {
    const sync = gate.allowsSync();
    if (sync) onLoop += 1;
    gate.record(durationMs, sync);
  });
  return onLoop;
}

describe('the maximum of the last 64', () => {
  it('lets operations below 1 ms stay on the loop', () => {
    const gate = new LatencyGate(new FakeClock());
    expect(run(gate, 1000, 0.99)).toBe(1000);
    expect(gate.longStalls).toBe(0);
  });

  it('one of 1 ms takes the kind off until 64 were fast off the loop', () => {
    const gate = new LatencyGate(new FakeClock());
    gate.record(1, true);
    expect(run(gate, 63, FAST)).toBe(0);
    gate.record(1.2, false); // may be the loop's slowness: neither counts nor begins anew
    expect(run(gate, 2, FAST)).toBe(2); // a probe, and back
    expect(gate.allowsSync()).toBe(true);
    expect(gate.longStalls).toBe(0);
  });

  it('comes back by probes where a busy loop makes most durations off it look slow', () => {
    const gate = new LatencyGate(new FakeClock());
    gate.record(1, true);
    let onLoop = 0;
    for (let index = 0; index < 64 * 5; index += 1) {
      const sync = gate.allowsSync();
      if (sync) onLoop += 1;
      gate.record(sync ? FAST : index % 20 === 0 ? 0.9 : 3, sync);
    }
    expect(onLoop).toBeGreaterThan(4);
    expect(gate.allowsSync()).toBe(true);
  });

  it('is not probed while nothing off the loop is fast', () => {
    const gate = new LatencyGate(new FakeClock());
    gate.record(1, true);
    expect(run(gate, 1000, 3)).toBe(0);
  });

  it('asynchronous durations say nothing while the kind is on the loop', () => {
    const gate = new LatencyGate(new FakeClock());
    gate.record(300, false);
    expect(gate.allowsSync()).toBe(true);
    expect(gate.longStalls).toBe(0);
  });
});

describe('a stall above 5 ms', () => {
  it('is counted, and keeps the kind off for a second at least', () => {
    const clock = new FakeClock();
    const gate = new LatencyGate(clock);
    gate.record(5.1, true);
    expect(gate.longStalls).toBe(1);
    expect(run(gate, 200, FAST)).toBe(0);
    clock.pass(999);
    expect(gate.allowsSync()).toBe(false);
    clock.pass(1);
    expect(gate.allowsSync()).toBe(true);
  });

  it('needs the 64 fast ones too', () => {
    const clock = new FakeClock();
    const gate = new LatencyGate(clock);
    gate.record(8, true);
    clock.pass(5000);
    expect(run(gate, 63, FAST)).toBe(0);
    run(gate, 1, FAST);
    expect(gate.allowsSync()).toBe(true);
  });

  it('off the loop is not counted, and does not lengthen the stay', () => {
    const clock = new FakeClock();
    const gate = new LatencyGate(clock);
    gate.record(6, true);
    clock.pass(900);
    gate.record(20, false);
    expect(gate.longStalls).toBe(1);
    run(gate, 64, FAST);
    expect(gate.allowsSync()).toBe(false);
    clock.pass(100);
    expect(gate.allowsSync()).toBe(true);
  });

  it('of exactly 5 ms is only slow', () => {
    const gate = new LatencyGate(new FakeClock());
    gate.record(5, true);
    expect(gate.longStalls).toBe(0);
    run(gate, 64, FAST);
    expect(gate.allowsSync()).toBe(true);
  });
});

describe('the cold rule', () => {
  const gateForReads = () => new LatencyGate(new FakeClock(), { meanMsMax: READ_MEAN_MS_MAX });

  it('is off unless asked for', () => {
    const gate = new LatencyGate(new FakeClock());
    expect(run(gate, 500, 0.9)).toBe(500);
  });

  it('lets page-cache reads stay, and a rare slower one among them', () => {
    const gate = gateForReads();
    times(50, () => {
      expect(run(gate, 63, 0.004)).toBe(63);
      expect(run(gate, 1, 0.9)).toBe(1);
    });
  });

  it('takes reads from the device off, but for a probe in 64', () => {
    const gate = gateForReads();
    const onLoop = run(gate, 40, 0.2);
    expect(onLoop).toBeLessThan(15);
    expect(run(gate, 640, 0.2)).toBe(10);
    expect(gate.longStalls).toBe(0);
  });

  it('comes back when probes find the cache warm', () => {
    const gate = gateForReads();
    run(gate, 1000, 0.9);
    expect(run(gate, 64, 0.004)).toBe(1);
    run(gate, 64 * 8, 0.004);
    expect(run(gate, 100, 0.004)).toBe(100);
  });

  it('slow asynchronous reads do not keep it from probing', () => {
    const gate = gateForReads();
    run(gate, 40, 0.2);
    let onLoop = 0;
    times(64 * 20, () => {
      const sync = gate.allowsSync();
      if (sync) onLoop += 1;
      gate.record(sync ? 0.004 : 3, sync);
    });
    expect(onLoop).toBeGreaterThan(64);
  });
});

describe('where reads from devices are counted', () => {
  it('a slow one during which none was read from changes nothing', () => {
    const gate = new LatencyGate(new FakeClock(), { deviceReads: () => 7 });
    gate.record(20, true);
    expect(run(gate, 100, FAST)).toBe(100);
    expect(gate.longStalls).toBe(0);
  });

  it('one that read from a device takes the kind off the loop', () => {
    let reads = 7;
    const gate = new LatencyGate(new FakeClock(), { deviceReads: () => reads });
    reads += 1;
    gate.record(1, true);
    expect(gate.allowsSync()).toBe(false);
  });

  it('slow ones that go on without a device are still cold by their mean', () => {
    const options = { meanMsMax: READ_MEAN_MS_MAX, deviceReads: () => 7 };
    const gate = new LatencyGate(new FakeClock(), options);
    times(100, () => gate.record(3, true));
    expect(gate.allowsSync()).toBe(false);
  });
});
