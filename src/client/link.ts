/**
 * One TCP connection to a server: preamble and HELLO, frames in, bytes out. It knows nothing of
 * requests; a lost link is never used again.
 */

import { connect, type Socket } from 'node:net';
import { CaskError, toCaskError } from '../errors/cask-error.ts';
import type { ErrorCode } from '../errors/error-codes.ts';
import {
  CONNECTION_ID,
  FLAG_PUSH,
  GREETING_FRAME_BYTES_MAX,
  STATUS_OK,
} from '../protocol/frame.ts';
import { FrameParser } from '../protocol/frame-parser.ts';
import type { HelloReply } from '../protocol/hello.ts';
import { OutputBuffer } from '../protocol/output-buffer.ts';
import { encodePreamble, PreambleReader } from '../protocol/preamble.ts';
import { ReplyReader } from '../protocol/reply-reader.ts';
import { encodeHelloRequest } from '../protocol/request-writer.ts';
import { type Address, formatAddress } from './address.ts';

/** Replies may be longer than requests: a page of whole entries, or GET_MANY. */
const REPLY_FRAME_BYTES_MAX = 1024 * 1024 * 1024;
const HELLO_ID = 1;

/** Reasons that show a peer of another kind. */
const FOREIGN: readonly ErrorCode[] = [
  'BAD_MAGIC',
  'UNSUPPORTED_VERSION',
  'BAD_FRAME',
  'FRAME_TOO_LARGE',
  'BAD_REQUEST',
];

export interface LinkOptions {
  readonly address: Address;
  readonly clientName: string;
  readonly clientVersion: string;
  readonly connectTimeoutMs: number;
}

/** Who is told of what happens on a link. */
export interface LinkListener {
  onHello(hello: HelloReply): void;
  /** A reply stands in the reader. Whatever this throws ends the link. */
  onReply(reply: ReplyReader): void;
  /** All replies of a chunk have been given. */
  onRepliesEnd(): void;
  onPush(kind: number, items: readonly unknown[]): void;
  onDrain(): void;
  /** Once, at the end. */
  onClose(error: CaskError): void;
}

export class Link {
  /** When anything last arrived, as a counter of chunks. */
  chunksReceived = 0;

  readonly #socket: Socket;
  readonly #address: Address;
  readonly #listener: LinkListener;
  readonly #preamble = new PreambleReader();
  readonly #parser = new FrameParser(GREETING_FRAME_BYTES_MAX, FLAG_PUSH);
  readonly #reply = new ReplyReader();
  readonly #timer: NodeJS.Timeout;
  #connected = false;
  #greeted = false;
  #closed = false;
  /** Why it ends, when that is known before the socket closes. */
  #reason: CaskError | undefined;

