/** Looks at everything in a store's directory and says what is wrong. Changes nothing. */

import { type FileSystem, readWholeFile, systemErrorCode } from '../disk/file-system.ts';
import { BACKUP, MANIFEST, parseFileName, segmentName, TMP_SUFFIX } from '../format/file-names.ts';
import { decodeManifest, type Manifest, type ManifestSegment } from '../format/manifest.ts';
import { SEGMENT_HEADER_BYTES } from '../format/segment-header.ts';
import { type DirectoryScan, scanDirectory } from '../recovery/directory-scan.ts';
import { isZeroStretch } from '../recovery/segment-walk.ts';
import { TolerantFile } from '../recovery/tolerant-file.ts';
import { checkBackup } from './backup-check.ts';
import { type Decoded, decodeTolerantly, readSegmentHeader } from './header-reader.ts';
import { rebuildManifest, type UnusableFile } from './manifest-rebuild.ts';
import { type Examination, QUARANTINE } from './offline-directory.ts';
import { checkSegment, type SegmentCheck } from './segment-check.ts';
import { type SurveyedSegment, surveyUnsealed } from './unsealed-survey.ts';

const MANIFEST_VERSION = 1;
const MANIFEST_BYTES_MAX = 64 * 1024 * 1024;

export interface StoreExamination {
  /** The one that was read, or one made from the segments. */
  readonly manifest: Manifest;
  readonly manifestFile: 'sound' | 'missing' | 'damaged';
  /** Nothing of the manifest could be read. */
  readonly isRebuilt: boolean;
  /** Segment files that a rebuilt manifest cannot list. */
  readonly unusable: readonly UnusableFile[];
  readonly checks: readonly SegmentCheck[];
  readonly surveyed: ReadonlyMap<number, SurveyedSegment>;
  readonly scan: DirectoryScan;
}

/** @throws CaskError UNSUPPORTED_FORMAT, CANCELLED; system errors as they are */
export async function examineStore(examination: Examination): Promise<StoreExamination> {
  const { environment, directory } = examination;
  const { value, problem } = await readManifestTolerantly(environment.fs, directory);
  const isMissing = value === undefined && problem === undefined;
  const manifestFile = isMissing ? 'missing' : problem === undefined ? 'sound' : 'damaged';
  await reportManifest(examination, manifestFile, problem, value !== undefined);
  let manifest = value;
  let unusable: readonly UnusableFile[] = [];
  if (manifest === undefined) {
    const rebuilt = await rebuildManifest(examination, await allNames(environment.fs, directory));
    manifest = rebuilt.manifest;
    unusable = rebuilt.unusable;
    for (const { name, reason } of unusable) {
      const finding = { level: 'damage', kind: 'segment-unusable', message: reason } as const;
      await examination.report({ ...finding, file: name });
    }
  }
  const scan = await scanDirectory(environment.fs, directory, manifest);
  const surveyed = await surveyUnsealed(examination, manifest);
  const checks = await checkAll(examination, manifest, scan, surveyed);
  await reportFiles(examination, scan, new Set(unusable.map(({ name }) => name)));
  if (scan.names.has(BACKUP)) await checkBackup(examination);
  const isRebuilt = value === undefined;
  return { manifest, manifestFile, isRebuilt, unusable, checks, surveyed, scan };
}

/** Names in the directory, and those in its quarantine: ids of both are taken. */
async function allNames(fs: FileSystem, directory: string): Promise<Set<string>> {
  const names = new Set((await fs.list(directory)).map((entry) => entry.name));
  if (!names.has(QUARANTINE)) return names;
  for (const { name } of await fs.list(`${directory}/${QUARANTINE}`)) names.add(name);
  return names;
}

async function readManifestTolerantly(
  fs: FileSystem,
  directory: string,
): Promise<Decoded<Manifest>> {
  let bytes: Uint8Array;
  try {
    bytes = await readWholeFile(fs, `${directory}/${MANIFEST}`, MANIFEST_BYTES_MAX);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return { value: undefined, problem: undefined };
    if (code !== 'EIO' && !(error instanceof RangeError)) throw error;
    return { value: undefined, problem: error instanceof Error ? error.message : code };
  }
  return decodeTolerantly(bytes, MANIFEST_VERSION, decodeManifest);
}

const BY_HEADERS = 'the segments are judged by their own headers and hints';

async function reportManifest(
  { report }: Examination,
  state: StoreExamination['manifestFile'],
  problem: string | undefined,
  isReadable: boolean,
): Promise<void> {
  if (state === 'sound') return;
  const kind = state === 'missing' ? 'manifest-missing' : 'manifest-damaged';
  const what = problem ?? 'there is none';
  const message = `${what}; ${isReadable ? 'the rest of it is right' : BY_HEADERS}`;
  await report({ level: 'damage', kind, file: MANIFEST, message });
}

