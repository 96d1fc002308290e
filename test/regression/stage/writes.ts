/** Writes that tests make in numbers. */

import type { Store } from '../../../src/storage/store.ts';
import type { BatchItem } from '../../../src/vocabulary/entry.ts';

/** Puts of `prefix0`, `prefix1`, ...: enough of them make a batch that takes many slices. */
export function putsOf(prefix: string, count: number, value: string): BatchItem[] {
  return Array.from({ length: count }, (_, n) => ({ type: 'put', key: `${prefix}${n}`, value }));
}

/** The same one by one, so many at a time: each of them is acknowledged. */
export async function putAll(
  store: Store,
  items: readonly BatchItem[],
  atOnce: number,
): Promise<void> {
  for (let first = 0; first < items.length; first += atOnce) {
    await Promise.all(
      items
        .slice(first, first + atOnce)
        .map((item) => (item.type === 'put' ? store.put(item.key, item.value) : undefined)),
    );
  }
}

/** Those of the items whose key has not their value. */
export async function missing(store: Store, items: readonly BatchItem[]): Promise<string[]> {
  const lost: string[] = [];
  for (const item of items) {
    const value = await store.get(item.key).catch((error: unknown) => String(error));
    const wanted = item.type === 'put' ? String(item.value) : undefined;
    if (value?.toString() !== wanted) lost.push(String(item.key));
  }
  return lost;
}
