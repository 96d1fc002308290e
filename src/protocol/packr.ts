/**
 * Plain msgpack for everything that is not hot. Decoding is msgpackr's, after a check that makes
 * it safe for bytes from the network (no extensions, bounded nesting, no claimed counts); encoding
 * is `writeValue`, since msgpackr writes integers from 2^32 up as floats or as int 64.
 */

import { Packr } from 'msgpackr';
import { CaskError } from '../errors/cask-error.ts';
import { checkBody, MsgpackReader } from './msgpack-reader.ts';
import { type PlainValue, valueRoom, writeValue } from './msgpack-writer.ts';

/** Decodes uint 64 as a number when it is below 2^53, `bin` as a Buffer over the same memory. */
const packr = new Packr({
  useRecords: false,
  mapsAsObjects: true,
  int64AsType: 'auto' as 'number', // 'auto' exists and is missing from the types
  encodeUndefinedAsNil: true,
  variableMapSize: true,
  moreTypes: false,
});

const reader = new MsgpackReader();

export function packValue(value: PlainValue): Buffer {
  const bytes = Buffer.allocUnsafe(valueRoom(value));
  return bytes.subarray(0, writeValue(bytes, 0, value));
}

/**
 * A message's body.
 * @throws CaskError BAD_FRAME
 */
export function unpackBody(buffer: Buffer, start: number, end: number): unknown[] {
  checkBody(buffer, start, end);
  return unpack(buffer.subarray(start, end)) as unknown[];
}

/** What is left to go wrong behind the checks is a map with keys that are no scalars. */
function unpack(bytes: Buffer): unknown {
  try {
    return packr.unpack(bytes);
  } catch (thrown) {
    const what = thrown instanceof Error ? thrown.message : String(thrown);
    throw new CaskError('BAD_FRAME', `not msgpack that is understood here: ${what}`, {
      cause: thrown,
    });
  }
}

/**
 * One value of any type.
 * @param depth how many arrays and maps are around it
 * @returns the value and where the next one starts
 * @throws CaskError BAD_FRAME
 */
export function unpackValue(
  buffer: Buffer,
  start: number,
  end: number,
  depth: number,
): { readonly value: unknown; readonly next: number } {
  reader.open(buffer, start, end);
  reader.skip(depth);
  const next = reader.at;
  return { value: unpack(buffer.subarray(start, next)), next };
}
