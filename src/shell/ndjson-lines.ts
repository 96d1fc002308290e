/** Lines of a byte stream, numbered, with bounded memory however long a line is. */

import { isUtf8 } from 'node:buffer';

export interface NumberedLine {
  /** 1, 2, 3 ... */
  readonly number: number;
  /** The line without its newline; '' when there is a `problem`. */
  readonly text: string;
  /** Why the line cannot be read. */
  readonly problem: string | undefined;
  /** Bytes of the stream up to and including this line. */
  readonly bytesRead: number;
}

/** 16 MiB of value in base64 or in JSON's escapes, and some more. */
export const LINE_BYTES_MAX = 128 * 1024 * 1024;

const NEWLINE = 0x0a;

class LineSplitter {
  readonly #bytesMax: number;
  #parts: Buffer[] = [];
  #length = 0;
  #number = 0;
  #bytesRead = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The lines that end in this chunk. Blank ones are counted and not given. */
  *push(chunk: Buffer): Generator<NumberedLine> {
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(NEWLINE, from);
      if (at < 0) break;
      this.#keep(chunk.subarray(from, at));
      this.#bytesRead += 1;
      yield* this.#take();
      from = at + 1;
    }
    this.#keep(chunk.subarray(from));
  }

  /** The last line, when it has no newline. */
  *end(): Generator<NumberedLine> {
    if (this.#length > 0) yield* this.#take();
  }

  #keep(part: Buffer): void {
    this.#length += part.length;
    this.#bytesRead += part.length;
    if (this.#length > this.#bytesMax) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  *#take(): Generator<NumberedLine> {
    this.#number += 1;
    const tooLong = this.#length > this.#bytesMax;
    const [first] = this.#parts;
    const bytes = this.#parts.length === 1 && first ? first : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    const facts = { number: this.#number, bytesRead: this.#bytesRead };
    if (tooLong) yield { ...facts, text: '', problem: `longer than ${this.#bytesMax} bytes` };
    else if (!isUtf8(bytes)) yield { ...facts, text: '', problem: 'not UTF-8' };
    else {
      const text = bytes.toString();
      if (text.trim() !== '') yield { ...facts, text, problem: undefined };
    }
  }
}

/** The lines of a stream that are not blank, in groups as they arrive. */
export async function* numberedLines(
  stream: AsyncIterable<unknown>,
  bytesMax: number = LINE_BYTES_MAX,
): AsyncGenerator<Iterable<NumberedLine>> {
  const splitter = new LineSplitter(bytesMax);
  for await (const chunk of stream) {
    yield splitter.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)));
  }
  yield splitter.end();
}
