/** Bytes as people see and type them: text, JSON, hex. Keys and values are bytes, and need not be text. */

export type View = 'text' | 'json' | 'hex';

/** To look through more takes a browser a moment each time. */
const JSON_BYTES_MAX = 1024 * 1024;
const HEX_LINE_BYTES = 16;
const HEX_PAIRS = /^(?:[0-9a-f]{2})*$/;
const PRINTABLE_FROM = 0x20;
const PRINTABLE_TO = 0x7e;
/** Control characters but tab, line feed and carriage return. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is them that are looked for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/** Undefined: they are not text. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return CONTROL.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Indented JSON; undefined: it is none, or a number in it would not survive. */
export function jsonOf(bytes: Uint8Array): string | undefined {
  const text = bytes.length > JSON_BYTES_MAX ? undefined : textOf(bytes);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return sameTokens(text, JSON.stringify(value)) ? JSON.stringify(value, null, 2) : undefined;
  } catch {
    return undefined;
  }
}

/** But for space between tokens. Numbers such as 12345678901234567890 come back as others. */
function sameTokens(given: string, written: string): boolean {
  const tokens = /"(?:[^"\\]|\\.)*"|[^\s"]/g;
  const squeeze = (text: string): string => (text.match(tokens) ?? []).join('');
  const plain = (text: string): string => text.replaceAll('\\/', '/');
  return plain(squeeze(given)) === plain(squeeze(written));
}

/** `636166c3a9`, for keys that are not text. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Lines of offset, bytes and what of them is ASCII. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let from = 0; from < bytes.length; from += HEX_LINE_BYTES) {
    const line = bytes.subarray(from, from + HEX_LINE_BYTES);
    const pairs = Array.from(line, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const ascii = Array.from(line, (byte) =>
      byte >= PRINTABLE_FROM && byte <= PRINTABLE_TO ? String.fromCharCode(byte) : '.',
    ).join('');
    const offset = from.toString(16).padStart(8, '0');
    lines.push(`${offset}  ${pairs.padEnd(HEX_LINE_BYTES * 3 - 1)}  ${ascii}`);
  }
  return lines.join('\n');
}

/**
 * What is edited, hex as pairs in lines. Undefined: it cannot be edited in this form; a text field
 * would make line feeds of carriage returns.
 */
export function editableText(bytes: Uint8Array, view: View): string | undefined {
  if (view === 'text') {
    const text = textOf(bytes);
    return text?.includes('\r') ? undefined : text;
  }
  if (view === 'json') return jsonOf(bytes);
  return (hexOf(bytes).match(/.{1,32}/g) ?? [])
    .map((line) => line.replace(/..(?=.)/g, '$& '))
    .join('\n');
}

/** @throws Error that says what is wrong with the text */
export function parseEdited(text: string, view: View): Uint8Array<ArrayBuffer> {
  if (view === 'hex') return parseHex(text);
  if (view === 'json') JSON.parse(text);
  return bytesOf(text);
}

/** @throws Error */
export function parseHex(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replaceAll(/\s/g, '').toLowerCase();
  if (!HEX_PAIRS.test(digits)) throw new Error('hex is pairs of the digits 0-9 and a-f');
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
