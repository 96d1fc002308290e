/**
 * What connections of all protocols have in common: the parts that they are made of, how these are
 * driven by the socket's events and by time, whom they speak for, and how they end. What requests
 * are, and how a client is told something, is the matter of the protocol.
 *
 *     greeting --> nameless --> open --> draining --> closed
 *
 * A protocol without a greeting begins as `nameless`, and where nobody is asked that is passed at
 * once.
 */

import type { Socket } from 'node:net';
import { assert, type CaskError } from '../errors/cask-error.ts';
import { type Account, addressGroup, EVERYONE, NOBODY, revocationOf } from '../security/index.ts';
import type { ReplySink } from '../storage/reply-sink.ts';
import type { Session } from '../storage/session.ts';
import type { ClientFacts } from '../vocabulary/insight.ts';
import { BackPressure, type Held } from './back-pressure.ts';
import { clientAddressOf } from './client-address.ts';
import { ConnectionDeadlines } from './connection-deadlines.ts';
import type { ConnectionInput, InputOwner } from './connection-input.ts';
import { ConnectionOutput } from './connection-output.ts';
import type { Flushable } from './flush-queue.ts';
import type { KeysAhead } from './keys-ahead.ts';
import { LimitedSession } from './limited-session.ts';
import type { ServedConnection } from './served-connection.ts';
import type { ServerServices } from './server-services.ts';
import { certificateNameOf } from './tls/certificate-name.ts';

export type ConnectionState = 'greeting' | 'nameless' | 'open' | 'draining' | 'closed';

/** Requests of a client that has not said who it is. */
export const NAMELESS_REQUESTS_MAX = 16;

/** Where a connection's replies are made. */
export interface ClientReplies extends Held, ReplySink {
  /** Of the request that is being handled; negative: none is. */
  readonly token: number;
  /** Requests without an answer. */
  readonly inFlight: number;
  /** When something may be too late next. */
  readonly nextDueMs: number;
  turnEnds(): void;
  /** Flushes once all that came in this turn of the event loop has been read. */
  flushRead(): void;
  flush(answeredMs: number | undefined): void;
  /** Answers what is too late. */
  expire(nowMs: number): void;
  close(): void;
}

export abstract class ClientConnection implements ServedConnection, InputOwner, Flushable {
  readonly services: ServerServices;
  readonly clientId: number;
  /** Of the client's end. */
  readonly address: string;
  account: Account = NOBODY;
  /** As the client says. */
  clientName = '';

  protected state: ConnectionState;
  protected readonly socket: Socket;
  /** Of the client; a socket forgets it when it closes. */
  protected readonly host: string;
  protected readonly output: ConnectionOutput;
  protected readonly pressure: BackPressure;
  protected readonly deadlines: ConnectionDeadlines;
  protected abstract readonly input: ConnectionInput;
  protected abstract readonly replies: ClientReplies;
  protected requests = 0;
  /** While draining: requests that were here before have been handled. */
  protected isRefusing = false;

  /** What counts as one address. */
  readonly #group: string;
  readonly #connectedAt = Date.now();
  #bytesIn = 0;
  #namelessRequests = 0;
  /** Requests to come, in this turn, whose keys were fetched. */
  #fetched = 0;
  #session: Session | undefined;
  /** The same, for a user who is limited to prefixes. */
  #limited: LimitedSession | undefined;
  /** The client said that it sends nothing more. */
  #inputEnded = false;

  protected constructor(
    socket: Socket,
    services: ServerServices,
    clientId: number,
    state: ConnectionState,
  ) {
    this.services = services;
    this.clientId = clientId;
    this.state = state;
    this.socket = socket;
    this.host = socket.remoteAddress ?? '';
    this.#group = addressGroup(this.host);
    this.address = clientAddressOf(socket);
    this.output = new ConnectionOutput(socket, services);
    this.pressure = new BackPressure(services);
    this.deadlines = new ConnectionDeadlines(services, performance.now());
  }

  /** The name of the operation asked for last; undefined: none was. */
  protected abstract get lastOperation(): string | undefined;
  abstract turnBegins(nowMs: number, arrivedMs: number): void;
  abstract handleFrame(buffer: Buffer, start: number, end: number): void;
  abstract inputBroken(error: CaskError): void;
  /** The client may ask for everything from here on. */
  protected abstract opened(): void;
  /** Deadlines of what comes in. */
  protected abstract sweepInput(nowMs: number): void;
  abstract drain(reason: string, graceMs: number): void;
  abstract disconnect(error: CaskError): void;
  abstract kill(error: CaskError): void;
  abstract reject(error: CaskError): void;

  get closed(): boolean {
    return this.state === 'closed';
  }

  /** Of the request that is being handled; negative: none is. */
  get token(): number {
    return this.replies.token;
  }

  get client(): string {
    return this.account.name === '' ? this.#group : this.account.name;
  }

  /** What it holds of what all connections share. */
  get held(): Held {
    return this.replies;
  }

  /** Nothing asked is left to answer, nothing answered is left to send. */
  get idle(): boolean {
    return this.replies.inFlight === 0 && !this.input.busy && this.output.pendingBytes === 0;
  }

  get session(): Session {
    const session = this.#session;
    assert(session !== undefined, 'commands on keys run for a user');
    if (this.account.prefixes === undefined) return session;
    this.#limited ??= new LimitedSession(session, this.account, this.replies);
    return this.#limited;
  }

