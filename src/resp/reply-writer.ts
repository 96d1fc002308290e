/**
 * Replies as bytes, in RESP 2 or 3, written into whatever has room: a connection's output, or a
 * buffer where a reply waits for those before it.
 */

import type { CaskError } from '../errors/cask-error.ts';
import { replyTextOf } from './reply-text.ts';

export interface ReplyTarget {
  bytes: Buffer;
  at: number;
  /** Makes room for so many bytes at `at`. */
  reserve(bytes: number): void;
}

const CR = 0x0d;
const LF = 0x0a;
const DOLLAR = 0x24;
const COLON = 0x3a;
const HEADER_BYTES_MAX = 32;

export const OK = Buffer.from('+OK\r\n');
export const QUEUED = Buffer.from('+QUEUED\r\n');
export const PONG = Buffer.from('+PONG\r\n');
const NULL_2 = Buffer.from('$-1\r\n');
const NULL_3 = Buffer.from('_\r\n');
const NULL_ARRAY_2 = Buffer.from('*-1\r\n');

/** Up to here a loop is faster than a call into the runtime. */
const LOOP_BYTES_MAX = 32;

export function writeBytes(to: ReplyTarget, bytes: Uint8Array): void {
  writeFirst(to, bytes, bytes.length);
}

/** The first so many of the bytes. */
export function writeFirst(to: ReplyTarget, bytes: Uint8Array, count: number): void {
  to.reserve(count);
  const target = to.bytes;
  const { at } = to;
  if (count <= LOOP_BYTES_MAX) {
    for (let index = 0; index < count; index += 1) target[at + index] = bytes[index] as number;
  } else {
    target.set(count === bytes.length ? bytes : bytes.subarray(0, count), at);
  }
  to.at = at + count;
}

/** `marker`, the number in decimal, end of line; room for it must be there. */
function putHeader(to: ReplyTarget, marker: number, value: number): void {
  const { bytes } = to;
  let at = to.at;
  bytes[at++] = marker;
  if (value >= 0 && value < 10) {
    bytes[at++] = 0x30 + value;
  } else if (value >= 0 && value < 0x7fff_ffff) {
    let digits = 1;
    for (let power = 10; power <= value; power *= 10) digits += 1;
    let rest = value;
    for (let place = at + digits - 1; place >= at; place--) {
      const tenth = (rest / 10) | 0;
      bytes[place] = 0x30 + (rest - tenth * 10);
      rest = tenth;
    }
    at += digits;
  } else {
    at += bytes.write(String(value), at, 'latin1');
  }
  bytes[at++] = CR;
  bytes[at++] = LF;
  to.at = at;
}

export function writeInteger(to: ReplyTarget, value: number | bigint): void {
  to.reserve(HEADER_BYTES_MAX);
  if (typeof value === 'number') putHeader(to, COLON, value);
  else to.at += to.bytes.write(`:${value}\r\n`, to.at, 'latin1');
}

export function writeBulk(to: ReplyTarget, buffer: Uint8Array, start: number, count: number): void {
  to.reserve(HEADER_BYTES_MAX + count);
  putHeader(to, DOLLAR, count);
  const { bytes } = to;
  bytes.set(count === buffer.length ? buffer : buffer.subarray(start, start + count), to.at);
  const at = to.at + count;
  bytes[at] = CR;
  bytes[at + 1] = LF;
  to.at = at + 2;
}

export function writeBulkText(to: ReplyTarget, text: string): void {
  const bytes = Buffer.from(text);
  writeBulk(to, bytes, 0, bytes.length);
}

export function writeSimple(to: ReplyTarget, text: string): void {
  writeBytes(to, Buffer.from(`+${text}\r\n`));
}

export function writeErrorText(to: ReplyTarget, text: string): void {
  writeBytes(to, Buffer.from(`-${text.replace(/[\r\n]/g, ' ')}\r\n`));
}

export function writeError(to: ReplyTarget, error: CaskError): void {
  writeErrorText(to, replyTextOf(error));
}

export function writeNull(to: ReplyTarget, isResp3: boolean): void {
  writeBytes(to, isResp3 ? NULL_3 : NULL_2);
}

export function writeNullArray(to: ReplyTarget, isResp3: boolean): void {
  writeBytes(to, isResp3 ? NULL_3 : NULL_ARRAY_2);
}

export function writeArray(to: ReplyTarget, items: number): void {
  to.reserve(HEADER_BYTES_MAX);
  putHeader(to, 0x2a, items);
}

/** So many pairs follow. */
export function writeMap(to: ReplyTarget, pairs: number, isResp3: boolean): void {
  to.reserve(HEADER_BYTES_MAX);
  if (isResp3) putHeader(to, 0x25, pairs);
  else putHeader(to, 0x2a, pairs * 2);
}

export function writeSet(to: ReplyTarget, items: number, isResp3: boolean): void {
  to.reserve(HEADER_BYTES_MAX);
  putHeader(to, isResp3 ? 0x7e : 0x2a, items);
}

/** Text for people, which RESP 3 tells from other strings. */
export function writeVerbatim(to: ReplyTarget, text: string, isResp3: boolean): void {
  if (!isResp3) {
    writeBulkText(to, text);
    return;
  }
  const bytes = Buffer.from(`txt:${text}`);
  writeBytes(to, Buffer.from(`=${bytes.length}\r\n`));
  writeBytes(to, bytes);
  writeBytes(to, Buffer.from('\r\n'));
}
