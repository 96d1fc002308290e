/** The store's limits on what it holds, with what is held now and was held at most. */

import type { LimitFigures } from '../vocabulary/limit-figure.ts';
import type { Engine } from './engine.ts';

export function limitFiguresOf({
  opened,
  options,
  reads,
  writes,
  keydirBytesHigh,
  jobs,
}: Engine): LimitFigures {
  const { keydir, files } = opened;
  const { slots } = reads.reader;
  const { cache, pageMemory } = reads;
  const { sequencer } = writes;
  const keydirBytes = keydir.bytesUsed;
  return {
    maxKeydirBytes: {
      limit: options.maxKeydirBytes,
      current: keydirBytes,
      high: Math.max(keydirBytes, keydirBytesHigh),
      reached: sequencer.refusals.keydirFull,
    },
    cacheBytes: {
      limit: cache.bytesMax,
      current: cache.bytes,
      high: cache.bytesHigh,
      reached: cache.evictions,
    },
    maxWriteQueueBytes: {
      limit: options.maxWriteQueueBytes,
      current: sequencer.queuedBytes,
      high: sequencer.queuedBytesHigh,
      reached: sequencer.refusals.queueFull,
    },
    maxOpenSegments: {
      limit: options.maxOpenSegments,
      current: files.openCount,
      high: files.openHigh,
      reached: files.surplusClosed,
    },
    maxReadsInFlight: {
      limit: options.maxReadsInFlight,
      current: slots.taken,
      high: slots.takenHigh,
      reached: slots.delayed + slots.refused,
    },
    maxReadBytesInFlight: {
      limit: options.maxReadBytesInFlight,
      current: slots.bytes,
      high: slots.bytesHigh,
      reached: slots.delayedForBytes,
    },
    maxPageBytesInFlight: {
      limit: options.maxPageBytesInFlight,
      current: pageMemory.bytes,
      high: pageMemory.bytesHigh,
      reached: pageMemory.delayed,
    },
    maxJobs: {
      limit: jobs.maxRunning,
      current: jobs.running,
      high: jobs.runningHigh,
      reached: jobs.refused,
    },
  };
}
