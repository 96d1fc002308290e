/**
 * Opening a store allocates some large buffers; opening a hundred thousand makes the garbage
 * collector the bottleneck. Here the buffers of a world that is over serve the next one.
 */

const LARGE_BYTES = 128 * 1024;

type Allocate = (bytes: number) => Buffer<ArrayBuffer>;

const free = new Map<number, Buffer<ArrayBuffer>[]>();
const lent: Buffer<ArrayBuffer>[] = [];

/** Replaces `Buffer.allocUnsafeSlow`, whose callers expect any content, in this process. */
export function recycleBuffers(): void {
  const allocate: Allocate = Buffer.allocUnsafeSlow.bind(Buffer);
  Buffer.allocUnsafeSlow = (bytes: number): Buffer<ArrayBuffer> => {
    if (bytes < LARGE_BYTES) return allocate(bytes);
    const buffer = free.get(bytes)?.pop() ?? allocate(bytes);
    lent.push(buffer);
    return buffer;
  };
}

/** All that was lent belongs to worlds that are over: nothing of theirs runs any more. */
export function endOfWorld(): void {
  for (const buffer of lent.splice(0)) {
    const same = free.get(buffer.length);
    if (same === undefined) free.set(buffer.length, [buffer]);
    else same.push(buffer);
  }
}
