/**
 * A manifest made from the segments themselves, for a store that has lost its own. What no
 * segment says is set to the safe side: sequences jump far ahead, and no restore to an earlier
 * point is allowed.
 */

import type { FileHandle } from '../disk/file-system.ts';
import { hintName, parseFileName, type SegmentKind } from '../format/file-names.ts';
import { decodeHintHeader, HINT_HEADER_BYTES, type HintHeader } from '../format/hint-layout.ts';
import type { Manifest, ManifestSegment } from '../format/manifest.ts';
import { SEGMENT_HEADER_BYTES, type SegmentHeader } from '../format/segment-header.ts';
import { readFully } from '../recovery/record-search.ts';
import { walkSegment } from '../recovery/segment-walk.ts';
import { TolerantFile } from '../recovery/tolerant-file.ts';
import { readSegmentHeader } from './header-reader.ts';
import type { Examination } from './offline-directory.ts';

/**
 * How far sequences jump when the manifest is lost: beyond what several unclean starts in a row
 * (2^25 each) may have given out without leaving a record.
 */
export const REBUILD_JUMP: number = 2 ** 28;

/** A segment file that cannot be part of the store. */
export interface UnusableFile {
  readonly name: string;
  readonly reason: string;
}

export interface RebuiltManifest {
  readonly manifest: Manifest;
  readonly unusable: readonly UnusableFile[];
}

interface Candidate {
  readonly name: string;
  readonly id: number;
  readonly kind: SegmentKind;
  readonly header: Pick<SegmentHeader, 'uuid' | 'salt'> | undefined;
  readonly problem: string;
  /** The header of a hint that is bound to the segment. */
  readonly hint: HintHeader | undefined;
}

interface Extent {
  readonly segment: ManifestSegment;
  /** There are bytes behind the last record, zeros or not. */
  readonly hasTail: boolean;
  readonly latestUpdatedAt: number;
}

export async function rebuildManifest(
  examination: Examination,
  names: ReadonlySet<string>,
): Promise<RebuiltManifest> {
  const candidates: Candidate[] = [];
  for (const name of [...names].sort()) {
    const parsed = parseFileName(name);
    if (parsed?.kind !== 'log' && parsed?.kind !== 'merged') continue;
    candidates.push(await readCandidate(examination, name, parsed.id, parsed.kind));
  }
  const uuid = mostFrequentUuid(candidates);
  const unusable: UnusableFile[] = [];
  const extents: Extent[] = [];
  for (const candidate of candidates) {
    const reason = whyUnusable(candidate, uuid, extents.at(-1)?.segment.id);
    const extent = reason === undefined ? await measure(examination, candidate) : undefined;
    if (extent !== undefined) extents.push(extent);
    else unusable.push({ name: candidate.name, reason: reason ?? 'no record in it can be read' });
  }
  return { manifest: manifestFrom(uuid, extents, names), unusable };
}

async function readCandidate(
  examination: Examination,
  name: string,
  id: number,
  kind: SegmentKind,
): Promise<Candidate> {
  const { environment, directory } = examination;
  const file = await TolerantFile.open(environment.fs, `${directory}/${name}`);
  try {
    const { value, problem = '' } = await readSegmentHeader(file);
    const hint = await readHintHeader(examination, id);
    const isRenamed = value !== undefined && (value.id !== id || value.kind !== kind);
    if (isRenamed) {
      const reason = `its header says ${value.kind} segment ${value.id}`;
      return { name, id, kind, header: undefined, problem: reason, hint: undefined };
    }
    // Where the header is damaged, the hint knows the salt, too.
    const header = value ?? hint;
    const isBound =
      hint !== undefined &&
      header !== undefined &&
      hint.salt === header.salt &&
      Buffer.compare(hint.uuid, header.uuid) === 0;
    return { name, id, kind, header, problem, hint: isBound ? hint : undefined };
  } finally {
    await file.close();
  }
}

/** The header of the hint of that id; undefined when it is missing or wrong in any way. */
export async function readHintHeader(
  examination: Pick<Examination, 'environment' | 'directory'>,
  id: number,
): Promise<HintHeader | undefined> {
  const path = `${examination.directory}/${hintName(id)}`;
  let file: FileHandle | undefined;
  try {
    file = await examination.environment.fs.open(path, 'read');
    const bytes = Buffer.alloc(HINT_HEADER_BYTES);
    const count = await readFully(file, bytes, bytes.length, 0);
    const header = decodeHintHeader(bytes.subarray(0, count));
    return header.segmentId === id ? header : undefined;
  } catch {
    return undefined; // a hint is a cache: whatever is wrong, there is none
  } finally {
    await file?.close();
  }
}

