/** Runs many small tasks with a bounded number, and a bounded number of bytes, underway. */

const TASKS_MAX = 256;
const BYTES_MAX = 32 * 1024 * 1024;

/**
 * Runs `task` on every item, in order. A single item may be larger than the bound on bytes.
 * Resolves when all that was begun has settled; begins nothing more after a failure, which it
 * throws, or once `isOver` says so.
 */
export async function inWindow<T extends { readonly bytes: number }>(
  items: Iterable<T>,
  task: (item: T) => Promise<void>,
  isOver: () => boolean = () => false,
): Promise<void> {
  const underway = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let bytes = 0;
  for (const item of items) {
    while (underway.size >= TASKS_MAX || (underway.size > 0 && bytes + item.bytes > BYTES_MAX)) {
      await Promise.race(underway);
    }
    if (failures.length > 0 || isOver()) break;
    bytes += item.bytes;
    const running = task(item)
      .catch((thrown: unknown) => {
        failures.push(thrown);
      })
      .then(() => {
        bytes -= item.bytes;
        underway.delete(running);
      });
    underway.add(running);
  }
  await Promise.all(underway);
  if (failures.length > 0) throw failures[0];
}
