/**
 * Opening a store allocates some large buffers; opening a hundred thousand makes the garbage
 * collector the bottleneck. Here the buffers of a world that is over serve the next one.
 *
 * The kinds are those that the engine alone asks for at such a size: what outlives a world (images,
 * digests) is smaller, or of another kind.
 */

import { assert } from '../../src/errors/cask-error.ts';

const BUFFER_BYTES_MIN = 32 * 1024;
const SHARED_BYTES_MIN = 64 * 1024;
const WORDS_MIN = 4 * 1024;
/** Tables are smaller; what is larger is filled from its start on. */
const MANY_WORDS = 64 * 1024;
/** Images are of bytes, too, and a world's files stay far below. */
const BYTES_MIN = 1024 * 1024;

/** Memory that is filled from its start on: where a whole block is zeros, so is the rest. */
const BLOCK_BYTES = 64 * 1024;
const ZEROS = Buffer.alloc(BLOCK_BYTES);
/** One in so many is looked at in full: is that so? */
const CHECKED_EVERY = 500;

/** Things of one kind and size, at hand or lent to the world that is on. */
class Pool<T> {
  readonly #make: (length: number) => T;
  readonly #free = new Map<number, T[]>();
  readonly #lent: { readonly length: number; readonly thing: T }[] = [];

  constructor(make: (length: number) => T) {
    this.#make = make;
  }

  /** Of any content. */
  take(length: number): T {
    const thing = this.#free.get(length)?.pop() ?? this.#make(length);
    this.#lent.push({ length, thing });
    return thing;
  }

  takeBack(): void {
    for (const { length, thing } of this.#lent.splice(0)) {
      const same = this.#free.get(length);
      if (same === undefined) this.#free.set(length, [thing]);
      else same.push(thing);
    }
  }
}

const pools: Pool<unknown>[] = [];

function poolOf<T>(make: (length: number) => T): Pool<T> {
  const pool = new Pool(make);
  pools.push(pool as Pool<unknown>);
  return pool;
}

let cleared = 0;

/** Zeros, as in memory that is new, when it was filled from its start on. */
function clearFilled(bytes: Uint8Array): void {
  let at = 0;
  while (at < bytes.length && !isZero(bytes, at)) {
    bytes.fill(0, at, at + BLOCK_BYTES);
    at += BLOCK_BYTES;
  }
  cleared += 1;
  if (cleared % CHECKED_EVERY !== 0) return;
  for (; at < bytes.length; at += BLOCK_BYTES) assert(isZero(bytes, at), 'zeros to the end');
}

function isZero(bytes: Uint8Array, at: number): boolean {
  const block = bytes.subarray(at, at + BLOCK_BYTES);
  return Buffer.compare(block, ZEROS.subarray(0, block.length)) === 0;
}

type Allocate = (bytes: number) => Buffer<ArrayBuffer>;

/**
 * From now on, in this process, large buffers are those of worlds that are over:
 * `Buffer.allocUnsafeSlow`, whose callers expect any content, and, cleared, `Buffer.alloc` and the
 * constructors of shared memory, words and bytes.
 */
export function recycleBuffers(): void {
  const allocate: Allocate = Buffer.allocUnsafeSlow.bind(Buffer);
  const unsafe = poolOf(allocate);
  Buffer.allocUnsafeSlow = (bytes: number): Buffer<ArrayBuffer> =>
    bytes < BUFFER_BYTES_MIN ? allocate(bytes) : unsafe.take(bytes);
  const allocateZeros: Allocate = Buffer.alloc.bind(Buffer);
  const zeros = poolOf(allocateZeros);
  Buffer.alloc = (bytes: number): Buffer<ArrayBuffer> => {
    if (bytes < BUFFER_BYTES_MIN) return allocateZeros(bytes);
    const buffer = zeros.take(bytes);
    clearFilled(buffer);
    return buffer;
  };
  const shared = recycled(SharedArrayBuffer, SHARED_BYTES_MIN, (it) =>
    clearFilled(new Uint8Array(it)),
  );
  const words = recycled(Uint32Array, WORDS_MIN, (it) =>
    it.length < MANY_WORDS ? it.fill(0) : clearFilled(new Uint8Array(it.buffer)),
  );
  const bytes = recycled(Uint8Array, BYTES_MIN, (it) => it.fill(0));
  Object.assign(globalThis, { SharedArrayBuffer: shared, Uint32Array: words, Uint8Array: bytes });
}

/** The constructor; when it is asked for that much or more by number, it hands out cleared ones. */
function recycled<T extends object>(
  plain: new (length: number) => T,
  lengthMin: number,
  clear: (thing: T) => unknown,
): new (
  length: number,
) => T {
  const pool = poolOf((length: number) => new plain(length));
  return new Proxy(plain, {
    construct(target, args: unknown[]) {
      const length = args[0];
      if (typeof length !== 'number' || length < lengthMin) {
        return Reflect.construct(target, args);
      }
      const thing = pool.take(length);
      clear(thing);
      return thing;
    },
  });
}

/** All that was lent belongs to worlds that are over: nothing of theirs runs any more. */
export function endOfWorld(): void {
  for (const pool of pools) pool.takeBack();
}
