import { describe, expect, it } from 'vitest';
import { OP_GET, OP_PUT } from '../../../src/protocol/op-codes.ts';
import { OperationLatencies } from '../../../src/server/operation-latencies.ts';

describe('OperationLatencies', () => {
  it('has figures of the operations that were asked for', () => {
    const latencies = new OperationLatencies(0);
    latencies.record(OP_GET, 0.0305, 98);
    latencies.record(OP_GET, 2, 2);
    latencies.record(4711, 0.005, 1);
    const { GET, unknown, ...others } = latencies.snapshot();
    const figures = { count: 100, p50Ms: 0.031, p95Ms: 0.031, p99Ms: 2, p999Ms: 2, maxMs: 2 };
    expect(GET).toMatchObject({ ...figures, recent: figures });
    expect(unknown?.count).toBe(1);
    expect(others).toEqual({});
  });

  it('recent figures are of the last 10 to 20 seconds', () => {
    const latencies = new OperationLatencies(0);
    const recent = () => latencies.snapshot()['PUT']?.recent;
    latencies.record(OP_PUT, 5, 1);
    latencies.sweep(9_999);
    expect(recent()).toMatchObject({ count: 1, maxMs: 5 });
    latencies.sweep(10_000);
    latencies.record(OP_PUT, 1, 3);
    expect(recent()).toMatchObject({ count: 4, maxMs: 5 });
    latencies.sweep(20_000);
    expect(recent()).toMatchObject({ count: 3, sumMs: 3, p50Ms: 1, p999Ms: 1, maxMs: 1 });
    latencies.sweep(30_000);
    expect(recent()).toMatchObject({ count: 0, sumMs: 0, p50Ms: 0, p999Ms: 0, maxMs: 0 });
    expect(latencies.snapshot()['PUT']).toMatchObject({ count: 4, maxMs: 5 });
  });

  it('gives the histograms to exporters', () => {
    const latencies = new OperationLatencies(0);
    latencies.record(OP_GET, 1, 4);
    const histograms = latencies.histograms();
    expect([...histograms.keys()]).toEqual(['GET']);
    expect(histograms.get('GET')?.countsBelow([512, 1024])).toEqual([0, 4]);
  });
});
