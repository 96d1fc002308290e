/**
 * Keeps a pipeline connected: the first connection, new ones after a loss, GOAWAY, the end.
 *
 *     connecting -> ready <-> reconnecting
 *          \          |          /
 *           `----> closed <-----'
 */

import { CaskError } from '../errors/cask-error.ts';
import type { ErrorCode } from '../errors/error-codes.ts';
import { errorFromWire } from '../protocol/error-message.ts';
import type { HelloReply } from '../protocol/hello.ts';
import { PUSH_DISCONNECT, PUSH_GOAWAY, PUSH_PING, PUSH_PROGRESS } from '../protocol/push-kinds.ts';
import type { ReplyReader } from '../protocol/reply-reader.ts';
import type { Credentials } from './address.ts';
import { backoffMs } from './backoff.ts';
import type { ClientOptions } from './client-options.ts';
import { Heartbeat } from './heartbeat.ts';
import { Link, type LinkListener } from './link.ts';
import { PING } from './operations.ts';
import { Pending } from './pending.ts';
import type { Pipeline } from './pipeline.ts';

/** Sent in HELLO. */
const CLIENT_VERSION = '0.1.0';

/** The longest that a link lives on after GOAWAY if the server names no grace. */
const GOAWAY_GRACE_MS = 10_000;

/** Trying again as before would not help. */
const FINAL: readonly ErrorCode[] = ['UNAUTHENTICATED', 'TLS_REQUIRED'];

/** How long the server wants to be left alone. */
function retryAfterMs({ code, details }: CaskError): number {
  const wanted = code === 'AUTH_LOCKED' ? details?.['retryAfterMs'] : 0;
  return typeof wanted === 'number' ? wanted : 0;
}

export type ClientStatus = 'connecting' | 'ready' | 'reconnecting' | 'closed';

export interface ReconnectingEvent {
  /** 1, 2, 3 ... since the connection was lost. */
  readonly attempt: number;
  readonly delayMs: number;
  /** Why the connection was lost, or the attempt before failed. */
  readonly error: CaskError;
}

/** Events of a client and their arguments. */
export interface ClientEvents {
  /** A connection is made and greeted. */
  connect: [server: HelloReply];
  /** Requests flow; after each `connect`. */
  ready: [];
  reconnecting: [ReconnectingEvent];
  /** The connection was lost, or could not be made. Without a listener nothing happens. */
  error: [CaskError];
  /** Closed for good. */
  end: [];
}

export type Emit = <K extends keyof ClientEvents>(event: K, ...args: ClientEvents[K]) => void;

export class ConnectionKeeper implements LinkListener {
  status: ClientStatus = 'connecting';
  server: HelloReply | undefined;
  /** Who asks, for connections from here on. */
  credentials: Credentials | undefined;

  readonly #options: ClientOptions;
  readonly #pipeline: Pipeline;
  readonly #emit: Emit;
  readonly #opened = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #link: Link | undefined;
  #heartbeat: Heartbeat | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #graceTimer: NodeJS.Timeout | undefined;
  #attempts = 0;
  #everReady = false;
  /** The server said GOAWAY on this link. */
  #leaving: CaskError | undefined;
  #closing = false;

  constructor(options: ClientOptions, pipeline: Pipeline, emit: Emit) {
    this.#options = options;
    this.credentials = options.credentials;
    this.#pipeline = pipeline;
    this.#emit = emit;
  }

  /** Fulfils when the first connection is ready. */
  open(): Promise<void> {
    this.#connect();
    return this.#opened.promise;
  }

  /** Answers what is underway, then closes. What cannot be sent fails with CLOSED. */
  async close(): Promise<void> {
    if (this.status === 'closed') return this.#ended.promise;
    const reason = new CaskError('CLOSED', 'the client has been closed');
    this.#closing = true;
    this.#pipeline.refuse(reason);
    if (this.status !== 'ready' || this.#leaving !== undefined) {
      this.destroy(reason);
      return this.#ended.promise;
    }
    await this.#pipeline.whenIdle();
    this.#link?.end(reason);
    this.#startGrace(this.#options.connectTimeoutMs, reason);
    return this.#ended.promise;
  }

  /** Closes at once; what is unanswered fails. */
  destroy(reason: CaskError): void {
    this.#closing = true;
    const link = this.#link;
    this.#finish(reason);
    link?.destroy(reason);
  }

