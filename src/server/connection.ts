/**
 * One client: a state machine over its socket.
 *
 *     greeting --HELLO--> nameless --AUTH--> open --GOAWAY--> draining --> closed
 *         \__________________\_______________ \__________________________/
 *
 * `nameless` is passed at once where HELLO says who it is, or where nobody is asked.
 *
 * Requests are handled where they lie in the socket's chunk. GET, PUT, DELETE and EXISTS go to
 * the session with a token, and their answers are encoded straight from the store's buffers;
 * nothing is allocated for them. Replies of a turn leave in one write.
 */

import type { Socket } from 'node:net';
import { assert, CaskError, toCaskError } from '../errors/cask-error.ts';
import { limitError } from '../errors/limit-error.ts';
import { errorMessage, errorNumber } from '../protocol/error-message.ts';
import { CONNECTION_ID, GREETING_FRAME_BYTES_MAX, REQUEST_ID_MAX } from '../protocol/frame.ts';
import { FrameParser } from '../protocol/frame-parser.ts';
import { checkBody } from '../protocol/msgpack-reader.ts';
import { OP_HELLO, opName } from '../protocol/op-codes.ts';
import type { OutputBuffer } from '../protocol/output-buffer.ts';
import { PreambleReader } from '../protocol/preamble.ts';
import { PUSH_DISCONNECT, PUSH_GOAWAY, PUSH_PING } from '../protocol/push-kinds.ts';
import { encodeErrorReply, encodePush } from '../protocol/reply-writer.ts';
import { RequestReader } from '../protocol/request-reader.ts';
import {
  type Account,
  addressGroup,
  type Credentials,
  EVERYONE,
  NOBODY,
  revocationOf,
} from '../security/index.ts';
import type { Patience } from '../storage/patience.ts';
import type { Session } from '../storage/session.ts';
import type { ClientFacts } from '../vocabulary/insight.ts';
import { BackPressure, type Held } from './back-pressure.ts';
import { clientAddressOf } from './client-address.ts';
import type { CommandContext, LaterAnswer } from './commands/command.ts';
import { dispatch } from './commands/dispatch.ts';
import { ConnectionDeadlines } from './connection-deadlines.ts';
import { ConnectionInput, type InputOwner } from './connection-input.ts';
import { ConnectionOutput } from './connection-output.ts';
import { ConnectionReplies } from './connection-replies.ts';
import type { Flushable } from './flush-queue.ts';
import { overdueError } from './lateness.ts';
import { LimitedSession } from './limited-session.ts';
import type { ServedConnection } from './served-connection.ts';
import type { ServerServices } from './server-services.ts';
import { certificateNameOf } from './tls/certificate-name.ts';

export type ConnectionState = 'greeting' | 'nameless' | 'open' | 'draining' | 'closed';

/** Requests of a client that has not said who it is. */
const NAMELESS_REQUESTS_MAX = 16;
const CLIENT_NAME_CHARACTERS_MAX = 128;

export class Connection implements ServedConnection, CommandContext, InputOwner, Flushable {
  readonly services: ServerServices;
  readonly clientId: number;
  readonly out: OutputBuffer;
  account: Account = NOBODY;
  /** Of the client's end. */
  readonly address: string;
  /** As it said in HELLO. */
  clientName = '';

  readonly #socket: Socket;
  /** Of the client; a socket forgets it when it closes. */
  readonly #host: string;
  /** What counts as one address. */
  readonly #group: string;
  readonly #output: ConnectionOutput;
  readonly #pressure: BackPressure;
  readonly #deadlines: ConnectionDeadlines;
  readonly #input: ConnectionInput;
  readonly #request = new RequestReader();
  readonly #replies: ConnectionReplies;

  readonly #connectedAt = Date.now();
  #requests = 0;
  #bytesIn = 0;
  #state: ConnectionState = 'greeting';
  #namelessRequests = 0;
  #session: Session | undefined;
  /** The same, for a user who is limited to prefixes. */
  #limited: LimitedSession | undefined;
  /** The client said that it sends nothing more. */
  #inputEnded = false;
  /** While draining: requests that were here before GOAWAY have been handled. */
  #refusing = false;

