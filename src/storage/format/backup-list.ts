/**
 * `BACKUP`, the file that makes a directory a backup: of what store it is, at which point, and
 * the length and SHA-256 of every file in it. Text, a JSON object a line:
 *
 * ```
 *  {"format":"caskd-backup","version":1,"uuid":...,"revision":...,...}
 *  {"name":"MANIFEST","bytes":512,"sha256":"..."}        for each file
 *  {"sha256":"..."}                                      of all the bytes before this line
 * ```
 *
 * Names in the first line that this version does not know are ignored.
 */

import { CaskError } from '../../errors/cask-error.ts';
import { BACKUP, parseFileName } from './file-names.ts';
import { sha256Hex } from './sha256.ts';

const FORMAT = 'caskd-backup';
const VERSION = 1;
/** Room for some 400,000 files; nothing larger is read. */
export const BACKUP_LIST_BYTES_MAX: number = 64 * 1024 * 1024;

const UUID = /^[0-9a-f]{32}$/;
const SHA_256 = /^[0-9a-f]{64}$/;
/** What a backup consists of, besides this list. */
const KINDS: ReadonlySet<string | undefined> = new Set(['manifest', 'log', 'merged', 'hint']);

export interface BackupFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface BackupFacts {
  /** Of the store, in hex. */
  readonly uuid: string;
  /** The caskd that took it; '' when the store is embedded. */
  readonly caskd: string;
  /** It holds the state at this revision ... */
  readonly revision: number;
  /** ... which was the state at this time of the engine, ms. */
  readonly time: number;
  /** Every state from this revision on can be restored from it, ... */
  readonly historyFloor: number;
  /** ... and every one from this time on, ms; 0: it is not known which. */
  readonly historyFloorTime: number;
  /** When it was begun, by the wall clock, ms. */
  readonly takenAt: number;
  /** Some of its files are those of the store itself, under a second name. */
  readonly isLinked: boolean;
  /** Segments with damage that was known or found while it was taken. */
  readonly damaged: readonly number[];
}

export interface BackupList extends BackupFacts {
  readonly files: readonly BackupFile[];
}

export function encodeBackupList(list: BackupList): Uint8Array {
  const { files, ...facts } = list;
  const head = { format: FORMAT, version: VERSION, ...facts };
  const text = [head, ...files].map((line) => `${JSON.stringify(line)}\n`).join('');
  return Buffer.from(`${text}${JSON.stringify({ sha256: sha256Hex(text) })}\n`);
}

/**
 * @throws CaskError UNSUPPORTED_FORMAT for another version; NOT_A_BACKUP, with what is wrong,
 * for anything else
 */
export function decodeBackupList(bytes: Uint8Array): BackupList {
  const text = Buffer.from(bytes).toString();
  const lines = text.split('\n');
  const [head, ...rows] = lines.slice(0, -1).map(objectOf);
  if (head?.['format'] !== FORMAT) throw wrong('it does not begin as one does');
  if (head['version'] !== VERSION) {
    const message = `the backup has format version ${head['version']}; this caskd knows ${VERSION}`;
    throw new CaskError('UNSUPPORTED_FORMAT', message, { details: { version: head['version'] } });
  }
  const end = lines.at(-2) ?? '';
  const before = text.slice(0, text.length - end.length - 1);
  if (rows.pop()?.['sha256'] !== sha256Hex(before)) throw wrong('its checksum does not match');
  return { ...factsOf(head), files: rows.map(fileOf) };
}

type Line = Readonly<Record<string, unknown>>;

function wrong(what: string): CaskError {
  return new CaskError('NOT_A_BACKUP', `the list of the backup (${BACKUP}) is damaged: ${what}`);
}

function objectOf(line: string): Line {
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed === 'object' && parsed !== null) return parsed as Line;
  } catch {
    // as wrong as any other line
  }
  throw wrong('a line of it is no JSON object');
}

function uint(line: Line, name: string): number {
  const value = line[name];
  if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value);
  throw wrong(`${name} is ${JSON.stringify(value)}`);
}

function text(line: Line, name: string, pattern: RegExp): string {
  const value = line[name];
  if (typeof value === 'string' && pattern.test(value)) return value;
  throw wrong(`${name} is ${JSON.stringify(value)}`);
}

function factsOf(head: Line): BackupFacts {
  const damaged = head['damaged'];
  if (!Array.isArray(damaged) || !damaged.every((id) => Number.isSafeInteger(id))) {
    throw wrong('damaged is no list of segments');
  }
  return {
    uuid: text(head, 'uuid', UUID),
    caskd: text(head, 'caskd', /^/),
    revision: uint(head, 'revision'),
    time: uint(head, 'time'),
    historyFloor: uint(head, 'historyFloor'),
    historyFloorTime: uint(head, 'historyFloorTime'),
    takenAt: uint(head, 'takenAt'),
    isLinked: head['isLinked'] === true,
    damaged,
  };
}

/** A name is never believed: it becomes part of a path. */
function fileOf(line: Line): BackupFile {
  const name = text(line, 'name', /^/);
  if (!KINDS.has(parseFileName(name)?.kind)) throw wrong(`${name} is no file of a backup`);
  return { name, bytes: uint(line, 'bytes'), sha256: text(line, 'sha256', SHA_256) };
}