  onHello(hello: HelloReply): void {
    const link = this.#link as Link;
    this.server = hello;
    this.status = 'ready';
    this.#attempts = 0;
    this.#everReady = true;
    this.#leaving = undefined;
    this.#heartbeat = new Heartbeat(link, this.#options.pingIntervalMs, () => this.#ping());
    this.#pipeline.attach(link, hello.limits);
    this.#emit('connect', hello);
    this.#emit('ready');
    this.#opened.resolve();
  }

  onReply(reply: ReplyReader): void {
    this.#pipeline.onReply(reply);
  }

  onRepliesEnd(): void {
    this.#pipeline.onRepliesEnd();
    this.#leaveIfIdle();
  }

  onDrain(): void {
    this.#pipeline.onDrain();
  }

  onPush(kind: number, items: readonly unknown[]): void {
    if (kind === PUSH_PING) this.#ping();
    else if (kind === PUSH_GOAWAY) this.#goAway(items);
    else if (kind === PUSH_DISCONNECT) this.#expectDisconnect(items);
    else if (kind === PUSH_PROGRESS) this.#pipeline.onProgress(items);
    // Kinds of later versions are none of our business.
  }

  onClose(error: CaskError): void {
    this.#link = undefined;
    this.#stopTimers();
    if (this.status === 'closed') return;
    if (this.#closing) {
      this.#finish(error);
      return;
    }
    if (this.#leaving === undefined) this.#emit('error', error);
    const { backoff, retryFirstConnect } = this.#options;
    const giveUp =
      backoff === undefined ||
      FINAL.includes(error.code) ||
      this.#attempts >= backoff.maxAttempts ||
      !(this.#everReady || retryFirstConnect);
    if (giveUp) {
      this.#finish(error);
      return;
    }
    if (this.#everReady) this.status = 'reconnecting';
    const delayMs = Math.max(backoffMs(backoff, this.#attempts), retryAfterMs(error));
    this.#attempts += 1;
    this.#pipeline.detach(error, true);
    this.#retryTimer = setTimeout(() => this.#connect(), delayMs);
    this.#emit('reconnecting', { attempt: this.#attempts, delayMs, error });
  }

  #connect(): void {
    const { address, tls, clientName, connectTimeoutMs } = this.#options;
    const { credentials } = this;
    const clientVersion = CLIENT_VERSION;
    this.#leaving = undefined;
    const where = { address, tls, credentials };
    this.#link = new Link({ ...where, clientName, clientVersion, connectTimeoutMs }, this);
  }

  #ping(): void {
    const nothing = () => {};
    const never = Number.POSITIVE_INFINITY;
    this.#pipeline.submitUrgent(new Pending(PING, undefined, 0, never, nothing, nothing));
  }

  #goAway(items: readonly unknown[]): void {
    if (this.#leaving !== undefined) return;
    const [said, grace] = items;
    this.#leaving = new CaskError('CONNECTION_LOST', `the server said goodbye: ${String(said)}`);
    this.#pipeline.drainLink();
    this.#startGrace(typeof grace === 'number' ? grace : GOAWAY_GRACE_MS, this.#leaving);
    this.#leaveIfIdle();
  }

  /** After GOAWAY: once everything is answered there is nothing to stay for. */
  #leaveIfIdle(): void {
    if (this.#leaving !== undefined && this.#pipeline.linkIdle) this.#link?.end(this.#leaving);
  }

  #expectDisconnect(items: readonly unknown[]): void {
    const [number, name, message] = items;
    if (typeof number !== 'number') return;
    const said = errorFromWire(number, String(name), String(message), undefined, undefined);
    const text = `the server closed the connection: ${said.code}: ${said.message}`;
    this.#link?.expectClose(new CaskError('CONNECTION_LOST', text, { cause: said }));
  }

  #startGrace(ms: number, reason: CaskError): void {
    clearTimeout(this.#graceTimer);
    this.#graceTimer = setTimeout(() => this.#link?.destroy(reason), Math.max(1, ms));
    this.#graceTimer.unref();
  }

  #stopTimers(): void {
    this.#heartbeat?.stop();
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#graceTimer);
  }

  #finish(reason: CaskError): void {
    if (this.status === 'closed') return;
    this.status = 'closed';
    this.#stopTimers();
    this.#pipeline.close(reason);
    this.#opened.reject(reason);
    this.#opened.promise.catch(() => {});
    this.#ended.resolve();
    this.#emit('end');
  }
}
