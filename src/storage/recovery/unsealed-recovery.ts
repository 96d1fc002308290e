/**
 * Brings the segments that were open when we died into a state where every segment is sealed:
 * finds the end of the log, keeps what was torn, rewrites what was not proven durable.
 */

import { CaskError } from '../../errors/cask-error.ts';
import type { EngineClock } from '../disk/engine-clock.ts';
import type { Environment } from '../disk/environment.ts';
import { segmentName, TMP_SUFFIX } from '../format/file-names.ts';
import { readU32 } from '../format/integers.ts';
import type { DamageFacts, Manifest, ManifestSegment } from '../format/manifest.ts';
import { RECORD_HEADER_BYTES } from '../format/record.ts';
import type { StoreLogger } from '../store-options.ts';
import { type Survey, surveySegment } from './segment-survey.ts';
import { keepTorn, rewriteTail } from './tail-rewrite.ts';

/** How far sequences jump after an unclean start. */
export const SEQUENCE_JUMP: number = 2 ** 25;

export interface UnsealedResult {
  /** What the manifest is to list. */
  readonly segments: readonly ManifestSegment[];
  readonly nextSegmentId: number;
  readonly lastSequence: number;
  readonly jumps: Manifest['jumps'];
  readonly damage: readonly DamageFacts[];
  /** Files of segments that turned out to be empty. */
  readonly obsolete: readonly string[];
  /** To do once the manifest is durable: give rewritten segments their name. */
  readonly renames: readonly string[];
}

export interface UnsealedInput {
  readonly environment: Environment;
  readonly directory: string;
  readonly manifest: Manifest;
  readonly clock: EngineClock;
  readonly logger: StoreLogger;
}

interface Surveyed {
  readonly segment: ManifestSegment;
  readonly survey: Survey;
}

/** The last sequence that may have been given out, as far as the manifest knows. */
export function lastSequenceOf(manifest: Manifest): number {
  let last = manifest.lastSequence;
  for (const segment of manifest.segments) last = Math.max(last, segment.last);
  for (const [, to] of manifest.jumps) last = Math.max(last, to - 1);
  return last;
}

export async function recoverUnsealed(input: UnsealedInput): Promise<UnsealedResult> {
  const { manifest } = input;
  const surveyed = await surveyAll(input);
  const sealed = manifest.segments.filter((segment) => segment.state === 'sealed');
  const known = lastSequenceOf({ ...manifest, segments: sealed });
  const highest = surveyed.reduce((top, { survey }) => Math.max(top, survey.highestSeen), known);
  const jumpTo = highest + SEQUENCE_JUMP;
  let last = known;
  let nextSegmentId = manifest.nextSegmentId;
  const segments = [...sealed];
  const obsolete: string[] = [];
  const renames: string[] = [];
  for (const { segment, survey } of surveyed) {
    last = Math.max(last, survey.last);
    await reportTail(input, segment, survey);
    if (survey.provenRecords > 0 || survey.damage.length > 0) {
      segments.push(sealedAt(segment, survey));
    } else {
      obsolete.push(segmentName('log', segment.id));
    }
    if (survey.end <= survey.proven) continue;
    const rewritten = await rewrite(input, segment, survey, nextSegmentId);
    nextSegmentId += 1;
    segments.push(rewritten);
    renames.push(segmentName('log', rewritten.id));
  }
  // Rule 1: a manifest lists no file whose directory entry could still be lost.
  if (renames.length > 0) await input.environment.fs.syncDirectory(input.directory);
  return {
    segments: segments.sort((a, b) => a.id - b.id),
    nextSegmentId,
    lastSequence: last,
    jumps: [...jumpsWithRecords(manifest, segments, last), [last, jumpTo]],
    damage: surveyed.flatMap(({ survey }) => survey.damage),
    obsolete,
    renames,
  };
}

/** Jumps that lie between records: one to which nothing was written is replaced by the next. */
function jumpsWithRecords(
  manifest: Manifest,
  segments: readonly ManifestSegment[],
  last: number,
): Manifest['jumps'] {
  const lowest = segments.reduce((low, { min }) => (min > 0 ? Math.min(low, min) : low), last);
  return manifest.jumps.filter(([, to]) => to <= last && to >= lowest);
}

/** Surveys from the newest to the oldest: whether a segment is followed decides how it is read. */
async function surveyAll(input: UnsealedInput): Promise<Surveyed[]> {
  const { manifest } = input;
  const unsealed = manifest.segments.filter((segment) => segment.state !== 'sealed');
  const sealed = manifest.segments.filter((segment) => segment.state === 'sealed');
  const known = lastSequenceOf({ ...manifest, segments: sealed });
  const surveyed: Surveyed[] = [];
  let nextFirstSequence: number | undefined;
  let roomBytes = 0;
  for (const segment of unsealed) roomBytes += await fileBytesOf(input, segment);
  for (const segment of unsealed.toReversed()) {
    const survey = await surveyOne(input, segment, known, roomBytes, nextFirstSequence);
    surveyed.unshift({ segment, survey });
    if (survey.first > 0) nextFirstSequence = survey.first;
  }
  return surveyed;
}

