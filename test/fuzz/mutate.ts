/** Makes wrong inputs out of right ones. */

import type { SeededRandom } from '../../scripts/torture/seeded-random.ts';
import type { FuzzTarget } from './fuzz-target.ts';

const RANDOM_BYTES_MAX = 3000;
const RANGE_BYTES_MAX = 64;
const MUTATIONS_MAX = 4;

/** What length fields are set to. */
export const EXTREMES: readonly bigint[] = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1f_ffff_ffff_ffffn,
  0x20_0000_0000_0000n,
  0xffff_ffff_ffff_ffffn,
];

type Mutation = (bytes: Buffer, random: SeededRandom) => Buffer;

const flipBit: Mutation = (bytes, random) => {
  const at = random.below(bytes.length);
  bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
  return bytes;
};

const setByte: Mutation = (bytes, random) => {
  bytes[random.below(bytes.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
  return bytes;
};

/** An integer of 2, 4 or 8 bytes, either end first, that is extreme or the input's own length. */
const setInteger: Mutation = (bytes, random) => {
  const width = random.pick([2, 4, 8]);
  if (bytes.length < width) return bytes;
  const at = random.below(bytes.length - width + 1);
  const near = BigInt(Math.max(0, bytes.length + random.between(-8, 8)));
  const value = BigInt.asUintN(width * 8, random.chance(0.3) ? near : random.pick(EXTREMES));
  const encoded = Buffer.alloc(8);
  if (random.chance(0.5)) {
    encoded.writeBigUInt64LE(value);
    encoded.copy(bytes, at, 0, width);
  } else {
    encoded.writeBigUInt64BE(value);
    encoded.copy(bytes, at, 8 - width);
  }
  return bytes;
};

function range(bytes: Buffer, random: SeededRandom): readonly [start: number, end: number] {
  const start = random.below(bytes.length);
  return [start, Math.min(bytes.length, start + random.between(1, RANGE_BYTES_MAX))];
}

const remove: Mutation = (bytes, random) => {
  const [start, end] = range(bytes, random);
  return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
};

const insert: Mutation = (bytes, random) => {
  const at = random.below(bytes.length + 1);
  const added = random.fill(Buffer.alloc(random.between(1, RANGE_BYTES_MAX)));
  return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)]);
};

const repeat: Mutation = (bytes, random) => {
  const [start, end] = range(bytes, random);
  return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
};

const overwrite: Mutation = (bytes, random) => {
  const [start, end] = range(bytes, random);
  bytes.copy(bytes, random.below(bytes.length), start, end);
  return bytes;
};

const zero: Mutation = (bytes, random) => {
  const [start, end] = range(bytes, random);
  return bytes.fill(0, start, end);
};

const truncate: Mutation = (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1));

const MUTATIONS: readonly Mutation[] = [
  flipBit,
  setByte,
  setInteger,
  setInteger,
  remove,
  insert,
  repeat,
  overwrite,
  zero,
  truncate,
];

/** An input for the target: random bytes, a mutated valid one, or one with mended checksums. */
export function makeInput(target: FuzzTarget, random: SeededRandom): Buffer {
  if (random.chance(0.08))
    return random.fill(Buffer.alloc(random.below(RANDOM_BYTES_MAX))) as Buffer;
  let bytes = Buffer.from(random.pick(target.seeds));
  if (random.chance(0.1)) bytes = Buffer.concat([bytes, random.pick(target.seeds)]);
  for (let left = random.between(0, MUTATIONS_MAX); left > 0 && bytes.length > 0; left -= 1) {
    bytes = Buffer.from(random.pick(MUTATIONS)(bytes, random));
  }
  if (target.reseal !== undefined && random.chance(0.6)) target.reseal(bytes, random);
  return bytes;
}

/** Only the short ones of the valid inputs are tried at every byte. */
const SHORT_BYTES = 1000;

export function isShort(seed: Buffer): boolean {
  return seed.length <= SHORT_BYTES;
}

const EXTREMES_32 = [0, 0x7fff_ffff, 0xffff_ffff] as const;

/** Every truncation of the valid inputs, and extreme values at every place where a length may be. */
export function* exhaustiveInputs(target: FuzzTarget, random: SeededRandom): Generator<Buffer> {
  for (const seed of target.seeds.filter(isShort)) {
    for (let length = 0; length <= seed.length; length += 1) {
      yield Buffer.from(seed.subarray(0, length));
    }
    for (let at = 0; at + 4 <= seed.length; at += 1) {
      for (const value of EXTREMES_32) {
        const bytes = Buffer.from(seed);
        bytes.writeUInt32LE(value, at);
        yield Buffer.from(bytes);
        if (target.reseal === undefined) continue;
        target.reseal(bytes, random);
        yield bytes;
      }
    }
  }
}
