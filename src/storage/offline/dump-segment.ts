/**
 * `caskctl dump-segment FILE`: every record of one segment file, and every stretch that holds
 * none. Only reads, needs no lock, and so may look at a store in use or at a quarantined file.
 */

import { dirname, join } from 'node:path';
import { CaskError } from '../../errors/cask-error.ts';
import type { Environment } from '../disk/environment.ts';
import { systemErrorCode } from '../disk/file-system.ts';
import { createNodeEnvironment } from '../disk/node-environment.ts';
import { parseFileName } from '../format/file-names.ts';
import { type Manifest, readManifest } from '../format/manifest.ts';
import {
  FLAG_BATCH_CONTINUES,
  FLAG_ENCODED,
  FLAG_EXPIRES,
  NO_EXPIRY,
  type RecordTypeName,
  recordTypeName,
} from '../format/record.ts';
import type { SegmentHeader } from '../format/segment-header.ts';
import type { SegmentScanner } from '../log/segment-scanner.ts';
import { walkSegment } from '../recovery/segment-walk.ts';
import { TolerantFile } from '../recovery/tolerant-file.ts';
import { readSegmentHeader } from './header-reader.ts';
import { readHintHeader } from './manifest-rebuild.ts';

export interface DumpedHeader {
  /** Undefined: it is damaged, and `problem` says how. */
  readonly header: SegmentHeader | undefined;
  readonly problem: string | undefined;
  /** Where the salt comes from: the header, the hint or the manifest beside the file. */
  readonly saltFrom: 'header' | 'hint' | 'manifest';
  readonly salt: number;
  readonly fileBytes: number;
}

/** Valid during the call only: key and value lie in the reader's buffer. */
export interface DumpedRecord {
  readonly offset: number;
  readonly bytes: number;
  readonly type: RecordTypeName;
  readonly flags: readonly ('EXPIRES' | 'BATCH_CONTINUES' | 'ENCODED')[];
  readonly sequence: number;
  readonly provenOffset: number;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt: number | undefined;
  /** Of a touch: the sequence of the put whose value stays. */
  readonly valueSequence: number | undefined;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Its checksum matches. */
  readonly isValueRight: boolean;
}

export interface DumpedStretch {
  readonly offset: number;
  readonly bytes: number;
  /**
   * - `damaged`: no record can be read
   * - `zeros`: zeros up to the end of the file: never written, or lost
   * - `newer`: a record that a newer caskd wrote, and what cannot be read behind it
   */
  readonly kind: 'damaged' | 'zeros' | 'newer';
}

export interface DumpVisitor {
  header(header: DumpedHeader): Promise<void> | void;
  record(record: DumpedRecord): Promise<void> | void;
  stretch(stretch: DumpedStretch): Promise<void> | void;
}

export interface DumpOptions {
  readonly path: string;
  readonly visitor: DumpVisitor;
  readonly signal?: AbortSignal | undefined;
  /** @default the real world */
  readonly environment?: Environment;
}

/**
 * @throws CaskError CORRUPT when the header is damaged and nothing beside the file knows the
 * salt; UNSUPPORTED_FORMAT, CANCELLED; system errors as they are (ENOENT)
 */
export async function dumpSegment(options: DumpOptions): Promise<void> {
  const { path, visitor, signal, environment = createNodeEnvironment() } = options;
  const file = await TolerantFile.open(environment.fs, path);
  try {
    const header = await headerOf(environment, path, file);
    await visitor.header(header);
    let isNewer = false;
    const { salt, fileBytes } = header;
    await walkSegment(
      file,
      { salt, end: fileBytes, signal },
      {
        record: (scanner, isValueRight) => visitor.record(recordOf(scanner, isValueRight)),
        unsupported: () => {
          isNewer = true;
        },
        damage: ({ offset, end, isZeros }) => {
          const atEnd = isZeros && end === fileBytes ? 'zeros' : 'damaged';
          const kind = isNewer ? 'newer' : atEnd;
          isNewer = false;
          return visitor.stretch({ offset, bytes: end - offset, kind });
        },
      },
    );
  } finally {
    await file.close();
  }
}

async function headerOf(
  environment: Environment,
  path: string,
  file: TolerantFile,
): Promise<DumpedHeader> {
  const fileBytes = await file.size();
  const { value: header, problem } = await readSegmentHeader(file);
  if (header !== undefined) {
    return { header, problem, saltFrom: 'header', salt: header.salt, fileBytes };
  }
  const known = await saltBeside(environment, path);
  if (known !== undefined) return { header, problem, ...known, fileBytes };
  const message = `${path} is no segment, or its header is damaged: ${problem}`;
  throw new CaskError('CORRUPT', `${message}; no hint and no MANIFEST beside it knows its salt`);
}

/** Without the salt no checksum can be verified; hint and manifest know it, too. */
async function saltBeside(
  environment: Environment,
  path: string,
): Promise<Pick<DumpedHeader, 'salt' | 'saltFrom'> | undefined> {
  const directory = dirname(path);
  const id = parseFileName(path.slice(path.lastIndexOf('/') + 1))?.id ?? 0;
  if (id === 0) return undefined;
  const hint = await readHintHeader({ environment, directory }, id);
  if (hint !== undefined) return { salt: hint.salt, saltFrom: 'hint' };
  for (const place of [directory, join(directory, '..')]) {
    const manifest = await readManifestIfAny(environment, place);
    const listed = manifest?.segments.find((segment) => segment.id === id);
    if (listed !== undefined) return { salt: listed.salt, saltFrom: 'manifest' };
  }
  return undefined;
}

async function readManifestIfAny(
  environment: Environment,
  directory: string,
): Promise<Manifest | undefined> {
  try {
    return await readManifest(environment.fs, directory);
  } catch (error) {
    if (error instanceof CaskError || systemErrorCode(error) !== undefined) return undefined;
    throw error;
  }
}

function recordOf(scanner: SegmentScanner, isValueRight: boolean): DumpedRecord {
  const { view, buffer, offset } = scanner;
  const { keyStart, keyBytes, valueStart, valueBytes, flags, expiresAt } = view;
  const flagNames = [
    ...((flags & FLAG_EXPIRES) === 0 ? [] : (['EXPIRES'] as const)),
    ...((flags & FLAG_BATCH_CONTINUES) === 0 ? [] : (['BATCH_CONTINUES'] as const)),
    ...((flags & FLAG_ENCODED) === 0 ? [] : (['ENCODED'] as const)),
  ];
  return {
    offset,
    bytes: view.recordBytes,
    type: recordTypeName(view.type),
    flags: flagNames,
    sequence: view.sequence,
    provenOffset: view.provenOffset,
    version: view.version,
    createdAt: view.createdAt,
    updatedAt: view.updatedAt,
    expiresAt: expiresAt === NO_EXPIRY ? undefined : expiresAt,
    valueSequence: view.valueSequence === 0 ? undefined : view.valueSequence,
    key: buffer.subarray(keyStart, keyStart + keyBytes),
    value: buffer.subarray(valueStart, valueStart + valueBytes),
    isValueRight,
  };
}
