/**
 * The names of a store's files.
 *
 * ```
 *  LOCK  MANIFEST  BALLAST  *.tmp
 *  BACKUP                     makes the directory a backup (`backup-list.ts`)
 *  seg-0000000001.log         log segment          (id: at least 10 digits)
 *  seg-0000000001.merged      merged segment
 *  seg-0000000001.hint        hint of the segment with that id
 *  seg-0000000001.torn-2      a piece cut from its tail
 *  seg-0000000001.log.aside-0 unlisted log segment, set aside
 * ```
 *
 * Whatever matches none of these is not ours: reported and left alone.
 */

import { assert } from '../../errors/cask-error.ts';

export const MANIFEST = 'MANIFEST';
export const LOCK = 'LOCK';
export const BALLAST = 'BALLAST';
/** Only in a backup. */
export const BACKUP = 'BACKUP';
/** A directory: what repair could not read. */
export const QUARANTINE = 'quarantine';
/** Unfinished work; removed by open. */
export const TMP_SUFFIX = '.tmp';
/** Appended, with a number, to the name of an unlisted log segment. */
export const ASIDE_SUFFIX = '.aside-';

const ID_DIGITS_MIN = 10;

/** What a segment's own file is called. */
export type SegmentKind = 'log' | 'merged';

export type FileName =
  | { readonly kind: SegmentKind | 'hint' | 'torn' | 'aside'; readonly id: number }
  | { readonly kind: 'manifest' | 'lock' | 'ballast' | 'backup' | 'tmp'; readonly id: 0 };

function stem(id: number): string {
  assert(Number.isSafeInteger(id) && id > 0, `segment id ${id} is a positive integer`);
  return `seg-${String(id).padStart(ID_DIGITS_MIN, '0')}`;
}

export function segmentName(kind: SegmentKind, id: number): string {
  return `${stem(id)}.${kind}`;
}

export function hintName(id: number): string {
  return `${stem(id)}.hint`;
}

/** The name of the `piece`-th (0, 1, ...) part that was cut from the tail of a segment. */
export function tornName(id: number, piece: number): string {
  return `${stem(id)}.torn-${piece}`;
}

/** What an unlisted log segment is renamed to; `piece` (0, 1, ...) makes it a free name. */
export function asideName(id: number, piece: number): string {
  return `${segmentName('log', id)}${ASIDE_SUFFIX}${piece}`;
}

const OF_A_SEGMENT =
  /^seg-(\d{10,16})\.(?:(log|merged|hint)|(torn|log\.aside)-(?:0|[1-9]\d{0,8}))$/;

/** What a name in the store's directory stands for; undefined: not ours. */
export function parseFileName(name: string): FileName | undefined {
  if (name === MANIFEST) return { kind: 'manifest', id: 0 };
  if (name === LOCK) return { kind: 'lock', id: 0 };
  if (name === BALLAST) return { kind: 'ballast', id: 0 };
  if (name === BACKUP) return { kind: 'backup', id: 0 };
  if (name.endsWith(TMP_SUFFIX)) return { kind: 'tmp', id: 0 };
  const match = OF_A_SEGMENT.exec(name);
  if (match === null) return undefined;
  const id = Number(match[1]);
  if (!Number.isSafeInteger(id) || id === 0 || !name.startsWith(`${stem(id)}.`)) return undefined;
  if (match[3] !== undefined) return { kind: match[3] === 'torn' ? 'torn' : 'aside', id };
  return { kind: match[2] as SegmentKind | 'hint', id };
}