async function fileBytesOf(input: UnsealedInput, segment: ManifestSegment): Promise<number> {
  const path = `${input.directory}/${segmentName('log', segment.id)}`;
  const bytes = await input.environment.fs.sizeOf(path);
  if (bytes !== undefined) return bytes;
  const message = `segment ${segment.id} is listed in the MANIFEST and its file is missing: ${path}`;
  throw new CaskError('MISSING_SEGMENT', `${message}; restore it from a backup, or run repair`);
}

async function surveyOne(
  input: UnsealedInput,
  segment: ManifestSegment,
  known: number,
  roomBytes: number,
  nextFirstSequence: number | undefined,
): Promise<Survey> {
  const { fs } = input.environment;
  const fileBytes = await fileBytesOf(input, segment);
  const file = await fs.open(`${input.directory}/${segmentName('log', segment.id)}`, 'read');
  try {
    return await surveySegment({
      file,
      segmentId: segment.id,
      salt: segment.salt,
      fileBytes,
      sequenceMin: known + 1,
      sequenceMax: known + Math.ceil(roomBytes / RECORD_HEADER_BYTES),
      nextFirstSequence,
    });
  } finally {
    await file.close();
  }
}

/** The segment as it is sealed: up to what is proven. */
function sealedAt(segment: ManifestSegment, survey: Survey): ManifestSegment {
  const lowestDamaged = survey.damage[0]?.firstSequence ?? Number.MAX_SAFE_INTEGER;
  const first = survey.provenRecords > 0 ? survey.first : lowestDamaged;
  const highestDamaged = survey.damage.at(-1)?.lastSequence ?? 0;
  return {
    ...segment,
    state: 'sealed',
    base: first,
    min: Math.min(first, lowestDamaged),
    last: Math.max(survey.provenLast, highestDamaged),
    bytes: survey.proven,
    records: survey.provenRecords,
  };
}

async function rewrite(
  input: UnsealedInput,
  segment: ManifestSegment,
  survey: Survey,
  id: number,
): Promise<ManifestSegment> {
  const { environment, directory, manifest, clock } = input;
  const salt = readU32(environment.random.bytes(4), 0);
  const file = await environment.fs.open(`${directory}/${segmentName('log', segment.id)}`, 'read');
  try {
    const bytes = await rewriteTail(environment, {
      file,
      salt: segment.salt,
      start: survey.proven,
      end: survey.end,
      path: `${directory}/${segmentName('log', id)}`,
      header: {
        kind: 'log',
        uuid: manifest.uuid,
        id,
        baseSequence: survey.firstUnproven,
        epoch: manifest.epochs.at(-1)?.[0] ?? 1,
        createdAt: clock.now(),
        salt,
      },
    });
    return {
      id,
      kind: 'log',
      state: 'sealed',
      salt,
      base: survey.firstUnproven,
      min: survey.firstUnproven,
      last: survey.last,
      bytes,
      records: survey.records - survey.provenRecords,
    };
  } finally {
    await file.close();
  }
}

/** Logs what was cut and what was damaged, and keeps the cut bytes aside. */
async function reportTail(
  input: UnsealedInput,
  segment: ManifestSegment,
  survey: Survey,
): Promise<void> {
  const { environment, directory, logger } = input;
  for (const range of survey.damage) logger('error', 'segment-damaged', { ...range });
  const path = `${directory}/${segmentName('log', segment.id)}`;
  const fileBytes = (await environment.fs.sizeOf(path)) ?? 0;
  if (fileBytes <= survey.end) return;
  const file = await environment.fs.open(path, 'read');
  let kept: string | undefined;
  try {
    kept = await keepTorn(environment, directory, file, segment.id, survey.end, fileBytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger('warn', 'torn-tail-not-kept', { segment: segment.id, offset: survey.end, reason });
  } finally {
    await file.close();
  }
  if (kept === undefined) return;
  logger('warn', 'torn-tail-cut', { segment: segment.id, offset: survey.end, kept });
}

/** Gives rewritten segments their name; open does so again after a crash. */
export async function finishRenames(
  input: Pick<UnsealedInput, 'environment' | 'directory'>,
  names: readonly string[],
): Promise<void> {
  const { fs } = input.environment;
  if (names.length === 0) return;
  for (const name of names) {
    await fs.rename(`${input.directory}/${name}${TMP_SUFFIX}`, `${input.directory}/${name}`);
  }
  await fs.syncDirectory(input.directory);
}
