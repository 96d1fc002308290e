/** A client for tests that sends whatever bytes it is told to and shows what comes back. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { FLAG_PUSH, FRAME_BYTES_CEILING } from '../../../src/protocol/frame.ts';
import { FrameParser } from '../../../src/protocol/frame-parser.ts';
import type { PlainValue } from '../../../src/protocol/msgpack-writer.ts';
import { packValue, unpackBody } from '../../../src/protocol/packr.ts';
import { encodePreamble, PREAMBLE_BYTES } from '../../../src/protocol/preamble.ts';

export interface Message {
  readonly flags: number;
  readonly body: unknown[];
}

/** A frame around any body. */
export function frame(body: Buffer, flags = 0, length = body.length + 1): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length);
  head[4] = flags;
  return Buffer.concat([head, body]);
}

/** A well-formed request. */
export function request(id: number, op: number, ...args: PlainValue[]): Buffer {
  return frame(packValue([id, op, null, ...args]));
}

export const PREAMBLE = encodePreamble();
export const HELLO = request(1, 1, { client: 'test', version: '1' });

export class WireClient {
  readonly socket: Socket;
  readonly messages: Message[] = [];
  /** Resolves when the server has closed its side. */
  readonly ended: Promise<void>;
  preamble: Buffer = Buffer.alloc(0);
  error: Error | undefined;
  readonly #parser = new FrameParser(FRAME_BYTES_CEILING, FLAG_PUSH);
  #wake: () => void = () => {};
  #over = false;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.socket.on('error', (error) => {
      this.error = error;
    });
    this.ended = new Promise((resolve) => {
      const end = () => {
        this.#over = true;
        this.#wake();
        resolve();
      };
      this.socket.on('end', end);
      this.socket.on('close', end);
    });
  }

  static async open(port: number): Promise<WireClient> {
    const client = new WireClient(port);
    await once(client.socket, 'connect');
    return client;
  }

  /** A client that has said HELLO; its reply is taken. */
  static async greeted(port: number): Promise<WireClient> {
    const client = await WireClient.open(port);
    client.send(PREAMBLE, HELLO);
    await client.next();
    return client;
  }

  send(...parts: Buffer[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** The next message, pushes included. */
  async next(): Promise<Message> {
    for (;;) {
      const message = this.messages.shift();
      if (message !== undefined) return message;
      if (this.#over) throw new Error(`the server closed: ${this.error?.message ?? 'end'}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Sends a request and gives the next message's body. */
  async ask(id: number, op: number, ...args: PlainValue[]): Promise<unknown[]> {
    this.send(request(id, op, ...args));
    return (await this.next()).body;
  }

  async close(): Promise<void> {
    this.socket.destroy();
    await this.ended;
  }

  #onData(chunk: Buffer): void {
    let rest = chunk;
    const missing = PREAMBLE_BYTES - this.preamble.length;
    if (missing > 0) {
      this.preamble = Buffer.concat([this.preamble, chunk.subarray(0, missing)]);
      rest = chunk.subarray(missing);
    }
    const parser = this.#parser;
    if (rest.length > 0) parser.push(rest);
    while (parser.next()) {
      const body = unpackBody(parser.buffer, parser.start, parser.end);
      this.messages.push({ flags: parser.flags, body });
    }
    this.#wake();
  }
}
