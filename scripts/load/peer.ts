/** A connection that does what it is told, and what no good client would do. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ERROR_CODES } from '../../src/errors/error-codes.ts';
import { FLAG_PUSH, FRAME_BYTES_CEILING } from '../../src/protocol/frame.ts';
import { FrameParser } from '../../src/protocol/frame-parser.ts';
import { OutputBuffer } from '../../src/protocol/output-buffer.ts';
import { unpackBody } from '../../src/protocol/packr.ts';
import { encodePreamble, PREAMBLE_BYTES } from '../../src/protocol/preamble.ts';
import { encodeHelloRequest } from '../../src/protocol/request-writer.ts';

const ERROR_BYTES_MAX = 512;
/** Local addresses, so that one pair of addresses does not run out of ports. */
const ADDRESSES = 200;
let opened = 0;

export class Peer {
  readonly socket: Socket;
  /** Replies to requests, the one to HELLO not among them. */
  replies = 0;
  /** Codes of errors: replies, and the reason of a disconnect. */
  readonly errors = new Map<string, number>();
  /** The server, or the network, has ended the connection. */
  closed = false;
  readonly whenClosed: Promise<void>;
  readonly #parser = new FrameParser(FRAME_BYTES_CEILING, FLAG_PUSH);
  #preambleLeft = PREAMBLE_BYTES;
  #onReply: () => void = () => {};
  /** Settles when the socket wants more; undefined: nobody waits for that. */
  #drained: Promise<void> | undefined;

  private constructor(port: number) {
    opened += 1;
    const localAddress = `127.0.1.${1 + (opened % ADDRESSES)}`;
    this.socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
    this.socket.on('error', () => {}); // resets are expected; 'close' follows
    this.whenClosed = new Promise((resolve) => {
      this.socket.on('close', () => {
        this.closed = true;
        this.#onReply();
        resolve();
      });
    });
  }

  /** Connects, and says nothing. */
  static async connect(port: number): Promise<Peer> {
    const peer = new Peer(port);
    await Promise.race([once(peer.socket, 'connect'), peer.whenClosed]);
    return peer;
  }

  /** Connects and says HELLO; replies are counted and dropped. */
  static async greet(port: number): Promise<Peer> {
    const peer = await Peer.connect(port);
    peer.socket.on('data', (chunk: Buffer) => peer.#read(chunk));
    peer.socket.write(encodePreamble());
    peer.socket.write(
      framesOf((out) => encodeHelloRequest(out, 1, { client: 'load', version: '1' })),
    );
    await peer.replied(1);
    peer.replies = 0;
    return peer;
  }

  /** Resolves when so many replies are there, or the connection has ended. */
  async replied(count: number): Promise<void> {
    while (this.replies < count && !this.closed) {
      await new Promise<void>((resolve) => {
        this.#onReply = resolve;
      });
    }
  }

  /** Resolves when all is handed to the kernel, or the connection has ended. */
  async send(bytes: Buffer): Promise<void> {
    if (this.closed) return;
    if (this.socket.write(bytes)) return;
    this.#drained ??= once(this.socket, 'drain').then(
      () => {},
      () => {},
    );
    await Promise.race([this.#drained, this.whenClosed]);
    this.#drained = undefined;
  }

  #read(chunk: Buffer): void {
    const skipped = Math.min(this.#preambleLeft, chunk.length);
    this.#preambleLeft -= skipped;
    if (skipped === chunk.length) return;
    const parser = this.#parser;
    parser.push(chunk.subarray(skipped));
    while (parser.next()) {
      const { buffer, start, end } = parser;
      if ((parser.flags & FLAG_PUSH) === 0) this.replies += 1;
      // errors and reasons are short; most good replies need not be looked into
      if (end - start <= ERROR_BYTES_MAX) this.#note(unpackBody(buffer, start, end));
    }
    this.#onReply();
  }

  /** An error is `[id, code, name, ...]`, the reason of a disconnect `[0, kind, code, name, ...]`. */
  #note(body: readonly unknown[]): void {
    const name = body.slice(1, 4).find((item) => typeof item === 'string' && item in ERROR_CODES);
    if (name === undefined) return;
    this.errors.set(String(name), (this.errors.get(String(name)) ?? 0) + 1);
  }
}

/** The bytes of what `write` encodes. */
export function framesOf(write: (out: OutputBuffer) => void): Buffer {
  const out = new OutputBuffer();
  write(out);
  const parts: Buffer[] = [];
  for (let part = out.take(); part !== undefined; part = out.take()) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

/** Which errors a number of peers got, for people: `BUSY 12, TIMEOUT 3`. */
export function errorsOf(peers: readonly Peer[]): string {
  const sums = new Map<string, number>();
  for (const { errors } of peers) {
    for (const [name, count] of errors) sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return [...sums].map(([name, count]) => `${name} ${count}`).join(', ') || 'no errors';
}