  constructor(options: LinkOptions, listener: LinkListener) {
    const { address, connectTimeoutMs } = options;
    this.#address = address;
    this.#listener = listener;
    this.#socket = connect({ host: address.host, port: address.port, noDelay: true });
    this.#socket.on('connect', () => {
      this.#connected = true;
    });
    this.#socket.on('data', (chunk) => this.#read(chunk as Buffer));
    this.#socket.on('drain', () => listener.onDrain());
    this.#socket.on('error', (error) => this.destroy(this.#connectionError(error)));
    this.#socket.on('close', () => this.#close());
    const timeout = () =>
      this.destroy(this.#connectionError(`no answer in ${connectTimeoutMs} ms`));
    this.#timer = setTimeout(timeout, connectTimeoutMs);
    this.#greet(options);
  }

  /**
   * Hands over what the buffer holds, in one write to the kernel where it can.
   * @returns false: wait for `onDrain` before more
   */
  write(out: OutputBuffer): boolean {
    const socket = this.#socket;
    const first = out.take();
    if (first === undefined || this.#closed) return true;
    let next = out.take();
    let free: boolean;
    if (next === undefined) {
      free = socket.write(first);
    } else {
      socket.cork();
      free = socket.write(first);
      for (; next !== undefined; next = out.take()) free = socket.write(next);
      socket.uncork();
    }
    if (socket.writableLength === 0) out.rewind();
    return free;
  }

  /** Sends what is underway and closes in good order; `onClose` follows with this reason. */
  end(reason: CaskError): void {
    this.#reason ??= reason;
    this.#socket.end();
  }

  /** Ends at once; `onClose` follows with the first reason given. */
  destroy(reason: CaskError): void {
    this.#reason ??= reason;
    this.#socket.destroy();
  }

  /** The reason that a peer named before it closes. */
  expectClose(reason: CaskError): void {
    this.#reason ??= reason;
  }

  #greet(options: LinkOptions): void {
    const out = new OutputBuffer();
    out.append(encodePreamble());
    const { clientName, clientVersion } = options;
    encodeHelloRequest(out, HELLO_ID, { client: clientName, version: clientVersion });
    this.write(out);
  }

  #read(chunk: Buffer): void {
    if (this.#closed) return;
    this.chunksReceived += 1;
    try {
      const taken = this.#preamble.preamble === undefined ? this.#preamble.push(chunk) : 0;
      if (taken < chunk.length) this.#readFrames(taken === 0 ? chunk : chunk.subarray(taken));
    } catch (thrown) {
      this.destroy(toCaskError(thrown));
      return;
    }
    if (this.#greeted) this.#listener.onRepliesEnd();
  }

  #readFrames(chunk: Buffer): void {
    const parser = this.#parser;
    const reply = this.#reply;
    parser.push(chunk);
    while (parser.next()) {
      reply.open(parser.buffer, parser.start, parser.end);
      if (reply.id === CONNECTION_ID) this.#readConnectionMessage(parser.flags);
      else if (this.#greeted) this.#listener.onReply(reply);
      else this.#readHello();
      if (this.#reason !== undefined && this.#socket.destroyed) return;
    }
  }

  #readConnectionMessage(flags: number): void {
    const reply = this.#reply;
    if ((flags & FLAG_PUSH) !== 0) this.#listener.onPush(reply.status, reply.readRest());
    else this.destroy(reply.readError());
  }

  #readHello(): void {
    const reply = this.#reply;
    if (reply.id !== HELLO_ID) {
      throw new CaskError('BAD_FRAME', `a reply to request ${reply.id} before that to HELLO`);
    }
    if (reply.status !== STATUS_OK) throw reply.readError();
    const hello = reply.readHello();
    if (hello.auth || hello.tls) {
      throw new CaskError('UNSUPPORTED', 'the server requires authentication or TLS');
    }
    clearTimeout(this.#timer);
    this.#greeted = true;
    this.#parser.maxFrameBytes = REPLY_FRAME_BYTES_MAX;
    this.#listener.onHello(hello);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    const reason = this.#reason ?? this.#connectionError('the server closed the connection');
    this.#listener.onClose(this.#greeted ? reason : this.#connectFailed(reason));
  }

  #connectionError(cause: Error | string): CaskError {
    const what = typeof cause === 'string' ? cause : cause.message;
    const message = `connection to ${formatAddress(this.#address)}: ${what}`;
    return new CaskError('CONNECTION_LOST', message, typeof cause === 'string' ? {} : { cause });
  }

  #connectFailed(reason: CaskError): CaskError {
    const { host, port } = this.#address;
    const place = formatAddress(this.#address);
    const message = `cannot connect to caskd at ${place}: ${reason.message}${this.#advice(reason)}`;
    return new CaskError('CONNECT_FAILED', message, { cause: reason, details: { host, port } });
  }

  #advice(reason: CaskError): string {
    if (!this.#connected) {
      return '; is caskd running there? Start it with "npx caskd", or name another host and port';
    }
    return FOREIGN.includes(reason.code) ? '; what answers there is no caskd of this version' : '';
  }
}