async function checkAll(
  examination: Examination,
  manifest: Manifest,
  scan: DirectoryScan,
  surveyed: ReadonlyMap<number, SurveyedSegment>,
): Promise<SegmentCheck[]> {
  const endOf = (segment: ManifestSegment): number =>
    segment.state === 'sealed' ? segment.bytes : (surveyed.get(segment.id)?.survey.end ?? 0);
  const bytesTotal = manifest.segments.reduce((sum, segment) => sum + endOf(segment), 0);
  let bytesDone = 0;
  const checks: SegmentCheck[] = [];
  for (const segment of manifest.segments) {
    const name = segmentName(segment.kind, segment.id);
    const fileName = await presentName(examination, segment, scan);
    const found = surveyed.get(segment.id);
    if (found !== undefined) await reportLogEnd(examination, name, found);
    const task = {
      segment,
      fileName,
      uuid: manifest.uuid,
      end: endOf(segment),
      listedDamage: manifest.damage.filter((range) => range.segment === segment.id),
    };
    const check = await checkSegment(examination, task, (offset) =>
      examination.onProgress?.(bytesDone + offset, bytesTotal),
    );
    bytesDone += endOf(segment);
    checks.push(check);
  }
  return checks;
}

/** The name of a segment's file at present; undefined: it has none. */
async function presentName(
  { report }: Examination,
  { id, kind, state }: ManifestSegment,
  scan: DirectoryScan,
): Promise<string | undefined> {
  const name = segmentName(kind, id);
  if (scan.names.has(name)) return name;
  const tmp = name + TMP_SUFFIX;
  if (state !== 'sealed' || kind !== 'log' || !scan.names.has(tmp)) return undefined;
  const message = 'it waits for its name; the next start gives it';
  await report({ level: 'info', kind: 'rename-pending', file: tmp, segment: id, message });
  return tmp;
}

/** What the next start will make of a log that was not closed. */
async function reportLogEnd(
  { report, environment, directory }: Examination,
  file: string,
  { segment, survey, fileBytes }: SurveyedSegment,
): Promise<void> {
  const info = { level: 'info', kind: 'log-end', file, segment: segment.id } as const;
  const cut = fileBytes - survey.end;
  const source = await TolerantFile.open(environment.fs, `${directory}/${file}`);
  const isZeros = await isZeroStretch(source, survey.end, fileBytes).finally(() => source.close());
  const rewritten = survey.records - survey.provenRecords;
  const tail = isZeros ? 'behind it are only zeros' : 'the next start cuts what is behind it';
  const moved = rewritten > 0 ? `, and writes ${rewritten} records anew` : '';
  const where = { offset: survey.end, bytes: cut };
  const lost = survey.damage.length > 0 ? '; damage before it is listed below' : '';
  await report({ ...info, message: `the log ends here: ${tail}${moved}${lost}`, ...where });
}

async function reportFiles(
  examination: Examination,
  scan: DirectoryScan,
  reported: ReadonlySet<string>,
): Promise<void> {
  const { report } = examination;
  for (const name of [...scan.unfinished, ...scan.leftovers]) {
    if (reported.has(name)) continue;
    const message = 'the next start removes it';
    await report({ level: 'info', kind: 'leftover', file: name, message });
  }
  for (const { name } of scan.unlistedLogs) {
    if (!reported.has(name)) await reportUnlisted(examination, name);
  }
  for (const name of scan.names) {
    const message = KEPT[parseFileName(name)?.kind ?? ''];
    if (message !== undefined)
      await report({ level: 'info', kind: 'kept-file', file: name, message });
  }
  if (scan.hasQuarantine) {
    const message = 'damaged files that repair replaced';
    await report({ level: 'info', kind: 'kept-file', file: QUARANTINE, message });
  }
  for (const name of scan.foreign) {
    const message = 'not of a store; left alone';
    await report({ level: 'info', kind: 'foreign-file', file: name, message });
  }
}

/** Files that were put aside by a start, for people. */
const KEPT: Readonly<Record<string, string>> = {
  torn: 'bytes cut from a torn tail',
  aside: 'an unlisted segment, set aside',
};

async function reportUnlisted(examination: Examination, file: string): Promise<void> {
  const { environment, directory, report } = examination;
  const isEmpty = await hasNoRecord(environment.fs, `${directory}/${file}`);
  const message = isEmpty ? 'it has no record; the next start removes it' : UNLISTED;
  await report({ level: 'info', kind: 'unlisted-segment', file, message });
}

const UNLISTED = 'the MANIFEST does not list it; the next start sets it aside';

async function hasNoRecord(fs: FileSystem, path: string): Promise<boolean> {
  const file = await TolerantFile.open(fs, path);
  try {
    const { value } = await readSegmentHeader(file);
    if (value === undefined && (await file.size()) > SEGMENT_HEADER_BYTES) return false;
    return await isZeroStretch(file, SEGMENT_HEADER_BYTES, await file.size());
  } finally {
    await file.close();
  }
}
