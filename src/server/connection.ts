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
import {
  CONNECTION_ID,
  FRAME_HEADER_BYTES,
  GREETING_FRAME_BYTES_MAX,
  REQUEST_ID_MAX,
} from '../protocol/frame.ts';
import { FrameParser } from '../protocol/frame-parser.ts';
import { checkBody } from '../protocol/msgpack-reader.ts';
import { OP_HELLO, opName } from '../protocol/op-codes.ts';
import type { OutputBuffer } from '../protocol/output-buffer.ts';
import { PreambleReader } from '../protocol/preamble.ts';
import { PUSH_DISCONNECT, PUSH_GOAWAY, PUSH_PING } from '../protocol/push-kinds.ts';
import { encodeErrorReply, encodePush } from '../protocol/reply-writer.ts';
import { RequestReader } from '../protocol/request-reader.ts';
import type { Credentials } from '../security/index.ts';
import type { Patience } from '../storage/patience.ts';
import { ClientConnection, NAMELESS_REQUESTS_MAX } from './client-connection.ts';
import type { CommandContext, LaterAnswer } from './commands/command.ts';
import { dispatch } from './commands/dispatch.ts';
import { ConnectionInput } from './connection-input.ts';
import { ConnectionReplies } from './connection-replies.ts';
import { FrameKeysAhead } from './frame-keys-ahead.ts';
import { overdueError } from './lateness.ts';
import type { ServerServices } from './server-services.ts';

const CLIENT_NAME_CHARACTERS_MAX = 128;
/** Of whichever connection looks ahead. */
const ahead = new FrameKeysAhead();

export class Connection extends ClientConnection implements CommandContext {
  readonly out: OutputBuffer;
  protected readonly input: ConnectionInput;
  protected readonly replies: ConnectionReplies;
  readonly #request = new RequestReader();

  constructor(socket: Socket, services: ServerServices, clientId: number) {
    super(socket, services, clientId, 'greeting');
    this.out = this.output.buffer;
    this.replies = new ConnectionReplies(this, services, this.output, this.pressure);
    const parts = [this.output, this.pressure, this.deadlines] as const;
    const grammar = {
      parser: new FrameParser(GREETING_FRAME_BYTES_MAX, 0),
      preamble: new PreambleReader(),
    };
    this.input = new ConnectionInput(this, grammar, socket, ...parts);
  }

  protected get lastOperation(): string | undefined {
    const { op } = this.#request;
    return op === 0 ? undefined : opName(op);
  }

  // ---- input

  inputBroken(error: CaskError): void {
    this.#endWith(error);
  }

  turnBegins(nowMs: number, arrivedMs: number): void {
    this.replies.turnBegins(nowMs, arrivedMs);
  }

  handleFrame(buffer: Buffer, start: number, end: number): void {
    const request = this.#request;
    this.requests += 1;
    // a frame that was put together has no header, and nothing behind it
    if (start >= FRAME_HEADER_BYTES) {
      this.fetchAhead(ahead, buffer, start - FRAME_HEADER_BYTES, end);
    }
    try {
      request.open(buffer, start, end);
      this.replies.begin(request, end - start);
      this.services.counters.countRequest(request.op);
      this.#dispatch(request);
    } catch (thrown) {
      if (this.token < 0) this.replies.begin(request, end - start);
      this.#refuseFrame(toCaskError(thrown), buffer, start, end);
    }
    this.replies.handled(request);
  }

  #dispatch(request: RequestReader): void {
    const { id, op } = request;
    if (this.state !== 'open' && !this.#admitted(id, op)) return;
    if (this.replies.isPending(id)) {
      throw new CaskError('BAD_REQUEST', `id ${id} is in flight already`);
    }
    if (this.replies.isOverdue(request)) this.refuse(id, overdueError(request.deadlineMs));
    else dispatch(this, request);
  }