function mostFrequentUuid(candidates: readonly Candidate[]): Uint8Array {
  const counts = new Map<string, number>();
  for (const { header } of candidates) {
    if (header === undefined) continue;
    const hex = Buffer.from(header.uuid).toString('hex');
    counts.set(hex, (counts.get(hex) ?? 0) + 1);
  }
  const [first] = [...counts].sort((a, b) => b[1] - a[1]);
  return Buffer.from(first?.[0] ?? '00'.repeat(16), 'hex');
}

function whyUnusable(
  candidate: Candidate,
  uuid: Uint8Array,
  idBefore: number | undefined,
): string | undefined {
  const { header, problem, id } = candidate;
  if (header === undefined) return problem;
  if (Buffer.compare(header.uuid, uuid) !== 0) return 'it belongs to another store';
  return id === idBefore ? `there is another segment ${id}` : undefined;
}

/** Reads all heads of a segment; undefined when there is something in it, and no record. */
async function measure(
  examination: Examination,
  candidate: Candidate,
): Promise<Extent | undefined> {
  const { environment, directory, signal } = examination;
  const { name, id, kind, header, hint } = candidate;
  const salt = header?.salt ?? 0;
  const file = await TolerantFile.open(environment.fs, `${directory}/${name}`);
  try {
    const fileBytes = await file.size();
    const seen = { records: 0, base: 0, last: 0, min: 0, end: SEGMENT_HEADER_BYTES, latest: 0 };
    let dataEnd = 0;
    await walkSegment(
      file,
      { salt, end: fileBytes, signal },
      {
        record({ view, next }) {
          seen.records += 1;
          if (seen.records === 1) seen.base = view.sequence;
          seen.min = seen.records === 1 ? view.sequence : Math.min(seen.min, view.sequence);
          seen.last = Math.max(seen.last, view.sequence);
          seen.latest = Math.max(seen.latest, view.updatedAt);
          seen.end = next;
        },
        damage({ end, isZeros }) {
          if (!isZeros) dataEnd = end;
        },
      },
    );
    const isEmpty = seen.records === 0 && hint === undefined;
    if (isEmpty && (dataEnd > 0 || kind === 'merged')) return undefined;
    const base = hint?.lowestSequence ?? seen.base;
    const segment: ManifestSegment = {
      id,
      kind,
      state: isEmpty ? 'prepared' : 'sealed',
      salt,
      base: kind === 'log' ? base : Math.min(base, seen.min),
      last: Math.max(seen.last, hint?.highestSequence ?? 0),
      min: Math.min(base, seen.min === 0 ? base : seen.min),
      bytes: hint?.segmentBytes ?? Math.max(seen.end, dataEnd),
      records: seen.records,
    };
    const latestUpdatedAt = Math.max(seen.latest, hint?.latestUpdatedAt ?? 0);
    return { segment, hasTail: hint === undefined && fileBytes > seen.end, latestUpdatedAt };
  } finally {
    await file.close();
  }
}

function manifestFrom(
  uuid: Uint8Array,
  extents: readonly Extent[],
  names: ReadonlySet<string>,
): Manifest {
  const logs = extents.filter(({ segment }) => segment.kind === 'log' && segment.last > 0);
  const newest = logs.toSorted((a, b) => b.segment.last - a.segment.last)[0];
  // Only the log that was appended to when the process died has anything behind its records.
  const open = newest?.hasTail === true ? newest.segment : undefined;
  const segments = extents.map(({ segment }) =>
    segment === open ? { ...segment, state: 'open' as const } : segment,
  );
  const sealed = segments.filter((segment) => segment.state === 'sealed');
  const highestSealed = sealed.reduce((top, { last }) => Math.max(top, last), 0);
  const lastSequence = Math.max(highestSealed, (open?.base ?? 1) - 1);
  const highest = segments.reduce((top, { last }) => Math.max(top, last), lastSequence);
  const latest = extents.reduce((top, extent) => Math.max(top, extent.latestUpdatedAt), 0);
  return {
    uuid,
    generation: 0,
    segments: segments.sort((a, b) => a.id - b.id),
    nextSegmentId: nextFreeId(names),
    keys: 0,
    lastSequence,
    jumps: [],
    epochs: [[1, 1]],
    engineTime: latest,
    historyFloor: highest,
    obsolete: [],
    damage: [],
    promisedEpoch: 0,
    commitFloor: 0,
  };
}

/** Above the id of every file that is or was a segment's. */
export function nextFreeId(names: Iterable<string>): number {
  let highest = 0;
  for (const name of names) {
    const stem = name.replace(/\.(?:tmp|\d+)$/, ''); // quarantined files may be numbered
    highest = Math.max(highest, parseFileName(stem)?.id ?? 0);
  }
  return highest + 1;
}
