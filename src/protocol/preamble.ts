/**
 * The preamble: what each side sends first, so that strangers are told apart at once.
 *
 *     offset bytes field
 *       0     4    magic "CASK"
 *       4     2    protocol version
 *       6     2    reserved, 0
 *       8     4    feature bits the sender understands
 */

import { CaskError } from '../errors/cask-error.ts';

const MAGIC = Buffer.from('CASK', 'latin1');
const VERSION_OFFSET = MAGIC.length;
const FEATURES_OFFSET = VERSION_OFFSET + 2 + 2;

export const PREAMBLE_BYTES = FEATURES_OFFSET + 4;
export const PROTOCOL_VERSION = 1;

export interface Preamble {
  readonly version: number;
  readonly features: number;
}

export function encodePreamble(features = 0, version = PROTOCOL_VERSION): Buffer {
  const bytes = Buffer.alloc(PREAMBLE_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt16BE(version, VERSION_OFFSET);
  bytes.writeUInt32BE(features, FEATURES_OFFSET);
  return bytes;
}

/** First bytes by which well-known strangers give themselves away. */
const STRANGERS: readonly (readonly [prefixes: readonly string[], hint: string])[] = [
  [['\x16\x03'], 'this is a TLS client hello; TLS is not enabled here, use cask://'],
  [['\x15\x03'], 'this is a TLS alert; the peer speaks TLS'],
  [['GET ', 'HEAD', 'POST', 'PUT ', 'DELE', 'OPTI', 'PATC', 'PRI '], 'this is an HTTP request'],
  [['HTTP'], 'this is an HTTP server'],
  [['*1\r\n', '*2\r\n', '*3\r\n', 'PING'], 'this is a RESP (Redis) request'],
  [['-ERR', '+PON', '+OK\r'], 'this is a RESP (Redis) server'],
  [['SSH-'], 'this is an SSH peer'],
];

/** What the first bytes of someone who does not speak our protocol look like. */
export function describeStranger(firstBytes: Uint8Array): string {
  const text = Buffer.from(firstBytes).toString('latin1');
  const stranger = STRANGERS.find(([prefixes]) => prefixes.some((it) => text.startsWith(it)));
  const hex = Buffer.from(firstBytes.subarray(0, MAGIC.length)).toString('hex');
  const hint = stranger === undefined ? '' : `: ${stranger[1]}`;
  return `the first bytes are ${hex}, not the magic of caskd (4341534b, "CASK")${hint}`;
}

/**
 * @throws CaskError BAD_MAGIC as soon as 4 bytes show it, UNSUPPORTED_VERSION
 * @returns undefined while bytes are missing
 */
export function decodePreamble(bytes: Uint8Array): Preamble | undefined {
  if (bytes.length < MAGIC.length) return undefined;
  if (MAGIC.compare(bytes, 0, MAGIC.length) !== 0) {
    throw new CaskError('BAD_MAGIC', describeStranger(bytes));
  }
  if (bytes.length < PREAMBLE_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, PREAMBLE_BYTES);
  const version = view.getUint16(VERSION_OFFSET);
  if (version !== PROTOCOL_VERSION) {
    throw new CaskError(
      'UNSUPPORTED_VERSION',
      `the peer speaks protocol version ${version}, this side speaks ${PROTOCOL_VERSION}`,
      { details: { version, supported: [PROTOCOL_VERSION] } },
    );
  }
  return { version, features: view.getUint32(FEATURES_OFFSET) };
}

/** Gathers the preamble from a stream whose first chunks may be single bytes. */
export class PreambleReader {
  readonly #bytes = Buffer.alloc(PREAMBLE_BYTES);
  #filled = 0;
  /** Set once all bytes are there. */
  preamble: Preamble | undefined;

  /**
   * Takes what it needs from the front of a chunk.
   * @returns the number of bytes taken; the rest of the chunk is frames
   * @throws CaskError BAD_MAGIC, UNSUPPORTED_VERSION
   */
  push(chunk: Uint8Array): number {
    const taken = Math.min(PREAMBLE_BYTES - this.#filled, chunk.length);
    this.#bytes.set(chunk.subarray(0, taken), this.#filled);
    this.#filled += taken;
    this.preamble ??= decodePreamble(this.#bytes.subarray(0, this.#filled));
    return taken;
  }
}
