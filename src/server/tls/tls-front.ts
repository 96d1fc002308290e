/**
 * TLS in front of a listener. The first byte of a connection tells whether it speaks TLS; one that
 * does not can be told so in words that it understands. Until a handshake is done there is no
 * connection, as far as the listener is concerned.
 */

import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { TlsIdentity } from './tls-identity.ts';

/** What a client's first record is: its kind is handshake. */
const HANDSHAKE_RECORD = 0x16;

export interface TlsFrontOptions {
  readonly identity: TlsIdentity;
  /** From connecting to the end of the handshake. */
  readonly handshakeTimeoutMs: number;
  /** The handshake is done. */
  readonly onSecure: (socket: TLSSocket) => void;
  /** Someone who does not speak TLS. */
  readonly onPlain: (socket: Socket) => void;
  readonly onFailure: (reason: string) => void;
}

export class TlsFront {
  readonly #options: TlsFrontOptions;
  readonly #server: Server;
  /** Whatever travels under TLS, handshake underway or done. */
  readonly #sockets = new Set<Socket>();

  constructor(options: TlsFrontOptions) {
    this.#options = options;
    const { identity, handshakeTimeoutMs: handshakeTimeout, onSecure, onFailure } = options;
    // never listens: it is handed its sockets
    this.#server = createServer({
      ...identity.serverOptions,
      handshakeTimeout,
      allowHalfOpen: true,
    });
    this.#server.on('secureConnection', onSecure);
    this.#server.on('tlsClientError', (error, socket) => {
      onFailure(error.message);
      socket.destroy();
    });
    identity.attach(this.#server);
  }

  /** A socket that was accepted. */
  take(socket: Socket): void {
    const { handshakeTimeoutMs, onFailure, onPlain } = this.#options;
    this.#sockets.add(socket);
    // an error is followed by 'close', which is all there is to do
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
    const tooLate = (): void => {
      onFailure(`nothing was said within ${handshakeTimeoutMs} ms`);
      socket.destroy();
    };
    socket.setTimeout(handshakeTimeoutMs, tooLate);
    // who goes without a word has gone
    const leave = (): void => void socket.end();
    socket.once('end', leave);
    socket.once('data', (chunk: Buffer) => {
      socket.setTimeout(0, tooLate);
      socket.off('end', leave);
      socket.pause();
      if (chunk[0] === HANDSHAKE_RECORD) {
        socket.unshift(chunk);
        this.#server.emit('connection', socket);
      } else {
        this.#sockets.delete(socket);
        onPlain(socket);
      }
    });
  }

  /** Ends everything at once. */
  close(): void {
    this.#options.identity.detach(this.#server);
    for (const socket of this.#sockets) socket.destroy();
  }
}
