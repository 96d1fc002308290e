/** Metrics of the store: log, keydir, cache, disk, merges, damage. */

import type { StoreStats } from '../../storage/store-stats.ts';
import { duration } from './duration-metric.ts';
import { counter, counterBy, gauge, gaugeBy, type MetricDefinition } from './metric-definition.ts';
import type { ScrapeFacts } from './scrape-facts.ts';

const MS_PER_SECOND = 1000;

/** A name, what it means, and the figure. */
type Row = readonly [name: string, help: string, pick: (stats: StoreStats) => number | boolean];

const GAUGES: readonly Row[] = [
  ['caskd_keys', 'Keys in the store.', ({ keys }) => keys],
  ['caskd_keydir_bytes', 'Memory of keys and index together.', ({ keydir }) => keydir.bytes],
  ['caskd_index_bytes', 'Memory of the sorted index.', ({ keydir }) => keydir.indexBytes],
  ['caskd_index_ready', '1 when ranges and counts are served.', ({ indexReady }) => indexReady],
  ['caskd_cache_entries', 'Values in the cache.', ({ cache }) => cache.entries],
  ['caskd_cache_max_bytes', 'Memory set aside for the value cache.', ({ cache }) => cache.bytesMax],

  ['caskd_log_segments', 'Segments of the log.', ({ log }) => log.segments],
  ['caskd_log_bytes', 'Bytes of all segments, live and dead.', ({ log }) => log.bytes],
  ['caskd_log_live_bytes', 'Bytes of records that are current.', ({ log }) => log.liveBytes],
  ['caskd_log_dead_bytes', 'Bytes that a merge could give back.', ({ log }) => log.deadBytes],
  ['caskd_log_tombstone_bytes', 'Bytes of deletions.', ({ log }) => log.tombstoneBytes],
  ['caskd_log_hint_bytes', 'Bytes of hint files.', ({ log }) => log.hintBytes],
  [
    'caskd_log_preallocated_bytes',
    'Bytes by which the active segment is extended ahead.',
    ({ log }) => log.preallocatedBytes,
  ],
  ['caskd_log_ballast_bytes', 'Bytes kept for a full disk.', ({ log }) => log.ballastBytes],
  ['caskd_log_open_files', 'Segments whose file is open.', ({ log }) => log.openFiles],
  ['caskd_log_dirty_bytes', 'Written and not synced.', ({ writes }) => writes.dirtyBytes],
  ['caskd_write_queue_bytes', 'Writes not yet committed.', ({ writes }) => writes.queuedBytes],
  ['caskd_revision', 'Sequence of the last change.', ({ lastRevision }) => lastRevision],
  ['caskd_revision_committed', 'Last change committed.', (stats) => stats.committedRevision],

  ['caskd_reads_in_flight', 'Reads in the thread pool.', ({ reads }) => reads.inFlight],
  ['caskd_reads_waiting', 'Reads that wait for a thread.', ({ reads }) => reads.waiting],

  ['caskd_merge_in_progress', '1 while a merge runs.', ({ merge }) => merge.state !== 'idle'],
  ['caskd_merge_paused', '1 while merges are paused by hand.', ({ merge }) => merge.paused],
  ['caskd_merge_input_bytes', 'Input of the merge that runs.', ({ merge }) => inputBytes(merge)],
  ['caskd_merge_done_bytes', 'Of that input, bytes read.', ({ merge }) => doneBytes(merge)],

  [
    'caskd_jobs_running',
    'Long work that clients asked for and that runs.',
    ({ jobs }) => jobs.length,
  ],
  ['caskd_backup_in_progress', '1 while a backup is taken.', ({ backup }) => backup.running],

  ['caskd_scrub_in_progress', '1 while a scrub runs.', ({ scrub }) => scrub.running],
  ['caskd_read_only', '1 while puts are refused, the disk being full.', isReadOnly],
  ['caskd_degraded', '1 with damage whose keys are unknown.', ({ degraded }) => degraded],
  ['caskd_damaged_ranges', 'Damaged stretches of the log.', ({ damage }) => damage.length],
];

