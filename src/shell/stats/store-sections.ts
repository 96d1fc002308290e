/** What STATS says of the store, for people. */

import { formatByteCount, formatCount } from '../quantity.ts';
import { type Facts, factAt, factsAt, numberAt, shareOf } from './facts.ts';
import { row, type Section } from './section.ts';

export function percent(share: number | undefined): string {
  return share === undefined ? '-' : `${(share * 100).toFixed(1)} %`;
}

function bytes(count: number | undefined): string | undefined {
  return count === undefined ? undefined : formatByteCount(count);
}

function count(number: number | undefined): string | undefined {
  return number === undefined ? undefined : formatCount(number);
}

/** `1.2 MiB of 4.0 GiB (0.0 %)` */
function bytesOf(part: number | undefined, whole: number | undefined): string | undefined {
  if (part === undefined || whole === undefined) return bytes(part);
  return `${formatByteCount(part)} of ${formatByteCount(whole)} (${percent(shareOf(part, whole))})`;
}

export function storeSection(stats: Facts): Section {
  const keys = numberAt(stats, 'keys');
  const keydir = factsAt(stats, 'keydir');
  const keydirBytes = numberAt(keydir, 'bytes');
  const perKey = shareOf(keydirBytes, keys);
  return {
    title: 'Store',
    rows: [
      ...row('keys', count(keys)),
      ...row('revision', revisionOf(stats)),
      ...row('ranges and counts', factAt(stats, 'indexReady') === false ? 'still load' : undefined),
      ...row('memory of keys', bytesOf(keydirBytes, numberAt(keydir, 'maxBytes'))),
      ...row('  a key', perKey === undefined ? undefined : `${Math.round(perKey)} B`),
      ...row('  of it the index', bytes(numberAt(keydir, 'indexBytes'))),
      ...row('keys expired', count(numberAt(keydir, 'retired'))),
      ...cacheRows(stats),
    ],
  };
}

function revisionOf(stats: Facts): string | undefined {
  const committed = numberAt(stats, 'committedRevision');
  const given = numberAt(stats, 'lastRevision');
  if (committed === undefined || given === undefined || given === committed) {
    return count(committed);
  }
  return `${formatCount(committed)}, ${formatCount(given - committed)} more underway`;
}

function cacheRows(stats: Facts): (readonly string[])[] {
  const cache = factsAt(stats, 'cache');
  const [hits, misses] = [numberAt(cache, 'hits'), numberAt(cache, 'misses')];
  if (hits === undefined || misses === undefined) return [];
  const sizes = `${formatCount(numberAt(cache, 'entries') ?? 0)} values, at most ${
    bytes(numberAt(cache, 'bytesMax')) ?? '?'
  }`;
  const rate = `${percent(shareOf(hits, hits + misses))} of ${formatCount(hits + misses)} reads`;
  return [
    ['cache', sizes],
    ['  hits', rate],
  ];
}

export function spaceSection(stats: Facts): Section {
  const log = factsAt(stats, 'log');
  const all = numberAt(log, 'bytes');
  const share = (name: string): string | undefined => {
    const part = numberAt(log, name);
    if (part === undefined) return undefined;
    return `${formatByteCount(part)} (${percent(shareOf(part, all))})`;
  };
  return {
    title: 'Space on disk',
    rows: [
      ...row('segments', count(numberAt(log, 'segments'))),
      ...row('records', bytes(all)),
      ...row('  live', share('liveBytes')),
      ...row('  dead', share('deadBytes')),
      ...row('  deletes', bytes(numberAt(log, 'tombstoneBytes'))),
      ...row('hints', bytes(numberAt(log, 'hintBytes'))),
      ...row('extended ahead', bytes(numberAt(log, 'preallocatedBytes'))),
      ...row('ballast', bytes(numberAt(log, 'ballastBytes'))),
      ...row('open files', count(numberAt(log, 'openFiles'))),
    ],
  };
}

export function writesSection(stats: Facts): Section {
  const writes = factsAt(stats, 'writes');
  const [groups, written] = [numberAt(writes, 'groups'), numberAt(writes, 'bytesWritten')];
  const perGroup = shareOf(written, groups);
  return {
    title: 'Writes',
    rows: [
      ...row('written', bytes(written)),
      ...row('groups', count(groups)),
      ...row('  bytes a group', perGroup === undefined ? undefined : bytes(Math.round(perGroup))),
      ...row('syncs', count(numberAt(writes, 'syncs'))),
      ...row('waiting', bytes(numberAt(writes, 'queuedBytes'))),
      ...row('written, not yet synced', bytes(numberAt(writes, 'dirtyBytes'))),
    ],
  };
}

export function readsSection(stats: Facts): Section {
  const reads = factsAt(stats, 'reads');
  const fromDisk = numberAt(reads, 'fromDisk');
  return {
    title: 'Reads from disk',
    rows: [
      ...row('reads', count(fromDisk)),
      ...row('bytes', bytes(numberAt(reads, 'bytesFromDisk'))),
      ...row('underway', count(numberAt(reads, 'inFlight'))),
      ...row('waiting', count(numberAt(reads, 'waiting'))),
    ],
  };
}

export function mergeSection(stats: Facts): Section {
  const merge = factsAt(stats, 'merge');
  const { state, paused, lastError } = merge;
  const done = numberAt(merge, 'bytesDone');
  const total = numberAt(merge, 'bytesTotal');
  return {
    title: 'Merging',
    rows: [
      ...row(
        'state',
        typeof state === 'string' ? `${state}${paused ? ', paused' : ''}` : undefined,
      ),
      ...row('  done', total === undefined || total === 0 ? undefined : bytesOf(done, total)),
      ...row('merges', count(numberAt(merge, 'runs'))),
      ...row('  failed', count(numberAt(merge, 'failures') || undefined)),
      ...row('  last failure', typeof lastError === 'string' ? lastError : undefined),
      ...row('read', bytes(numberAt(merge, 'bytesRead'))),
      ...row('written', bytes(numberAt(merge, 'bytesWritten'))),
    ],
  };
}
