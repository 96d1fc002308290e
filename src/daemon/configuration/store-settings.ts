/** Settings that the store acts on. Types, ranges and defaults are those of its table. */

import { STORE_OPTION_TABLE } from '../../storage/store-option-table.ts';
import { type About, type Setting, settingOf } from './setting.ts';

function store<N extends keyof typeof STORE_OPTION_TABLE>(name: N, about: About) {
  return settingOf<(typeof STORE_OPTION_TABLE)[N]>('store', name, STORE_OPTION_TABLE[name], about);
}

export const STORE_SETTINGS = {
  durability: store('durability', {
    section: 'durability',
    help: 'when a write is answered: synced, or written and synced later, or left to the kernel',
    cost: '`always` costs one sync per group of writes and loses nothing in a power cut; `interval` loses at most `syncIntervalMs`; `os` what the kernel had not written. A killed process loses nothing in any of them.',
  }),
  syncIntervalMs: store('syncIntervalMs', {
    section: 'durability',
    help: 'durability interval: time between syncs',
    cost: 'The most that a power cut takes. Shorter means more syncs. A wait that has begun keeps its length.',
  }),
  segmentBytes: store('segmentBytes', {
    section: 'durability',
    help: 'a segment is rolled before it grows past this',
    cost: 'Small segments are merged sooner and cost more files; a merge needs free space for the live part of its input.',
  }),
  preallocateBytes: store('preallocateBytes', {
    section: 'durability',
    help: 'how far the active segment is extended ahead; 0: never',
    cost: 'A sync need not persist a new length each time. Takes so much disk space ahead of the data.',
  }),
  zeroAhead: store('zeroAhead', {
    section: 'durability',
    help: 'durability always: fill with zeros what the active segment is extended by',
    cost: 'A sync of bytes that overwrite others takes less than one of bytes that are added, as it changes no metadata. The log is written twice, which is for nothing where a file system never overwrites (btrfs, ZFS).',
  }),
  ballastBytes: store('ballastBytes', {
    section: 'durability',
    help: 'a file that is given up when the disk is full; 0: none',
    cost: 'Lets deletes and merges go on when there is no space left.',
  }),

  retainHistoryMs: store('retainHistoryMs', {
    section: 'merge',
    help: 'how old a state may be that a backup can be restored to; 0: only its newest',
    cost: 'Merges keep what newer writes superseded, and so reclaim less: the log grows by all that is written in this time.',
  }),
  backupBytesPerSecond: store('backupBytesPerSecond', {
    section: 'maintenance',
    help: 'bytes per second that a backup reads or copies; 0: no limit',
    cost: 'Without a limit a backup takes what the disk has left. Files that the backup before has already are not read.',
  }),
  scrubIntervalHours: store('scrubIntervalHours', {
    section: 'maintenance',
    help: 'how often all segments are read for damage; 0: not by itself',
    cost: 'Damage to what nobody asks for is found while there are backups that are older. An hour after the first start, then so long after the last one ended.',
  }),
  scrubBytesPerSecond: store('scrubBytesPerSecond', {
    section: 'maintenance',
    help: 'bytes per second that a scrub reads; 0: no limit',
    cost: 'At 8m a terabyte takes a day and a half. It reads in a thread of its own, past the value cache.',
  }),
  maxKeyBytes: store('maxKeyBytes', {
    section: 'limits',
    help: 'longest key',
    cost: 'Keys are held in memory. Lowering it makes longer keys that exist unreachable.',
  }),
  maxValueBytes: store('maxValueBytes', {
    section: 'limits',
    help: 'longest value; at most a quarter of a segment',
    cost: 'A value is in memory several times while it is on its way: in the request, the group of writes and the reply.',
  }),
  maxBatchItems: store('maxBatchItems', {
    section: 'limits',
    help: 'most items of a batch',
    cost: 'A batch is checked and applied in slices; others wait for its writes.',
  }),
  maxBatchBytes: store('maxBatchBytes', {
    section: 'limits',
    help: 'most bytes of a batch; at most half a segment',
    cost: 'Bounds the frame that a connection may send, and so its memory.',
  }),
  maxRangeItems: store('maxRangeItems', {
    section: 'limits',
    help: 'most items of a range page',
    cost: 'The locations of a page are captured in one turn of the event loop.',
  }),
  maxRangeBytes: store('maxRangeBytes', {
    section: 'limits',
    help: 'most bytes of a range page',
    cost: 'A page is in memory until it is sent; one entry is always given.',
  }),

  maxKeydirBytes: store('maxKeydirBytes', {
    section: 'memory',
    help: 'memory of keys and index',
    cost: 'At the limit new keys are refused (KEYDIR_FULL); reads, overwrites and deletes go on.',
  }),
  cacheBytes: store('cacheBytes', {
    section: 'memory',
    help: 'memory of the value cache; 0: none',
    cost:
      'Saves reads from disk. A value enters it when it is read by its key or in the first page of ' +
      'a range, and in a later page once that comes again: a walk over everything does not push ' +
      'out what is asked for often. Changing it while the daemon runs empties the cache.',
  }),
  maxWriteQueueBytes: store('maxWriteQueueBytes', {
    section: 'memory',
    help: 'writes accepted and not yet committed',
    cost: 'At half of it no more is read from clients, at all of it writes are refused (BUSY).',
  }),
  maxOpenSegments: store('maxOpenSegments', {
    section: 'memory',
    help: 'files of sealed segments kept open',
    cost: 'One descriptor each. With fewer, reads of old segments open files again and again.',
  }),
  maxReadsInFlight: store('maxReadsInFlight', {
    section: 'memory',
    help: 'reads from disk at a time',
    cost: 'More than twice the threads of the pool (`UV_THREADPOOL_SIZE`, 16 unless set) only wait there. While writes need threads, too, half as many are read at a time, less 2.',
  }),
  maxReadBytesInFlight: store('maxReadBytesInFlight', {
    section: 'memory',
    help: 'what reads from disk read into at a time',
    cost: 'More wait in order; one is always read, whatever its size.',
  }),
  maxPageBytesInFlight: store('maxPageBytesInFlight', {
    section: 'memory',
    help: 'memory of range pages and multi-gets that are being made',
    cost: 'More wait in order; one page is always served, whatever its size.',
  }),
  maxJobs: store('maxJobs', {
    section: 'memory',
    help: 'long work (deleting a range, ...) underway at a time',
    cost: 'One more is refused (BUSY). They share the disk and the event loop with requests.',
  }),
} as const satisfies Record<keyof typeof STORE_OPTION_TABLE, Setting>;
