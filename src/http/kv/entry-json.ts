/**
 * Entries as JSON. Bytes are the truth: a value that is JSON stands as that JSON, digit for digit;
 * other UTF-8 as a string; anything else as base64 under another name. Keys are strings or base64.
 */

import { isUtf8 } from 'node:buffer';
import type { DamagedEntry, Entry, KeyEntry } from '../../storage/entry.ts';
import type { EntryMeta } from '../../vocabulary/entry.ts';
import { JSON_PIECE_BYTES_MAX } from '../json/sliced-json.ts';
import { TurnTaking } from '../turn-taking.ts';

export type AnyEntry = Entry | DamagedEntry | KeyEntry;

/** What JSON begins with: saves most that is none an exception. */
const JSON_START = /^[\s{["\-0-9tfn]/;
/** Within JSON, these stand between tokens only. */
const LINE_BREAKS = /[\r\n]+/g;

/**
 * `"value":...`, or `"value_b64":...` for what is no text, or longer than what is looked at as JSON:
 * base64 of the longest value takes some milliseconds, the other forms many times that.
 */
export function valueMember(value: Buffer): string {
  if (value.length > JSON_PIECE_BYTES_MAX || !isUtf8(value)) {
    return `"value_b64":"${value.toString('base64')}"`;
  }
  const text = value.toString('utf8');
  if (!isJson(text)) return `"value":${JSON.stringify(text)}`;
  const isOneLine = !value.includes('\n') && !value.includes('\r');
  return `"value":${isOneLine ? text : text.replace(LINE_BREAKS, ' ')}`;
}

/** `"key":...`, or `"key_b64":...` for what is no text. */
export function keyMember(key: Buffer): string {
  if (!isUtf8(key)) return `"key_b64":"${key.toString('base64')}"`;
  return `"key":${JSON.stringify(key.toString('utf8'))}`;
}

/** `"version":...` and what else is known besides key and value. */
export function metaMembers(meta: EntryMeta): string {
  const { updatedAt } = meta;
  return `${commonMembers(meta)},"updated_at":"${timeOf(updatedAt)}"`;
}

export function entryJson(key: Buffer, value: Buffer, meta: EntryMeta): string {
  return `{${keyMember(key)},${valueMember(value)},${metaMembers(meta)}}`;
}

/** An entry of a page, of any kind. */
export function anyEntryJson(entry: AnyEntry): string {
  if ('value' in entry) return entryJson(entry.key, entry.value, entry);
  const known = `${keyMember(entry.key)},${commonMembers(entry)}`;
  if ('valueBytes' in entry) return `{${known},"value_bytes":${entry.valueBytes}}`;
  const { code, message } = entry.error;
  return `{${known},"error":${JSON.stringify({ code, detail: message })}}`;
}

/** The entries in pieces of JSON; others have a turn in between. @param most items of a piece */
export async function* encodedPieces<T>(
  entries: readonly T[],
  encode: (entry: T) => string,
  bytesMax: number,
): AsyncGenerator<string[], void, undefined> {
  let piece: string[] = [];
  let bytes = 0;
  const turns = new TurnTaking();
  for (const entry of entries) {
    const json = encode(entry);
    piece.push(json);
    bytes += json.length;
    if (turns.isDue) await turns.pass();
    if (bytes < bytesMax) continue;
    yield piece;
    piece = [];
    bytes = 0;
  }
  if (piece.length > 0) yield piece;
}

/** All of them, with commas in between. */
export async function joinedJson<T>(
  entries: readonly T[],
  encode: (entry: T) => string,
): Promise<string> {
  const all: string[] = [];
  for await (const piece of encodedPieces(entries, encode, Number.POSITIVE_INFINITY)) {
    all.push(piece.join(','));
  }
  return all.join(',');
}

function commonMembers({
  version,
  revision,
  createdAt,
  expiresAt,
}: Omit<EntryMeta, 'updatedAt'>): string {
  const expiry = expiresAt === undefined ? 'null' : `"${timeOf(expiresAt)}"`;
  const created = `"created_at":"${timeOf(createdAt)}","expires_at":${expiry}`;
  return `"version":${version},"revision":${revision},${created}`;
}

/** The time that was asked for last: entries of a page often have theirs in common. */
let lastMs = 0;
let lastTime = new Date(lastMs).toISOString();

function timeOf(ms: number): string {
  if (ms !== lastMs) {
    lastTime = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastTime;
}

function isJson(text: string): boolean {
  if (!JSON_START.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
