/** One listening socket: accepts connections as far as there is room, under TLS where that is set. */

import { createServer, type Server, type Socket } from 'node:net';
import { CaskError } from '../errors/cask-error.ts';
import { addressGroup } from '../security/index.ts';
import type { ServedConnection } from './served-connection.ts';
import type { ServerServices } from './server-services.ts';
import { TlsFront } from './tls/tls-front.ts';
import type { TlsIdentity } from './tls/tls-identity.ts';

export interface ListenPlace {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** A listening TCP socket that was handed down; takes the place of host and port. */
  readonly fd?: number | undefined;
}

/** Makes the connection of a client, in the protocol that is spoken here. */
export type Connect = (socket: Socket, clientId: number) => ServedConnection;

export interface AcceptorOptions {
  readonly services: ServerServices;
  /** Of all acceptors of the server. */
  readonly connections: Set<ServedConnection>;
  /** Without it connections are in the clear. */
  readonly tls: TlsIdentity | undefined;
  readonly connect: Connect;
}

/** Connections above the limit that are told so; more are just closed. */
const REJECTIONS_AT_ONCE_MAX = 64;
const KEEP_ALIVE_DELAY_MS = 60_000;
const ACCEPT_BACKLOG = 511;
const PLAIN_SPOKEN = 'connections to this port must be under TLS; connect with casks://';

const SOCKET_OPTIONS = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
  // a client may shut down its sending side and still read its answers
  allowHalfOpen: true,
} as const;

export class Acceptor {
  readonly #services: ServerServices;
  readonly #connections: Set<ServedConnection>;
  readonly #connect: Connect;
  readonly #server: Server;
  readonly #front: TlsFront | undefined;
  #rejecting = 0;

  constructor({ services, connections, tls, connect }: AcceptorOptions) {
    this.#services = services;
    this.#connections = connections;
    this.#connect = connect;
    this.#front = tls === undefined ? undefined : this.#createFront(tls);
    this.#server = createServer(SOCKET_OPTIONS, (socket) => {
      if (this.#front === undefined) this.#accept(socket);
      else this.#front.take(socket);
    });
    // handshakes that are underway are no connections yet, and must not be many more
    if (tls !== undefined) {
      this.#server.maxConnections = services.limits.maxConnections + REJECTIONS_AT_ONCE_MAX;
    }
    this.#server.on('drop', () => {
      services.counters.connectionsRejected += 1;
    });
  }

  /** @throws the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL, ...) */
  open({ host, port, fd }: ListenPlace): Promise<void> {
    const where = fd === undefined ? { host, port } : { fd };
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ ...where, backlog: ACCEPT_BACKLOG }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => {
          this.#services.log('error', 'listener-failed', { error: error.message });
        });
        resolve();
      });
    });
  }

  /** Where it listens. */
  get address(): { readonly host: string; readonly port: number } {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') return { host: '', port: 0 };
    return { host: address.address, port: address.port };
  }

  /** Accepts nothing more; resolves when all that it accepted is closed. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  /** Ends handshakes that are underway. */
  destroyUnaccepted(): void {
    this.#front?.close();
  }

  #createFront(identity: TlsIdentity): TlsFront {
    const { limits, counters, log } = this.#services;
    return new TlsFront({
      identity,
      handshakeTimeoutMs: limits.handshakeTimeoutMs,
      onSecure: (socket) => this.#accept(socket),
      onPlain: (socket) => {
        counters.tlsFailures += 1;
        this.#accept(socket, new CaskError('TLS_REQUIRED', PLAIN_SPOKEN));
      },
      onFailure: (reason) => {
        counters.tlsFailures += 1;
        log('debug', 'tls-handshake-failed', { reason });
      },
    });
  }

  /** @param reason why the connection is told to go at once, whatever there is room for */
  #accept(socket: Socket, reason?: CaskError): void {
    const services = this.#services;
    const { counters, admission } = services;
    const address = addressGroup(socket.remoteAddress ?? '');
    const nowMs = performance.now();
    const refusal = reason ?? admission.refusal(address, nowMs);
    if (refusal !== undefined && this.#rejecting >= REJECTIONS_AT_ONCE_MAX) {
      counters.connectionsRejected += 1;
      services.countError(refusal);
      socket.destroy();
      return;
    }
    const connection = this.#connect(socket, services.takeClientId());
    this.#connections.add(connection);
    if (refusal === undefined) {
      admission.enter(connection, address, nowMs);
      counters.connectionsOpen += 1;
      counters.connectionsAccepted += 1;
    } else {
      this.#rejecting += 1;
      counters.connectionsRejected += 1;
    }
    // an error is followed by 'close', which is all there is to do
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => connection.onData(chunk));
    socket.on('drain', () => connection.onDrain());
    socket.on('end', () => connection.onEnd());
    socket.on('close', () => {
      connection.onClose();
      this.#connections.delete(connection);
      if (refusal === undefined) {
        admission.leave(connection, address);
        counters.connectionsOpen -= 1;
      } else {
        this.#rejecting -= 1;
      }
    });
    if (refusal === undefined) connection.onAccepted?.();
    else connection.reject(refusal);
  }
}