  constructor(socket: Socket, services: ServerServices, clientId: number) {
    this.services = services;
    this.clientId = clientId;
    this.#socket = socket;
    this.#host = socket.remoteAddress ?? '';
    this.#group = addressGroup(this.#host);
    this.address = clientAddressOf(socket);
    this.#output = new ConnectionOutput(socket, services);
    this.out = this.#output.buffer;
    this.#pressure = new BackPressure(services);
    this.#deadlines = new ConnectionDeadlines(services, performance.now());
    this.#replies = new ConnectionReplies(this, services, this.#output, this.#pressure);
    const parts = [this.#output, this.#pressure, this.#deadlines] as const;
    const grammar = {
      parser: new FrameParser(GREETING_FRAME_BYTES_MAX, 0),
      preamble: new PreambleReader(),
    };
    this.#input = new ConnectionInput(this, grammar, socket, ...parts);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get closed(): boolean {
    return this.#state === 'closed';
  }

  /** Of the request that is being handled; negative: none is. */
  get token(): number {
    return this.#replies.token;
  }

  /** Requests without an answer. */
  get inFlight(): number {
    return this.#replies.inFlight;
  }

  get client(): string {
    return this.account.name === '' ? this.#group : this.account.name;
  }

  /** What it holds of what all connections share. */
  get held(): Held {
    return this.#replies;
  }

  /** Nothing asked is left to answer, nothing answered is left to send. */
  get idle(): boolean {
    return this.inFlight === 0 && !this.#input.busy && this.#output.pendingBytes === 0;
  }

  get session(): Session {
    const session = this.#session;
    assert(session !== undefined, 'commands run for a user');
    if (this.account.prefixes === undefined) return session;
    this.#limited ??= new LimitedSession(session, this.account, this.#replies);
    return this.#limited;
  }

  /** For operators. */
  facts(): ClientFacts {
    const { op } = this.#request;
    return {
      id: this.clientId,
      address: this.address,
      name: this.clientName,
      user: this.account.name === '' ? undefined : this.account.name,
      state: this.#state,
      connectedAt: this.#connectedAt,
      idleMs: Math.round(this.#deadlines.silentMs(this.services.coarseNowMs)),
      requests: this.#requests,
      bytesIn: this.#bytesIn,
      bytesOut: this.#output.bytesOut,
      inFlight: this.inFlight,
      pendingBytes: this.#output.pendingBytes,
      lastOperation: op === 0 ? undefined : opName(op),
    };
  }

  // ---- the socket's events

  onData(chunk: Buffer): void {
    this.services.counters.bytesIn += chunk.length;
    this.#bytesIn += chunk.length;
    if (this.#state === 'closed') return;
    this.#deadlines.heard(this.services.coarseNowMs);
    this.#input.push(chunk);
  }

  onDrain(): void {
    const { turns } = this.services;
    if (turns.isSpent) turns.ask(this.#goOnWriting);
    else this.#goOnWriting();
  }

  readonly #goOnWriting = (): void => {
    this.#output.drained();
    this.#input.goOn();
    this.#endIfServed();
  };

  /** The client sends nothing more, but still reads. */
  onEnd(): void {
    this.#inputEnded = true;
    this.#endIfServed();
  }

  onClose(): void {
    this.#leave();
    this.#output.clear();
  }

  // ---- input

  inputHandled(): void {
    if (this.#state === 'draining') this.#refusing = true;
  }

  inputBroken(error: CaskError): void {
    this.#endWith(error);
  }

  /** The store's write queue is short again. */
  onWriteQueueShort(): void {
    this.#input.goOn();
  }

  turnBegins(nowMs: number, arrivedMs: number): void {
    this.#replies.turnBegins(nowMs, arrivedMs);
  }

  turnEnds(isFirst: boolean): void {
    this.#replies.turnEnds();
    if (isFirst) this.#replies.flushRead();
    else this.flush();
  }

  handleFrame(buffer: Buffer, start: number, end: number): void {
    const request = this.#request;
    this.#requests += 1;
    try {
      request.open(buffer, start, end);
      this.#replies.begin(request, end - start);
      this.services.counters.countRequest(request.op);
      this.#dispatch(request);
    } catch (thrown) {
      if (this.token < 0) this.#replies.begin(request, end - start);
      this.#refuseFrame(toCaskError(thrown), buffer, start, end);
    }
    this.#replies.handled(request);
  }

  #dispatch(request: RequestReader): void {
    const { id, op } = request;
    if (this.#state !== 'open' && !this.#admitted(id, op)) return;
    if (this.#replies.isPending(id)) {
      throw new CaskError('BAD_REQUEST', `id ${id} is in flight already`);
    }
    if (this.#replies.isOverdue(request)) this.refuse(id, overdueError(request.deadlineMs));
    else dispatch(this, request);
  }

  /** Outside of the state `open`: may the request be carried out? */
  #admitted(id: number, op: number): boolean {
    if (this.#state === 'greeting' && op !== OP_HELLO) {
      const message = `${opName(op)} came before HELLO`;
      this.#endWith(new CaskError('HANDSHAKE_REQUIRED', message), id);
      return false;
    }
    if (this.#state === 'nameless') {
      this.#namelessRequests += 1;
      if (this.#namelessRequests <= NAMELESS_REQUESTS_MAX) return true;
      const message = `${NAMELESS_REQUESTS_MAX} requests, and none of them says who asks`;
      this.#endWith(new CaskError('UNAUTHENTICATED', message), id);
      return false;
    }
    if (this.#state === 'draining' && this.#refusing) {
      this.refuse(id, new CaskError('SHUTTING_DOWN', 'the server is stopping; ask another'));
      return false;
    }
    return true;
  }

  /** Answers a request that was not understood; ends the connection when the frame is no good. */
  #refuseFrame(error: CaskError, buffer: Buffer, start: number, end: number): void {
    let worst = error;
    try {
      checkBody(buffer, start, end);
    } catch (thrown) {
      worst = toCaskError(thrown);
    }
    const { id } = this.#request;
    if (worst.code === 'INTERNAL') this.#logBug(worst);
    if (worst.code === 'BAD_FRAME' || id < 1 || id > REQUEST_ID_MAX) this.#endWith(worst);
    else this.refuse(id, worst);
  }

  #logBug(error: CaskError): void {
    const { op } = this.#request;
    this.services.log('error', 'request-failed', { op: opName(op), error: error.message });
  }

  // ---- what commands use

  greet(client: string): boolean {
    if (this.#state !== 'greeting') return false;
    this.#state = 'nameless';
    this.clientName = client.slice(0, CLIENT_NAME_CHARACTERS_MAX);
    const account = this.#accountAtHello();
    if (account !== undefined) this.#enter(account);
    this.#output.sendPreamble();
    const { clientId, clientName } = this;
    this.services.log('debug', 'client-greeted', { clientId, client: clientName });
    return true;
  }

  /** Who it is without a password: everyone where nobody is asked, else whom its certificate names. */
  #accountAtHello(): Account | undefined {
    const { authenticator } = this.services;
    if (authenticator === undefined) return EVERYONE;
    const name = certificateNameOf(this.#socket);
    return name === undefined ? undefined : authenticator.accountOf(name);
  }

  login(id: number, credentials: Credentials, encode: () => void): void {
    const { authenticator } = this.services;
    assert(authenticator !== undefined, 'there is someone to ask');
    const { token } = this;
    this.#replies.unhurried();
    this.#input.hold();
    authenticator
      .authenticate(this.#host, credentials, () => !this.closed)
      .then(
        (account) => {
          if (this.closed) return;
          this.#enter(account);
          encode();
          this.#replies.answered(token);
          this.#input.release();
        },
        (thrown: unknown) => {
          if (this.#state === 'nameless') {
            this.#endWith(toCaskError(thrown), id);
            return;
          }
          this.#replies.refuse(token, id, toCaskError(thrown));
          this.#input.release();
        },
      );
  }

  /** The client speaks for this account from here on. */
  #enter(account: Account): void {
    this.account = account;
    this.#limited = undefined;
    if (this.#state !== 'nameless') return;
    this.#state = 'open';
    this.services.admission.greeted(this);
    this.#session = this.services.store.openSession(this.#replies);
    this.#input.allowFrames(this.services.limits.maxFrameBytes);
  }

  answered(): void {
    assert(this.token >= 0, 'a command that answers later does it through answerLater');
    this.#replies.answered(this.token);
  }

  refuse(id: number, error: CaskError): void {
    this.#replies.refuse(this.token, id, error);
  }

  answerLater<T>(id: number, work: Promise<T>, how: LaterAnswer<T>, patience?: Patience): void {
    this.#replies.answerLater(id, work, how, patience);
  }

  holdValue(token: number, bytes: number): void {
    this.#replies.holdValue(token, bytes);
  }

  pushProgress(id: number, done: number, total: number | undefined): void {
    this.#replies.pushProgress(id, done, total);
  }

  cancel(id: number): boolean {
    return this.#replies.cancel(id);
  }

  // ---- output

  flush(answeredMs?: number): void {
    this.#replies.flush(answeredMs);
    this.#input.goOn();
    this.#endIfServed();
  }

  // ---- time

  /** Answers requests that are too late. @returns when to look again */
  expire(nowMs: number): number {
    this.#replies.expire(nowMs);
    return this.#replies.nextDueMs;
  }

  /** Looks at deadlines. */
  sweep(nowMs: number): void {
    if (this.#state === 'closed') {
      if (this.#deadlines.lingeredEnough(nowMs)) this.#socket.destroy();
      return;
    }
    this.#replies.expire(nowMs);
    this.#input.goOn();
    this.#endIfServed();
    const { pendingBytes, caughtUpMs } = this.#output;
    const slowness = this.#pressure.slowness(pendingBytes, caughtUpMs, nowMs);
    if (slowness !== undefined) {
      this.services.counters.slowConsumers += 1;
      this.disconnect(slowness);
      return;
    }
    if (this.account.revoked) {
      this.disconnect(revocationOf(this.account));
      return;
    }
    const late = this.#lateness(nowMs);
    if (late !== undefined) this.#endWith(late);
    else if (this.#awaited === undefined) {
      this.#sweepIdle(nowMs, this.#input.busy || this.inFlight > 0);
    }
  }

  #lateness(nowMs: number): CaskError | undefined {
    const awaited = this.#awaited;
    return awaited === undefined
      ? this.#deadlines.missedFrame(nowMs, this.#input.progress)
      : this.#deadlines.missedGreeting(nowMs, awaited);
  }

  /** What the client must say before it is served. */
  get #awaited(): string | undefined {
    if (this.#state === 'greeting') return 'HELLO';
    return this.#state === 'nameless' ? 'authentication' : undefined;
  }

  #sweepIdle(nowMs: number, busy: boolean): void {
    const idleness = this.#deadlines.idleness(nowMs, busy);
    if (idleness === 'over') {
      const { idleTimeoutMs } = this.services.limits;
      const message = `nothing was sent for ${idleTimeoutMs} ms`;
      this.disconnect(limitError('IDLE_TIMEOUT', message, 'idleTimeoutMs', idleTimeoutMs));
    } else if (idleness === 'ask') {
      encodePush(this.out, PUSH_PING, [nowMs >>> 0]);
      this.#output.flush();
    }
    if (!busy && this.#deadlines.isQuiet(nowMs)) {
      this.#output.rest();
      this.#replies.rest();
    }
  }

  // ---- the end

  /** Asks the client to go; what was asked before is still answered. */
  drain(reason: string, graceMs: number): void {
    if (this.#awaited !== undefined) this.#endWith(new CaskError('SHUTTING_DOWN', reason));
    if (this.#state !== 'open') return;
    this.#state = 'draining';
    this.#refusing = !this.#input.busy;
    encodePush(this.out, PUSH_GOAWAY, [reason, graceMs]);
    this.#replies.refuseLeftAtShutdown(reason);
    this.#output.flush();
  }

  /** Says why, and closes. */
  disconnect(error: CaskError): void {
    if (this.#state === 'closed') return;
    this.services.countError(error);
    encodePush(this.out, PUSH_DISCONNECT, [errorNumber(error), error.code, errorMessage(error)]);
    this.end();
  }

  /** Closes by the will of an operator. */
  kill(error: CaskError): void {
    const { counters, log } = this.services;
    counters.connectionsKilled += 1;
    log('info', 'client-killed', { clientId: this.clientId, reason: error.message });
    if (this.#state === 'greeting') this.#endWith(error);
    else this.disconnect(error);
  }

  /** A connection too many, or one that must make way: says so and closes. */
  reject(error: CaskError): void {
    this.#endWith(error);
  }

  /** Sends what there is and closes; the client has a moment to read it. */
  end(): void {
    if (this.#state === 'closed') return;
    this.#leave();
    this.#deadlines.lingerFrom(performance.now());
    this.#output.end();
    // what still comes is read and dropped: unread bytes would turn the close into a reset
    this.#socket.resume();
  }

  /** Closes at once. */
  destroy(): void {
    this.#leave();
    this.#socket.destroy();
  }

  /** An error of the connection (id 0) or of a request that ends it. */
  #endWith(error: CaskError, id = CONNECTION_ID): void {
    if (this.#state === 'closed') return;
    this.services.countError(error);
    this.#output.sendPreamble();
    encodeErrorReply(this.out, id, error);
    this.end();
  }

  /** The client has sent all it will: closes once everything is answered. */
  #endIfServed(): void {
    if (!this.#inputEnded || this.#state === 'closed' || !this.idle) return;
    if (this.#input.midFrame) this.services.counters.truncatedStreams += 1;
    this.end();
  }

  /** No more answers from here on. */
  #leave(): void {
    this.#state = 'closed';
    this.#session?.close();
    this.#session = undefined;
    this.#replies.close();
    this.#input.close();
  }
}
