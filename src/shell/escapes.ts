/**
 * Bytes on the command line and on the screen.
 *
 * `\n`, `\r`, `\t`, `\\` and `\xNN` are accepted and shown alike: what is shown can be typed.
 * Text that is valid UTF-8 and printable stays as it is; everything else, control characters
 * above all (they could drive the terminal), is shown as `\xNN` byte by byte.
 */

import { isUtf8 } from 'node:buffer';

import { UsageError } from './exit-codes.ts';

const NAMED: Readonly<Record<string, number>> = { n: 0x0a, r: 0x0d, t: 0x09, '\\': 0x5c };
const NAME_OF = new Map(Object.entries(NAMED).map(([name, byte]) => [byte, name]));
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|([\s\S]?))/g;
/** ASCII that needs no escape: printable and not a backslash. */
const PLAIN = /^[ -[\]-~]*$/;
/** Control, format, surrogate, private and unassigned characters; line and paragraph separators. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;

/** The bytes that a word of the command line stands for. Throws on an escape it does not know. */
export function parseEscapes(text: string): Buffer {
  if (!text.includes('\\')) return Buffer.from(text);
  const parts: Buffer[] = [];
  let from = 0;
  for (const match of text.matchAll(ESCAPE)) {
    parts.push(Buffer.from(text.slice(from, match.index)), escapedByte(match[1], match[2] ?? ''));
    from = match.index + match[0].length;
  }
  parts.push(Buffer.from(text.slice(from)));
  return Buffer.concat(parts);
}

function escapedByte(hex: string | undefined, name: string): Buffer {
  if (hex !== undefined) return Buffer.from(hex, 'hex');
  const byte = NAMED[name];
  if (byte === undefined) {
    throw new UsageError(
      `unknown escape \\${name}: \\n \\r \\t \\\\ and \\xNN are known; write \\\\ for a backslash`,
    );
  }
  return Buffer.of(byte);
}

/** Bytes as text that can be shown safely and typed back. */
export function formatBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ascii = buffer.toString('latin1');
  if (PLAIN.test(ascii)) return ascii;
  let text = '';
  let at = 0;
  while (at < buffer.length) {
    const length = sequenceLength(buffer, at);
    text += formatSequence(buffer.subarray(at, at + length));
    at += length;
  }
  return text;
}

/** Bytes of the UTF-8 sequence at `at`; 1 when there is no valid one. */
function sequenceLength(buffer: Buffer, at: number): number {
  const lead = buffer[at] ?? 0;
  const length = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
  if (length === 1) return 1;
  return isUtf8(buffer.subarray(at, at + length)) ? length : 1;
}

function formatSequence(sequence: Buffer): string {
  const first = sequence[0] ?? 0;
  if (sequence.length === 1) {
    const name = NAME_OF.get(first);
    if (name !== undefined) return `\\${name}`;
    return first >= 0x20 && first < 0x7f ? String.fromCharCode(first) : hexEscape(first);
  }
  const text = sequence.toString();
  return UNPRINTABLE.test(text) ? [...sequence].map(hexEscape).join('') : text;
}

function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

/** The text when the bytes are valid UTF-8, else undefined. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