  /** Outside of the state `open`: may the request be carried out? */
  #admitted(id: number, op: number): boolean {
    if (this.state === 'greeting' && op !== OP_HELLO) {
      const message = `${opName(op)} came before HELLO`;
      this.#endWith(new CaskError('HANDSHAKE_REQUIRED', message), id);
      return false;
    }
    if (this.state === 'nameless') {
      if (this.admitsNameless()) return true;
      const message = `${NAMELESS_REQUESTS_MAX} requests, and none of them says who asks`;
      this.#endWith(new CaskError('UNAUTHENTICATED', message), id);
      return false;
    }
    if (this.state === 'draining' && this.isRefusing) {
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
    if (worst.code === 'INTERNAL') this.logBug(opName(this.#request.op), worst);
    if (worst.code === 'BAD_FRAME' || id < 1 || id > REQUEST_ID_MAX) this.#endWith(worst);
    else this.refuse(id, worst);
  }

  // ---- what commands use

  greet(client: string): boolean {
    if (this.state !== 'greeting') return false;
    this.state = 'nameless';
    this.clientName = client.slice(0, CLIENT_NAME_CHARACTERS_MAX);
    const account = this.accountWithoutPassword();
    if (account !== undefined) this.enter(account);
    this.output.sendPreamble();
    const { clientId, clientName } = this;
    this.services.log('debug', 'client-greeted', { clientId, client: clientName });
    return true;
  }

  login(id: number, credentials: Credentials, encode: () => void): void {
    const { authenticator } = this.services;
    assert(authenticator !== undefined, 'there is someone to ask');
    const { token } = this;
    this.replies.unhurried();
    this.input.hold();
    authenticator
      .authenticate(this.host, credentials, () => !this.closed)
      .then(
        (account) => {
          if (this.closed) return;
          this.enter(account);
          encode();
          this.replies.answered(token);
          this.input.release();
        },
        (thrown: unknown) => {
          if (this.state === 'nameless') {
            this.#endWith(toCaskError(thrown), id);
            return;
          }
          this.replies.refuse(token, id, toCaskError(thrown));
          this.input.release();
        },
      );
  }

  protected opened(): void {
    this.input.allowFrames(this.services.limits.maxFrameBytes);
  }

  answered(): void {
    assert(this.token >= 0, 'a command that answers later does it through answerLater');
    this.replies.answered(this.token);
  }

  refuse(id: number, error: CaskError): void {
    this.replies.refuse(this.token, id, error);
  }

  answerNow<T>(id: number, result: T, how: LaterAnswer<T>): void {
    this.replies.answerNow(id, this.token, result, how);
  }

  answerLater<T>(id: number, work: Promise<T>, how: LaterAnswer<T>, patience?: Patience): void {
    this.replies.answerLater(id, work, how, patience);
  }

  holdValue(token: number, bytes: number): void {
    this.replies.holdValue(token, bytes);
  }

  pushProgress(id: number, done: number, total: number | undefined): void {
    this.replies.pushProgress(id, done, total);
  }

  cancel(id: number): boolean {
    return this.replies.cancel(id);
  }

  // ---- time

  protected sweepInput(nowMs: number): void {
    const late = this.#lateness(nowMs);
    if (late !== undefined) this.#endWith(late);
    else if (this.#awaited === undefined) {
      this.#sweepIdle(nowMs, this.input.busy || this.replies.inFlight > 0);
    }
  }

  #lateness(nowMs: number): CaskError | undefined {
    const awaited = this.#awaited;
    return awaited === undefined
      ? this.deadlines.missedFrame(nowMs, this.input.progress)
      : this.deadlines.missedGreeting(nowMs, awaited);
  }

  /** What the client must say before it is served. */
  get #awaited(): string | undefined {
    if (this.state === 'greeting') return 'HELLO';
    return this.state === 'nameless' ? 'authentication' : undefined;
  }

  #sweepIdle(nowMs: number, busy: boolean): void {
    const idleness = this.deadlines.idleness(nowMs, busy);
    if (idleness === 'over') {
      const { idleTimeoutMs } = this.services.limits;
      const message = `nothing was sent for ${idleTimeoutMs} ms`;
      this.disconnect(limitError('IDLE_TIMEOUT', message, 'idleTimeoutMs', idleTimeoutMs));
    } else if (idleness === 'ask') {
      encodePush(this.out, PUSH_PING, [nowMs >>> 0]);
      this.output.flush();
    }
    if (!busy && this.deadlines.isQuiet(nowMs)) {
      this.output.rest();
      this.replies.rest();
    }
  }

  // ---- the end

  /** Asks the client to go; what was asked before is still answered. */
  drain(reason: string, graceMs: number): void {
    if (this.#awaited !== undefined) this.#endWith(new CaskError('SHUTTING_DOWN', reason));
    if (this.state !== 'open') return;
    this.state = 'draining';
    this.isRefusing = !this.input.busy;
    encodePush(this.out, PUSH_GOAWAY, [reason, graceMs]);
    this.replies.refuseLeftAtShutdown(reason);
    this.output.flush();
  }

  /** Says why, and closes. */
  disconnect(error: CaskError): void {
    if (this.state === 'closed') return;
    this.services.countError(error);
    encodePush(this.out, PUSH_DISCONNECT, [errorNumber(error), error.code, errorMessage(error)]);
    this.end();
  }

  /** Closes by the will of an operator. */
  kill(error: CaskError): void {
    this.noteKilled(error);
    if (this.state === 'greeting') this.#endWith(error);
    else this.disconnect(error);
  }

  /** A connection too many, or one that must make way: says so and closes. */
  reject(error: CaskError): void {
    this.#endWith(error);
  }

  /** An error of the connection (id 0) or of a request that ends it. */
  #endWith(error: CaskError, id = CONNECTION_ID): void {
    if (this.state === 'closed') return;
    this.services.countError(error);
    this.output.sendPreamble();
    encodeErrorReply(this.out, id, error);
    this.end();
  }
}
