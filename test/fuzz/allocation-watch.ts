/** Sees the largest buffer that is allocated while it watches. */

const NAMES = ['alloc', 'allocUnsafe', 'allocUnsafeSlow', 'concat'] as const;

type Allocate = (first: never, ...rest: never[]) => Buffer;

export class AllocationWatch implements Disposable {
  largest = 0;
  readonly #originals = NAMES.map((name) => Buffer[name] as Allocate);

  constructor() {
    for (const [index, name] of NAMES.entries()) {
      const original = this.#originals[index] as Allocate;
      const watched: Allocate = (first, ...rest) => {
        // a size that is refused counts, too: it was asked for
        if (typeof first === 'number') this.#see(first);
        const buffer = original.call(Buffer, first, ...rest);
        this.#see(buffer.length);
        return buffer;
      };
      Object.assign(Buffer, { [name]: watched });
    }
  }

  #see(bytes: number): void {
    this.largest = Math.max(this.largest, bytes);
  }

  [Symbol.dispose](): void {
    for (const [index, name] of NAMES.entries()) {
      Object.assign(Buffer, { [name]: this.#originals[index] });
    }
  }
}
