/** The figures of a store, all different, so that a test sees which one went where. */

import type { StoreStats } from '../../../src/storage/store-stats.ts';
import { DurationHistogram } from '../../../src/vocabulary/duration-histogram.ts';

const NOTHING = new DurationHistogram().summary();

export const SAMPLE_STATS: StoreStats = {
  uuid: '00000000000000000000000000000001',
  status: 'open',
  durability: 'always',
  keys: 101,
  indexReady: true,
  lastRevision: 102,
  committedRevision: 103,
  historyFloor: 104,
  historyFloorTime: 105,
  keydir: { bytes: 201, indexBytes: 202, maxBytes: 203, retired: 204 },
  cache: { bytesMax: 301, entries: 302, hits: 303, misses: 304 },
  log: {
    segments: 401,
    bytes: 403,
    liveBytes: 404,
    deadBytes: 405,
    sealedBytes: 406,
    sealedLiveBytes: 407,
    tombstoneBytes: 408,
    hintBytes: 409,
    preallocatedBytes: 410,
    ballastBytes: 411,
    openFiles: 412,
  },
  writes: {
    queuedBytes: 501,
    groups: 503,
    syncs: 504,
    bytesWritten: 505,
    dirtyBytes: 506,
  },
  reads: {
    fromDisk: 601,
    bytesFromDisk: 602,
    inFlight: 603,
    waiting: 605,
    corrupt: 607,
    failed: 608,
  },
  longStalls: { write: 701, sync: 702, read: 703 },
  durations: { sync: NOTHING, write: NOTHING, read: NOTHING, merge: NOTHING },
  limits: {
    maxKeydirBytes: { limit: 203, current: 201, high: 205, reached: 206 },
    maxBatchItems: { limit: 207, reached: 208 },
  },
  merge: {
    state: 'copying',
    bytesDone: 801,
    bytesTotal: 802,
    paused: false,
    runs: 803,
    failures: 804,
    bytesRead: 805,
    bytesWritten: 806,
    lastError: null,
  },
  backup: { running: false, runs: 807, failures: 808, lastError: null, last: null },
  jobs: [],
  damage: [{ segment: 1, offset: 901, bytes: 902, firstSequence: 903, lastSequence: 904 }],
  degraded: false,
  opened: { created: true, clean: true, segments: 0, byHint: 0, scanned: 0, keys: 0, ms: 1 },
};
