/** The words of a command, where they lie: the first is its name. */

const CAPACITY_MIN = 16;
const CAPACITY_KEPT_MAX = 64 * 1024;

export class RespArguments {
  buffer: Buffer;
  starts: Uint32Array;
  lengths: Uint32Array;
  count = 0;

  constructor(capacity: number = CAPACITY_MIN) {
    this.buffer = Buffer.alloc(0);
    this.starts = new Uint32Array(capacity);
    this.lengths = new Uint32Array(capacity);
  }

  /** Forgets all words. */
  clear(): void {
    this.count = 0;
    if (this.starts.length <= CAPACITY_KEPT_MAX) return;
    this.starts = new Uint32Array(CAPACITY_MIN);
    this.lengths = new Uint32Array(CAPACITY_MIN);
  }

  add(start: number, length: number): void {
    if (this.count === this.starts.length) this.#grow();
    this.starts[this.count] = start;
    this.lengths[this.count] = length;
    this.count += 1;
  }

  start(index: number): number {
    return this.starts[index] as number;
  }

  bytes(index: number): number {
    return this.lengths[index] as number;
  }

  /** A view of the word, valid as long as the buffer is. */
  word(index: number): Buffer {
    const start = this.start(index);
    return this.buffer.subarray(start, start + this.bytes(index));
  }

  /** The word as text; bytes that are no UTF-8 are replaced. */
  text(index: number): string {
    const start = this.start(index);
    return this.buffer.toString('utf8', start, start + this.bytes(index));
  }

  latin1(index: number): string {
    const start = this.start(index);
    return this.buffer.toString('latin1', start, start + this.bytes(index));
  }

  /** The word in lower case, for names of options. */
  option(index: number): string {
    return this.latin1(index).toLowerCase();
  }

  /** Of all words together. */
  get totalBytes(): number {
    let total = 0;
    for (let index = 0; index < this.count; index++) total += this.bytes(index);
    return total;
  }

  /** The same words in a buffer of their own. */
  copy(): RespArguments {
    const copy = new RespArguments(Math.max(this.count, 1));
    copy.assign(this);
    return copy;
  }

  /** Takes over the words of another, in a buffer of their own. */
  assign(from: RespArguments): void {
    this.clear();
    const buffer = Buffer.allocUnsafe(from.totalBytes);
    let at = 0;
    for (let index = 0; index < from.count; index++) {
      const start = from.start(index);
      const bytes = from.bytes(index);
      from.buffer.copy(buffer, at, start, start + bytes);
      this.add(at, bytes);
      at += bytes;
    }
    this.buffer = buffer;
  }

  #grow(): void {
    const starts = new Uint32Array(this.starts.length * 2);
    const lengths = new Uint32Array(this.starts.length * 2);
    starts.set(this.starts);
    lengths.set(this.lengths);
    this.starts = starts;
    this.lengths = lengths;
  }
}
