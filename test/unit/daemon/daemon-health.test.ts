import { expect, test } from 'vitest';
import { DaemonHealth } from '../../../src/daemon/daemon-health.ts';
import type { StoreHealth } from '../../../src/storage/store-stats.ts';

const OPEN: StoreHealth = { status: 'open', indexReady: true, degraded: false, reason: undefined };

function servingWith(store: Partial<StoreHealth>): DaemonHealth {
  const health = new DaemonHealth();
  health.serving({ health: () => ({ ...OPEN, ...store }) });
  return health;
}

test('ready when the store is open, its index is there and nobody asked to stop', () => {
  expect(servingWith({}).readiness()).toEqual({ ready: true, reasons: [], warnings: [] });
});

test('ready though degraded, and says so', () => {
  const { ready, reasons, warnings } = servingWith({ degraded: true }).readiness();
  expect({ ready, reasons }).toEqual({ ready: true, reasons: [] });
  expect(warnings).toEqual([expect.stringMatching(/^degraded: .*caskctl repair$/)]);
});

test('not ready before the store is open', () => {
  const { ready, reasons } = new DaemonHealth().readiness();
  expect(ready).toBe(false);
  expect(reasons).toEqual([expect.stringMatching(/^loading: the store/)]);
});

test.each([
  [{ indexReady: false }, /^loading: the sorted index/],
  [{ status: 'read-only', reason: 'the disk is full' }, /^read-only: the disk is full$/],
  [{ status: 'failed', reason: 'fsync failed' }, /^failed: fsync failed$/],
  [{ status: 'closing', reason: 'the store is closed' }, /^closing: the store is closed$/],
] as const)('not ready, and says why: %j', (store, why) => {
  const { ready, reasons } = servingWith(store).readiness();
  expect(ready).toBe(false);
  expect(reasons).toEqual([expect.stringMatching(why)]);
});

test('draining comes on top of what else is wrong', () => {
  const health = servingWith({ status: 'failed', reason: 'fsync failed' });
  health.draining();
  expect(health.readiness().reasons).toEqual([
    'draining: the server is stopping',
    'failed: fsync failed',
  ]);
});
