/** Entries in every output format: one page of text or bytes at a time. */

import { formatBytes } from './escapes.ts';
import { jsonBytes } from './json-bytes.ts';
import type { OutputFormat } from './output-format.ts';
import { formatMoment } from './quantity.ts';
import type { ShellEntry } from './shell-client.ts';
import { clip, renderTable } from './table.ts';

/** Which parts of an entry are printed. */
export type EntryParts = 'key-value' | 'keys' | 'values';

export interface PrinterOptions {
  readonly format: OutputFormat;
  readonly parts: EntryParts;
  /** Width of the terminal, for `table`. */
  readonly columns: number;
}

/** A key may take this share of a table's width before it is cut. */
const KEY_SHARE = 0.6;
const VALUE_CHARACTERS_MIN = 16;
const COLUMN_GAP = 2;
const NEWLINE = Buffer.from('\n');
const TAB = Buffer.from('\t');

/** What stands before the first entry: the header of `csv`. */
export function printHeader({ format, parts }: PrinterOptions): string {
  return format === 'csv' ? `${csvNames(parts).join(',')}\n` : '';
}

export function printEntries(
  entries: readonly ShellEntry[],
  options: PrinterOptions,
): string | Buffer {
  switch (options.format) {
    case 'table':
      return printTable(entries, options);
    case 'json':
      return lines(entries, (entry) => JSON.stringify(jsonEntry(entry, options.parts)));
    case 'csv':
      return lines(entries, (entry) => csvLine(entry, options.parts));
    case 'hex':
      return lines(entries, (entry) => columns(entry, options.parts, hexBytes));
    case 'text':
      return lines(entries, (entry) => columns(entry, options.parts, formatBytes));
    case 'raw':
      return Buffer.concat(entries.flatMap((entry) => rawLine(entry, options.parts)));
  }
}

/** The members of an entry in JSON; what is not known is left out. */
export function jsonEntry(entry: ShellEntry, parts: EntryParts): object {
  const value = entry.value === undefined ? {} : jsonBytes('value', entry.value);
  if (parts === 'values') return value;
  return {
    ...jsonBytes('key', entry.key),
    ...(parts === 'keys' ? {} : value),
    ...metaOf(entry),
  };
}

/** What is known of an entry besides key and value, by its name in JSON. */
export function metaOf(entry: Omit<ShellEntry, 'key'>): Readonly<Record<string, number>> {
  return {
    revision: entry.revision,
    version: entry.version,
    created_at: entry.createdAt,
    ...(entry.updatedAt === undefined ? {} : { updated_at: entry.updatedAt }),
    ...(entry.expiresAt === undefined ? {} : { expires_at: entry.expiresAt }),
    ...(entry.valueBytes === undefined ? {} : { value_bytes: entry.valueBytes }),
  };
}

/** The same for people: times as ISO 8601. */
export function metaRows(entry: Omit<ShellEntry, 'key'>): string[][] {
  return Object.entries(metaOf(entry)).map(([name, number]) => [
    name.replaceAll('_', ' '),
    name.endsWith('_at') ? formatMoment(number) : String(number),
  ]);
}

function lines(entries: readonly ShellEntry[], print: (entry: ShellEntry) => string): string {
  let text = '';
  for (const entry of entries) text += `${print(entry)}\n`;
  return text;
}

function columns(entry: ShellEntry, parts: EntryParts, print: (bytes: Buffer) => string): string {
  const value = entry.value === undefined ? '' : print(entry.value);
  if (parts === 'values') return value;
  return parts === 'keys' ? print(entry.key) : `${print(entry.key)}\t${value}`;
}

function hexBytes(bytes: Buffer): string {
  return bytes.toString('hex');
}

function rawLine(entry: ShellEntry, parts: EntryParts): Buffer[] {
  const value = entry.value ?? Buffer.alloc(0);
  if (parts === 'values') return [value, NEWLINE];
  return parts === 'keys' ? [entry.key, NEWLINE] : [entry.key, TAB, value, NEWLINE];
}

function printTable(entries: readonly ShellEntry[], options: PrinterOptions): string {
  if (options.parts !== 'key-value') {
    return lines(entries, (entry) => columns(entry, options.parts, formatBytes));
  }
  const keyMax = Math.floor(options.columns * KEY_SHARE);
  const keys = entries.map((entry) => clip(formatBytes(entry.key), keyMax));
  const keyWidth = keys.reduce((widest, key) => Math.max(widest, key.length), 0);
  const valueMax = Math.max(VALUE_CHARACTERS_MIN, options.columns - keyWidth - COLUMN_GAP - 1);
  return renderTable(
    entries.map((entry, index) => [keys[index] ?? '', clip(previewOf(entry, valueMax), valueMax)]),
  );
}

/** The start of a value: no more of it is formatted than a line can show. */
function previewOf({ value }: ShellEntry, width: number): string {
  if (value === undefined) return '';
  // a character has at most 4 bytes; one byte more shows that something was cut
  return formatBytes(value.subarray(0, width * 4 + 1));
}

function csvNames(parts: EntryParts): string[] {
  if (parts === 'values') return ['value'];
  const named = parts === 'keys' ? ['key'] : ['key', 'value'];
  const known = [...named, 'revision', 'version', 'created_at', 'updated_at', 'expires_at'];
  return parts === 'keys' ? [...known, 'value_bytes'] : known;
}

function csvLine(entry: ShellEntry, parts: EntryParts): string {
  const fields: Readonly<Record<string, string | number | undefined>> = {
    ...metaOf(entry),
    key: formatBytes(entry.key),
    value: entry.value === undefined ? '' : formatBytes(entry.value),
  };
  return csvNames(parts)
    .map((name) => csvField(String(fields[name] ?? '')))
    .join(',');
}

/** RFC 4180, section 2: quoted when it holds a comma, a quote or a line break. */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
