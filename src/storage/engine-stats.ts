/** Gathers the figures of an open store from its parts. Costs a pass over the segments. */

import type { Engine } from './engine.ts';
import { limitFiguresOf } from './limit-figures.ts';
import type { SegmentFacts, StoreDurations, StoreStats } from './store-stats.ts';

/** The histograms themselves, which go on counting. */
export function durationsOf({ writes, reads, merger }: Engine): StoreDurations {
  const { appender } = writes;
  return {
    sync: appender.syncDurations,
    write: appender.writeDurations,
    read: reads.reader.durations,
    merge: merger.durations,
  };
}

export function statsOf(engine: Engine): StoreStats {
  const { opened, options, merger, writes, reads } = engine;
  const { reader, cache, gate, trouble } = reads;
  const { sequencer, commit, appender, expirer, space, applier } = writes;
  const { writeGate, syncGate } = writes;
  const { keydir, catalog, manifests, files } = opened;
  const totals = catalog.totals();
  const timed = durationsOf(engine);
  return {
    uuid: Buffer.from(manifests.uuid).toString('hex'),
    status: engine.health().status,
    durability: options.durability,
    keys: keydir.count,
    indexReady: keydir.indexReady,
    lastRevision: sequencer.lastSequence,
    committedRevision: applier.committedSequence,
    historyFloor: manifests.historyFloor,
    historyFloorTime: manifests.historyFloorTime,
    keydir: {
      bytes: keydir.bytesUsed,
      indexBytes: keydir.indexBytesUsed,
      maxBytes: options.maxKeydirBytes,
      retired: expirer.retired,
    },
    cache: {
      bytesMax: cache.bytesMax,
      entries: cache.entries,
      hits: cache.hits,
      misses: cache.misses,
    },
    log: {
      ...totals,
      deadBytes: totals.bytes - totals.liveBytes,
      ballastBytes: space.ballastBytes,
      openFiles: files.openCount,
    },
    writes: {
      queuedBytes: sequencer.queuedBytes,
      groups: commit.groups,
      syncs: appender.syncs,
      bytesWritten: appender.bytesWritten,
      dirtyBytes: appender.dirtyBytes,
    },
    reads: {
      fromDisk: reader.diskReads,
      bytesFromDisk: reader.diskReadBytes,
      inFlight: reader.slots.taken,
      waiting: reader.slots.waiting,
      corrupt: trouble.corrupt,
      failed: trouble.failed,
    },
    longStalls: {
      write: writeGate.longStalls,
      sync: syncGate.longStalls,
      read: gate.longStalls,
    },
    durations: {
      sync: timed.sync.summary(),
      write: timed.write.summary(),
      read: timed.read.summary(),
      merge: timed.merge.summary(),
    },
    merge: merger.status,
    limits: limitFiguresOf(engine),
    backup: engine.backups.status,
    scrub: engine.scrubber.status,
    jobs: engine.jobs.listRunning(),
    damage: manifests.damage,
    degraded: opened.unknownDamage.length > 0,
    opened: opened.report,
  };
}

/** In the order of their ids; a pass over all segments. */
export function segmentsOf({ opened }: Engine, after: number, limit: number): SegmentFacts[] {
  return opened.catalog
    .all()
    .filter(({ id }) => id > after)
    .slice(0, limit)
    .map(({ id, kind, state, bytes, liveBytes, deadBytes, merging }) => {
      return { id, kind, state, bytes, liveBytes, deadBytes, merging };
    });
}
