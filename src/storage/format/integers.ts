/**
 * Little-endian unsigned integers in byte arrays.
 *
 * ```
 *  u16  2 bytes    u32  4 bytes    u48  6 bytes (times)    u64  8 bytes (sequences, lengths)
 * ```
 *
 * Plain byte accesses: no DataView is allocated. Bounds are the caller's affair; he checks them
 * once for a whole structure.
 */

const TWO_32 = 0x1_0000_0000;
/** First value that a u48 cannot hold. */
export const U48_END = 0x1_0000_0000_0000;
/** Largest value that a u32 can hold. */
export const U32_MAX = 0xffff_ffff;

export function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

export function readU32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}

export function readU48(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) + readU16(bytes, at + 4) * TWO_32;
}

/** Exact below 2^53. Whatever is stored above that is returned as some number of at least 2^53. */
export function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) + readU32(bytes, at + 4) * TWO_32;
}

export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** `value` is an integer below 2^48. */
export function writeU48(bytes: Uint8Array, at: number, value: number): void {
  writeU32(bytes, at, value >>> 0);
  writeU16(bytes, at + 4, Math.floor(value / TWO_32));
}

/** `value` is an integer below 2^53. */
export function writeU64(bytes: Uint8Array, at: number, value: number): void {
  writeU32(bytes, at, value >>> 0);
  writeU32(bytes, at + 4, Math.floor(value / TWO_32));
}