  /** For operators. */
  facts(): ClientFacts {
    return {
      id: this.clientId,
      address: this.address,
      name: this.clientName,
      user: this.account.name === '' ? undefined : this.account.name,
      state: this.state,
      connectedAt: this.#connectedAt,
      idleMs: Math.round(this.deadlines.silentMs(this.services.coarseNowMs)),
      requests: this.requests,
      bytesIn: this.#bytesIn,
      bytesOut: this.output.bytesOut,
      inFlight: this.replies.inFlight,
      pendingBytes: this.output.pendingBytes,
      lastOperation: this.lastOperation,
    };
  }

  // ---- the socket's events

  onData(chunk: Buffer): void {
    this.services.counters.bytesIn += chunk.length;
    this.#bytesIn += chunk.length;
    if (this.state === 'closed') return;
    this.deadlines.heard(this.services.coarseNowMs);
    this.input.push(chunk);
  }

  onDrain(): void {
    const { turns } = this.services;
    if (turns.isSpent) turns.ask(this.#goOnWriting);
    else this.#goOnWriting();
  }

  readonly #goOnWriting = (): void => {
    this.output.drained();
    this.input.goOn();
    this.endIfServed();
  };

  /** The client sends nothing more, but still reads. */
  onEnd(): void {
    this.#inputEnded = true;
    this.endIfServed();
  }

  onClose(): void {
    this.leave();
    this.output.clear();
  }

  /** The store's write queue is short again. */
  onWriteQueueShort(): void {
    this.input.goOn();
  }

  // ---- input and output

  inputHandled(): void {
    if (this.state === 'draining') this.isRefusing = true;
  }

  /**
   * Of a pipeline the keys are brought near together. Asked before each request is handled.
   * @param start of the request @param end of its bytes, behind which others may follow
   */
  protected fetchAhead(ahead: KeysAhead, buffer: Buffer, start: number, end: number): void {
    if (this.#fetched > 0) {
      this.#fetched -= 1;
      return;
    }
    if (end >= buffer.length || this.#session === undefined) return;
    ahead.find(buffer, start);
    if (ahead.count < 2) return;
    this.#fetched = ahead.count - 1;
    this.session.fetch(buffer, ahead.starts, ahead.lengths, ahead.count);
  }

  turnEnds(isFirst: boolean): void {
    this.#fetched = 0;
    this.replies.turnEnds();
    if (isFirst) this.replies.flushRead();
    else this.flush();
  }

  flush(answeredMs?: number): void {
    this.replies.flush(answeredMs);
    this.input.goOn();
    this.endIfServed();
  }

  protected logBug(op: string, error: CaskError): void {
    this.services.log('error', 'request-failed', { op, error: error.message });
  }

  // ---- whom it speaks for

  /** Counts a request of a client that has not said who it is. @returns false: too many */
  protected admitsNameless(): boolean {
    this.#namelessRequests += 1;
    return this.#namelessRequests <= NAMELESS_REQUESTS_MAX;
  }

  /** Without a password: everyone where nobody is asked, else whom its certificate names. */
  protected accountWithoutPassword(): Account | undefined {
    const { authenticator } = this.services;
    if (authenticator === undefined) return EVERYONE;
    const name = certificateNameOf(this.socket);
    return name === undefined ? undefined : authenticator.accountOf(name);
  }

  /** The client speaks for this account from here on. */
  protected enter(account: Account): void {
    this.account = account;
    this.#limited = undefined;
    if (this.state !== 'nameless') return;
    this.state = 'open';
    this.services.admission.greeted(this);
    this.#session = this.services.store.openSession(this.replies);
    this.opened();
  }

  /** What a client is told whose user was removed or changed. */
  protected revocation(): CaskError {
    return revocationOf(this.account);
  }

  // ---- time

  /** Answers requests that are too late. @returns when to look again */
  expire(nowMs: number): number {
    this.replies.expire(nowMs);
    return this.replies.nextDueMs;
  }

  /** Looks at deadlines. */
  sweep(nowMs: number): void {
    if (this.state === 'closed') {
      if (this.deadlines.lingeredEnough(nowMs)) this.socket.destroy();
      return;
    }
    this.replies.expire(nowMs);
    this.input.goOn();
    this.endIfServed();
    if (this.closed) return;
    const { pendingBytes, waitingBytes, caughtUpMs } = this.output;
    const slowness = this.pressure.slowness(pendingBytes - waitingBytes, caughtUpMs, nowMs);
    if (slowness !== undefined) {
      this.services.counters.slowConsumers += 1;
      this.disconnect(slowness);
    } else if (this.account.revoked) {
      this.disconnect(this.revocation());
    } else {
      this.sweepInput(nowMs);
    }
  }

  // ---- the end

  /** Of a connection that an operator ends. */
  protected noteKilled(error: CaskError): void {
    const { counters, log } = this.services;
    counters.connectionsKilled += 1;
    log('info', 'client-killed', { clientId: this.clientId, reason: error.message });
  }

  /** Sends what there is and closes; the client has a moment to read it. */
  end(): void {
    if (this.state === 'closed') return;
    this.leave();
    this.deadlines.lingerFrom(performance.now());
    this.output.end();
    // what still comes is read and dropped: unread bytes would turn the close into a reset
    this.socket.resume();
  }

  /** Closes at once. */
  destroy(): void {
    this.leave();
    this.socket.destroy();
  }

  /** The client has sent all it will: closes once everything is answered. */
  protected endIfServed(): void {
    if (!this.#inputEnded || this.state === 'closed' || !this.idle) return;
    if (this.input.midFrame) this.services.counters.truncatedStreams += 1;
    this.end();
  }

  /** No more answers from here on. */
  protected leave(): void {
    this.state = 'closed';
    this.#session?.close();
    this.#session = undefined;
    this.replies.close();
    this.input.close();
  }
}
