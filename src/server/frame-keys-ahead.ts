/**
 * The keys of frames that lie behind each other in a chunk. Understood are GET, PUT, DELETE and
 * EXISTS as clients encode them: `[id, op, nil, key as bin, ...]`.
 */

import { FRAME_HEADER_BYTES, FRAME_LENGTH_BYTES } from '../protocol/frame.ts';
import { OP_DELETE, OP_EXISTS, OP_GET, OP_PUT } from '../protocol/op-codes.ts';
import { KeysAhead } from './keys-ahead.ts';

/** msgpack: an array of 0 to 15 items, and of how many of them there must be. */
const FIXARRAY = 0x90;
const ITEMS_MIN = 4;
const ITEMS_MAX = 15;
const NIL = 0xc0;
const BIN_8 = 0xc4;
const BIN_16 = 0xc5;
const POSITIVE_FIXINT_MAX = 0x7f;
const UINT_8 = 0xcc;
const UINT_32 = 0xce;
/** Array, id, op, meta, type and length of the key, at most. */
const HEAD_BYTES_MAX = 1 + 5 + 1 + 1 + 3;

export class FrameKeysAhead extends KeysAhead {
  protected skipRequest(buffer: Uint8Array, from: number): number {
    const bodyAt = from + FRAME_HEADER_BYTES;
    if (bodyAt + HEAD_BYTES_MAX > buffer.length) return -1;
    const high = ((buffer[from] as number) << 8) | (buffer[from + 1] as number);
    const low = ((buffer[from + 2] as number) << 8) | (buffer[from + 3] as number);
    const end = from + FRAME_LENGTH_BYTES + high * 65_536 + low;
    const items = (buffer[bodyAt] as number) - FIXARRAY;
    if (items < ITEMS_MIN || items > ITEMS_MAX) return -1;
    const opAt = idEnd(buffer, bodyAt + 1);
    if (opAt < 0 || !isOfKey(buffer[opAt] as number) || buffer[opAt + 1] !== NIL) return -1;
    const keyAt = opAt + 2;
    const type = buffer[keyAt] as number;
    if (type === BIN_8) {
      return this.add(keyAt + 2, buffer[keyAt + 1] as number, buffer.length) ? end : -1;
    }
    if (type !== BIN_16) return -1;
    const bytes = ((buffer[keyAt + 1] as number) << 8) | (buffer[keyAt + 2] as number);
    return this.add(keyAt + 3, bytes, buffer.length) ? end : -1;
  }
}

/** @returns where the id ends that begins at `at`; below 0: it is no number of up to 4 bytes */
function idEnd(buffer: Uint8Array, at: number): number {
  const type = buffer[at] as number;
  if (type <= POSITIVE_FIXINT_MAX) return at + 1;
  return type >= UINT_8 && type <= UINT_32 ? at + 1 + (1 << (type - UINT_8)) : -1;
}

function isOfKey(op: number): boolean {
  return op === OP_GET || op === OP_PUT || op === OP_DELETE || op === OP_EXISTS;
}
