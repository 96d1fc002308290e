/** The least of a client: bytes out, replies in, each as the bytes that it was. */

import { connect, type Socket } from 'node:net';

export type Place = { readonly port: number } | { readonly path: string };
export type Word = string | Buffer;

export function encode(words: readonly Word[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = Buffer.from(word as string);
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

/** Where the reply that begins here ends; negative: it is not all there. */
function replyEnd(bytes: Buffer, start: number): number {
  const line = bytes.indexOf('\r\n', start);
  if (line < 0) return -1;
  const kind = String.fromCharCode(bytes[start] as number);
  const count = Number(bytes.toString('latin1', start + 1, line));
  if (kind === '$' || kind === '=') {
    const end = count < 0 ? line + 2 : line + 4 + count;
    return end > bytes.length ? -1 : end;
  }
  if (!'*%~'.includes(kind)) return line + 2;
  let end = line + 2;
  for (let item = 0; item < (kind === '%' ? count * 2 : count); item++) {
    end = replyEnd(bytes, end);
    if (end < 0) return -1;
  }
  return end;
}

export class Wire implements Disposable {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  #wake: () => void = () => {};
  closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  static open(place: Place): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = 'port' in place ? connect(place.port, '127.0.0.1') : connect(place.path);
      socket.once('error', reject);
      socket.once('connect', () => resolve(new Wire(socket)));
    });
  }

  write(bytes: Word): void {
    this.#socket.write(bytes);
  }

  /** The next reply, each byte a character; undefined: the server closed. */
  async reply(): Promise<string | undefined> {
    for (;;) {
      const end = this.#bytes.length === 0 ? -1 : replyEnd(this.#bytes, 0);
      if (end > 0) {
        const reply = this.#bytes.toString('latin1', 0, end);
        this.#bytes = this.#bytes.subarray(end);
        return reply;
      }
      if (this.closed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async call(...words: Word[]): Promise<string | undefined> {
    this.write(encode(words));
    return this.reply();
  }

  /** Sends all in one go; the replies in order. */
  async calls(commands: readonly (readonly Word[])[]): Promise<(string | undefined)[]> {
    this.write(Buffer.concat(commands.map(encode)));
    const replies: (string | undefined)[] = [];
    while (replies.length < commands.length) replies.push(await this.reply());
    return replies;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
