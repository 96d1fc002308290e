/**
 * Values that say what they are: key, writer, number of the write, item of the batch, length,
 * checksum. Whoever finds one can tell whether it was ever written, and whether it is whole.
 *
 *     key=w0/k17 write=912 item=0 bytes=400 crc=9f1c2a33|filler
 *
 * The filler follows from the header, the checksum covers both. An empty value describes nothing.
 */

import { crc32 } from 'node:zlib';

export interface Description {
  readonly key: string;
  /** Number of the write on its connection: 1, 2, 3 ... */
  readonly write: number;
  /** Place within a batch; 0 for a put of its own. */
  readonly item: number;
}

/** The least that a value with a description takes. */
export const DESCRIBED_BYTES_MIN = 96;

const HEADER = /^key=(\S+) write=(\d+) item=(\d+) bytes=(\d+) crc=([0-9a-f]{8})\|/;
const HEADER_BYTES_MAX = 256;

function fillerByte(seed: number): number {
  return 0x20 + (seed % 0x5f);
}

/** @param bytes the value's length: 0, or at least `DESCRIBED_BYTES_MIN` */
export function describedValue({ key, write, item }: Description, bytes: number): Buffer {
  if (bytes === 0) return Buffer.alloc(0);
  const front = `key=${key} write=${write} item=${item} bytes=${bytes} crc=`;
  const headerBytes = front.length + 8 + 1;
  if (bytes < headerBytes) throw new RangeError(`${bytes} bytes are too few for a description`);
  const seed = crc32(front);
  const filler = Buffer.alloc(bytes - headerBytes, fillerByte(seed));
  for (let at = 0; at < filler.length; at += 64) filler.writeUInt8((seed >>> (at & 31)) & 0xff, at);
  const sum = crc32(filler, seed).toString(16).padStart(8, '0');
  return Buffer.concat([Buffer.from(`${front}${sum}|`), filler]);
}

/** What a value says of itself; undefined when it is damaged, or no such value. */
export function descriptionOf(value: Buffer): Description | undefined {
  const found = HEADER.exec(value.subarray(0, HEADER_BYTES_MAX).toString('latin1'));
  const [, key, write, item] = found ?? [];
  if (key === undefined) return undefined;
  const description = { key, write: Number(write), item: Number(item) };
  return describedValue(description, value.length).equals(value) ? description : undefined;
}
