/** The daemon over a store in memory, with misbehaviour on request: `MISBEHAVIOUR=...`. */

import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { main } from '../../src/daemon/main.ts';
import { CaskError } from '../../src/errors/cask-error.ts';
import { MemoryStore } from '../unit/server/memory-store.ts';

await main(process.argv, async () => {
  const store = new MemoryStore();
  switch (process.env['MISBEHAVIOUR']) {
    case 'locked':
      throw new CaskError('LOCKED', 'another process has the directory');
    case 'not-a-store':
      throw new CaskError('NOT_A_STORE', 'there are files that are not ours');
    case 'bad-option':
      throw new CaskError('INVALID_OPTION', 'maxValueBytes is too large');
    case 'slow-open':
      await delay(400);
      break;
    case 'gated-open':
      while (!existsSync(process.env['GATE'] ?? '')) await delay(5);
      break;
    case 'slow-writes':
      store.holding = true;
      setInterval(() => store.held.length > 0 && setTimeout(() => store.release(), 300), 10);
      break;
    case 'deaf-writes':
      store.holding = true;
      break;
    case 'endless-deletes':
      store.put('k', Buffer.from('v'));
      store.deleteGate = new Promise((resolve) => {
        setInterval(() => store.jobs.status(1)?.state === 'cancelling' && resolve(), 10);
      });
      break;
    case 'fails':
      setTimeout(() => store.fail(new CaskError('STORE_FAILED', 'fsync failed')), 100);
      break;
    case 'throws':
      setTimeout(() => {
        throw new TypeError('a bug');
      }, 100);
      break;
    case 'rejects':
      setTimeout(() => void Promise.reject(new TypeError('a bug')), 100);
      break;
    case 'hangs':
      setTimeout(() => {
        const endMs = performance.now() + 1000;
        while (performance.now() < endMs);
        process.exit();
      }, 100);
      break;
    default:
  }
  return store;
});
