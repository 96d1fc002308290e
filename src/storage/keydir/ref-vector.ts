/** A list of references, off-heap, that grows by pages: no growth copies anything. */

const PAGE_SHIFT = 14;
const PAGE_REFS = 1 << PAGE_SHIFT;
const PAGE_MASK = PAGE_REFS - 1;

export class RefVector {
  #pages: Uint32Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get bytesUsed(): number {
    return this.#pages.length * PAGE_REFS * Uint32Array.BYTES_PER_ELEMENT;
  }

  push(ref: number): void {
    const page = this.#length >>> PAGE_SHIFT;
    if (page === this.#pages.length) this.#pages.push(new Uint32Array(PAGE_REFS));
    (this.#pages[page] as Uint32Array)[this.#length & PAGE_MASK] = ref;
    this.#length++;
  }

  /** `index` is below `length`. */
  get(index: number): number {
    return (this.#pages[index >>> PAGE_SHIFT] as Uint32Array)[index & PAGE_MASK] as number;
  }

  set(index: number, ref: number): void {
    (this.#pages[index >>> PAGE_SHIFT] as Uint32Array)[index & PAGE_MASK] = ref;
  }

  clear(): void {
    this.#pages = [];
    this.#length = 0;
  }
}
