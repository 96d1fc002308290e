/**
 * One TCP connection to a server: preamble and HELLO, frames in, bytes out. It knows nothing of
 * requests; a lost link is never used again.
 */

import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
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
import { ReplyReader, SMALL_MESSAGE_BYTES } from '../protocol/reply-reader.ts';
import { encodeHelloRequest } from '../protocol/request-writer.ts';
import { type Address, type Credentials, formatAddress } from './address.ts';
import type { LinkTls } from './client-options.ts';
import { adviceOnTls, looksLikeTls, messageOf } from './tls-advice.ts';

/** Replies may be longer than requests: a page of whole entries, or GET_MANY. */
const REPLY_FRAME_BYTES_MAX = 1024 * 1024 * 1024;
/** A page seldom is larger: it is gathered in place, instead of being copied as it grows. */
const REPLY_FIRST_BYTES = 5 * 1024 * 1024;
const HELLO_ID = 1;

/** What is read at a time. */
const READ_BUFFER_BYTES = SMALL_MESSAGE_BYTES;

/** Reasons that show a peer of another kind. */
const FOREIGN: readonly ErrorCode[] = [
  'BAD_MAGIC',
  'UNSUPPORTED_VERSION',
  'BAD_FRAME',
  'FRAME_TOO_LARGE',
  'BAD_REQUEST',
];

/** What a caller does something about; other reasons are the cause of CONNECT_FAILED. */
const TOLD_AS_THEY_ARE: readonly ErrorCode[] = ['UNAUTHENTICATED', 'AUTH_LOCKED', 'TLS_REQUIRED'];

export interface LinkOptions {
  readonly address: Address;
  readonly credentials: Credentials | undefined;
  readonly tls: LinkTls | undefined;
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
  readonly #hasCredentials: boolean;
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
    const { address, connectTimeoutMs, tls } = options;
    this.#address = address;
    this.#hasCredentials = options.credentials !== undefined;
    this.#listener = listener;
    const read = (chunk: Buffer) => this.#read(chunk);
    this.#socket = tls === undefined ? openPlain(address, read) : openTls(address, tls, read);
    this.#socket.on('connect', () => {
      this.#connected = true;
    });
    this.#socket.on('drain', () => listener.onDrain());
    this.#socket.on('error', (error) => this.destroy(this.#connectionError(error)));
    this.#socket.on('close', () => this.#close());
    const timeout = () =>
      this.destroy(this.#connectionError(`no answer in ${connectTimeoutMs} ms`));
    this.#timer = setTimeout(timeout, connectTimeoutMs);
    // the password must not leave before the server's certificate has been checked
    if (tls === undefined) this.#greet(options);
    else this.#socket.once('secureConnect', () => this.#greet(options));
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
    const { clientName: client, clientVersion: version, credentials: auth } = options;
    encodeHelloRequest(out, HELLO_ID, { client, version, auth });
    this.write(out);
  }

  #read(chunk: Buffer): void {
    if (this.#closed) return;
    this.chunksReceived += 1;
    try {
      const taken = this.#preamble.preamble === undefined ? this.#preamble.push(chunk) : 0;
      if (taken < chunk.length) this.#readFrames(taken === 0 ? chunk : chunk.subarray(taken));
    } catch (thrown) {
      const isTls = this.#preamble.preamble === undefined && looksLikeTls(chunk);
      this.destroy(isTls ? this.#tlsRequired() : toCaskError(thrown));
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
    if (hello.auth && !this.#hasCredentials) {
      throw new CaskError('UNAUTHENTICATED', 'the server wants user and password; none were given');
    }
    clearTimeout(this.#timer);
    this.#greeted = true;
    this.#parser.maxFrameBytes = REPLY_FRAME_BYTES_MAX;
    this.#parser.firstBytes = REPLY_FIRST_BYTES;
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
    const what = typeof cause === 'string' ? cause : messageOf(cause);
    const message = `connection to ${formatAddress(this.#address)}: ${what}`;
    return new CaskError('CONNECTION_LOST', message, typeof cause === 'string' ? {} : { cause });
  }

  #tlsRequired(): CaskError {
    return new CaskError('TLS_REQUIRED', 'the server speaks TLS; connect with casks://');
  }

  #connectFailed(reason: CaskError): CaskError {
    const { host, port } = this.#address;
    const place = formatAddress(this.#address);
    const message = `cannot connect to caskd at ${place}: ${reason.message}${this.#advice(reason)}`;
    if (TOLD_AS_THEY_ARE.includes(reason.code)) {
      const details = { ...reason.details, host, port };
      return new CaskError(reason.code, message, { cause: reason, details });
    }
    return new CaskError('CONNECT_FAILED', message, { cause: reason, details: { host, port } });
  }

  #advice(reason: CaskError): string {
    const onTls = adviceOnTls(reason.cause);
    if (onTls !== undefined) return `; ${onTls}`;
    if (!this.#connected) {
      return '; is caskd running there? Start it with "npx caskd", or name another host and port';
    }
    return FOREIGN.includes(reason.code) ? '; what answers there is no caskd of this version' : '';
  }
}

type Read = (chunk: Buffer) => void;

/** Each chunk lies in the same buffer as the one before. */
function openPlain({ host, port }: Address, read: Read): Socket {
  const buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  const callback = (bytes: number) => {
    read(buffer.subarray(0, bytes));
    return true;
  };
  return connect({ host, port, noDelay: true, onread: { buffer, callback } });
}

function openTls({ host, port }: Address, tls: LinkTls, read: Read): Socket {
  const { secureContext, servername } = tls;
  const name = servername ?? (isIP(host) === 0 ? host : undefined);
  const server = name === undefined ? {} : { servername: name };
  return connectTls({ host, port, secureContext, ...server })
    .setNoDelay(true)
    .on('data', read);
}