const COUNTERS: readonly Row[] = [
  ['caskd_keys_expired_total', 'Keys removed when they expired.', ({ keydir }) => keydir.retired],
  ['caskd_cache_hits_total', 'Values found in the cache.', ({ cache }) => cache.hits],
  ['caskd_cache_misses_total', 'Values read from the log instead.', ({ cache }) => cache.misses],
  ['caskd_log_written_bytes_total', 'Bytes appended.', ({ writes }) => writes.bytesWritten],
  [
    'caskd_commit_groups_total',
    'Groups of writes committed at once.',
    ({ writes }) => writes.groups,
  ],
  ['caskd_disk_read_bytes_total', 'Read from segments.', ({ reads }) => reads.bytesFromDisk],
  ['caskd_read_failures_total', 'Reads that the system refused.', ({ reads }) => reads.failed],
  ['caskd_corrupt_reads_total', 'Reads that met a damaged record.', ({ reads }) => reads.corrupt],
  ['caskd_merges_total', 'Merges completed.', ({ merge }) => merge.runs],
  ['caskd_merge_failures_total', 'Merges that failed.', ({ merge }) => merge.failures],
  ['caskd_merge_read_bytes_total', 'Input of completed merges.', ({ merge }) => merge.bytesRead],
  [
    'caskd_merge_written_bytes_total',
    'Output of completed merges.',
    ({ merge }) => merge.bytesWritten,
  ],
  ['caskd_backups_total', 'Backups completed.', ({ backup }) => backup.runs],
  ['caskd_backup_failures_total', 'Backups that failed.', ({ backup }) => backup.failures],
  ['caskd_scrubs_total', 'Scrubs that came to their end.', ({ scrub }) => scrub.runs],
  ['caskd_scrub_failures_total', 'Scrubs that failed.', ({ scrub }) => scrub.failures],
  ['caskd_scrub_read_bytes_total', 'Read by scrubs.', ({ scrub }) => scrub.bytesRead],
  [
    'caskd_scrub_damaged_segments_total',
    'Segments in which a scrub found damage.',
    ({ scrub }) => scrub.damagedSegments,
  ],
];

function isReadOnly({ status }: StoreStats): boolean {
  return status === 'read-only';
}

function inputBytes({ state, bytesTotal }: StoreStats['merge']): number {
  return state === 'idle' ? 0 : bytesTotal;
}

function doneBytes({ state, bytesDone }: StoreStats['merge']): number {
  return state === 'idle' ? 0 : bytesDone;
}

/** A figure of the store, once there is one. */
function ofStore<T>(pick: (stats: StoreStats) => T): (facts: ScrapeFacts) => T | undefined {
  return ({ served }) => (served === undefined ? undefined : pick(served.store));
}

export const STORE_METRICS: readonly MetricDefinition[] = [
  ...GAUGES.map(([name, help, pick]) => gauge(name, help, ofStore(pick))),
  ...COUNTERS.map(([name, help, pick]) => counter(name, help, ofStore(pick))),
  gauge(
    'caskd_backup_last_time_seconds',
    'When the last complete backup was taken, in seconds since 1970; missing before the first.',
    ofStore(({ backup }) => (backup.last === null ? null : backup.last.takenAt / MS_PER_SECOND)),
  ),
  gauge(
    'caskd_scrub_last_time_seconds',
    'When the last scrub ended, in seconds since 1970; missing before the first.',
    ofStore(({ scrub }) => (scrub.lastEndedAt === null ? null : scrub.lastEndedAt / MS_PER_SECOND)),
  ),
  gaugeBy(
    'durability',
    'caskd_durability_info',
    'Always 1; the label says when writes are answered.',
    ofStore(({ durability }) => ({ [durability]: 1 })),
  ),
  counterBy(
    'kind',
    'caskd_long_stalls_total',
    'Disk operations that held the event loop for more than 5 ms.',
    ofStore(({ longStalls }) => longStalls),
  ),
  duration(
    'caskd_fsync_duration_seconds',
    'Time of an fdatasync of the log.',
    ({ served }) => served?.durations.sync,
  ),
  duration(
    'caskd_log_write_duration_seconds',
    'Time to write a group of records.',
    ({ served }) => served?.durations.write,
  ),
  duration(
    'caskd_disk_read_duration_seconds',
    'Time of a read from a segment.',
    ({ served }) => served?.durations.read,
  ),
  duration(
    'caskd_merge_duration_seconds',
    'Time of a completed merge.',
    ({ served }) => served?.durations.merge,
  ),
];
