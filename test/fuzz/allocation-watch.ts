/** Sees the largest buffer that is allocated while it watches. */

type Allocate = (size: number, ...rest: never[]) => Buffer;

const NAMES = ['alloc', 'allocUnsafe', 'allocUnsafeSlow'] as const;

export class AllocationWatch implements Disposable {
  largest = 0;
  readonly #originals = NAMES.map((name) => Buffer[name] as Allocate);

  constructor() {
    for (const [index, name] of NAMES.entries()) {
      const original = this.#originals[index] as Allocate;
      const watched: Allocate = (size, ...rest) => {
        this.largest = Math.max(this.largest, size);
        return original.call(Buffer, size, ...rest);
      };
      Object.assign(Buffer, { [name]: watched });
    }
  }

  [Symbol.dispose](): void {
    for (const [index, name] of NAMES.entries()) {
      Object.assign(Buffer, { [name]: this.#originals[index] });
    }
  }
}
