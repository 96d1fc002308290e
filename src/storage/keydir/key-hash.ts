/**
 * The hash of a key: 32 bits, seeded, after MurmurHash3_x86_32 (Appleby, public domain).
 *
 * Plain Murmur3 has collisions that hold for every seed, so whoever chooses keys could pile
 * them up. Each block is therefore also masked by a second secret before it is multiplied.
 */

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

/** The final avalanche of Murmur3: every input bit reaches every output bit. */
export function mix32(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** An unsigned 32-bit hash of `buffer[start, start + length)`; `seed` and `mask` are secrets. */
export function hashBytes(
  buffer: Uint8Array,
  start: number,
  length: number,
  seed: number,
  mask = 0,
): number {
  let h = seed | 0;
  let at = start;
  const blocksEnd = start + (length & ~3);
  for (; at < blocksEnd; at += 4) {
    const block =
      (buffer[at] as number) |
      ((buffer[at + 1] as number) << 8) |
      ((buffer[at + 2] as number) << 16) |
      ((buffer[at + 3] as number) << 24);
    let k = Math.imul(block ^ mask, C1);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, C2);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let shift = 0; at < start + length; at++, shift += 8) {
    tail |= (buffer[at] as number) << shift;
  }
  let k = Math.imul(tail ^ mask, C1);
  k = (k << 15) | (k >>> 17);
  h ^= Math.imul(k, C2);
  return mix32(h ^ length);
}

/** The same of bytes of which the caller has a view, over the whole of them. */
export function hashOfView(
  view: DataView,
  start: number,
  length: number,
  seed: number,
  mask: number,
): number {
  let h = seed | 0;
  let at = start;
  const blocksEnd = start + (length & ~3);
  for (; at < blocksEnd; at += 4) {
    let k = Math.imul(view.getInt32(at, true) ^ mask, C1);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, C2);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let shift = 0; at < start + length; at++, shift += 8) {
    tail |= view.getUint8(at) << shift;
  }
  let k = Math.imul(tail ^ mask, C1);
  k = (k << 15) | (k >>> 17);
  h ^= Math.imul(k, C2);
  return mix32(h ^ length);
}
