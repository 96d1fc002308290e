/** An fdatasync that failed is final: not tried again, and nobody is left waiting. */

import { expect, it } from 'vitest';
import type { Store } from '../../src/storage/store.ts';
import { outcomeOf } from './stage/outcome.ts';
import { Stage } from './stage/stage.ts';

const LOG = /\.log$/;

it('does not try a failed fdatasync again when rolling, though it said that space is short', async () => {
  const stage = new Stage();
  const store = await stage.open({ durability: 'os', segmentBytes: 65_536 });
  await store.put('a', 'x'.repeat(3000));
  await stage.quiet();
  const fault = stage.gates.fault('datasync', LOG, 'ENOSPC', () => fault.hits === 0);
  const before = stage.gates.count('datasync', LOG);
  const outcomes: string[] = [];
  for (let n = 0; n < 40 && fault.hits === 0; n += 1) {
    outcomes.push(await outcomeOf(store.put(`k${n}`, 'x'.repeat(3000))));
  }
  expect(fault.hits).toBe(1);
  expect(outcomes.at(-1)).toBe('OUTCOME_UNKNOWN');
  expect(store.status).toBe('failed');
  expect(await outcomeOf(store.sync())).toBe('STORE_FAILED');
  expect(await outcomeOf(store.put('b', '1'))).toBe('STORE_FAILED');
  await store.close();
  expect(stage.gates.count('datasync', LOG)).toBe(before + 1);
});

it('does not try again the fdatasync that takes back a failed write', async () => {
  const stage = new Stage();
  const store = await stage.open();
  await store.put('a', '1');
  await stage.quiet();
  const noSpace = stage.gates.fault('write', LOG, 'ENOSPC', () => noSpace.hits === 0);
  const fault = stage.gates.fault('datasync', LOG, 'ENOSPC', () => fault.hits === 0);
  const before = stage.gates.count('datasync', LOG);
  expect(await outcomeOf(store.put('b', '1'))).toBe('OUTCOME_UNKNOWN');
  expect([noSpace.hits, fault.hits]).toEqual([1, 1]);
  expect(store.status).toBe('failed');
  expect(await outcomeOf(store.put('c', '1'))).toBe('STORE_FAILED');
  await store.close();
  expect(stage.gates.count('datasync', LOG)).toBe(before + 1);
});

/** A store that has stopped because of an fdatasync. */
async function openFailed(stage: Stage): Promise<Store> {
  const store = await stage.open();
  await store.put('a', '1');
  await stage.quiet();
  const fault = stage.gates.fault('datasync', LOG, 'EIO');
  expect(await outcomeOf(store.put('b', '1'))).toBe('OUTCOME_UNKNOWN');
  fault.lift();
  expect(store.status).toBe('failed');
  return store;
}

it('answers sync() after a failure', async () => {
  const store = await openFailed(new Stage());
  expect(await outcomeOf(store.sync())).toBe('STORE_FAILED');
});

it('answers merge() after a failure', async () => {
  const store = await openFailed(new Stage());
  expect(await outcomeOf(store.merge())).not.toBe('ok');
});

it('closes after a failure, and frees the lock', async () => {
  const stage = new Stage();
  const store = await openFailed(stage);
  expect(await outcomeOf(store.close())).toBe('ok');
  const reopened = await stage.open();
  expect(await reopened.get('a')).toEqual(Buffer.from('1'));
});

it('closes while a sync is failing, and frees the lock', async () => {
  const stage = new Stage();
  const store = await stage.open();
  await store.put('a', '1');
  await stage.quiet();
  const fault = stage.gates.fault('datasync', LOG, 'EIO');
  const put = outcomeOf(store.put('b', '1'));
  const closed = outcomeOf(store.close());
  expect(await put).toBe('OUTCOME_UNKNOWN');
  expect(await closed).toBe('ok');
  fault.lift();
  const reopened = await stage.open();
  expect(await reopened.get('a')).toEqual(Buffer.from('1'));
});
