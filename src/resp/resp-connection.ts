/**
 * One client that speaks RESP, the protocol of Redis: a state machine over its socket.
 *
 *     nameless --AUTH or HELLO--> open --QUIT, shutdown--> closed
 *
 * It is open at once where nobody is asked. Commands are handled where they lie in the socket's
 * chunk, as requests of the native protocol are, by the same parts: back-pressure, deadlines,
 * rates, output, counters.
 */

import type { Socket } from 'node:net';
import { assert, CaskError, toCaskError } from '../errors/cask-error.ts';
import { limitError } from '../errors/limit-error.ts';
import {
  type Account,
  addressGroup,
  type Credentials,
  EVERYONE,
  NOBODY,
  refusalOf,
  revocationOf,
} from '../security/index.ts';
import { BackPressure, type Held } from '../server/back-pressure.ts';
import { clientAddressOf } from '../server/client-address.ts';
import { ConnectionDeadlines } from '../server/connection-deadlines.ts';
import { ConnectionInput, type InputOwner } from '../server/connection-input.ts';
import { ConnectionOutput } from '../server/connection-output.ts';
import { LimitedSession } from '../server/limited-session.ts';
import type { ServedConnection } from '../server/served-connection.ts';
import type { ServerServices } from '../server/server-services.ts';
import { certificateNameOf } from '../server/tls/certificate-name.ts';
import type { Patience } from '../storage/patience.ts';
import type { Session } from '../storage/session.ts';
import type { BatchItem, BatchItemResult } from '../vocabulary/entry.ts';
import type { ClientFacts } from '../vocabulary/insight.ts';
import type { KeyCommand, LaterOptions, RespCommand, RespContext } from './commands/command.ts';
import { findCommand, isArityWrong } from './commands/command-table.ts';
import { queueCommand } from './commands/multi.ts';
import { HeldReplies } from './held-replies.ts';
import type { KeyView } from './key-view.ts';
import { KeysAhead } from './keys-ahead.ts';
import { Reply } from './reply.ts';
import { AUTHENTICATION_REQUIRED } from './reply-text.ts';
import { writeError } from './reply-writer.ts';
import type { RespArguments } from './resp-arguments.ts';
import { RespParser } from './resp-parser.ts';
import { type RepliesOwner, RespReplies, type Shape } from './resp-replies.ts';
import type { RespServer } from './resp-server.ts';
import { transact } from './transact.ts';
import { Transaction } from './transaction.ts';

type State = 'nameless' | 'open' | 'draining' | 'closed';

/** Requests of a client that has not said who it is. */
const NAMELESS_REQUESTS_MAX = 16;
const UNKNOWN_OP = 0;
/** Of whichever connection looks ahead. */
const ahead = new KeysAhead();

export class RespConnection implements ServedConnection, RespContext, InputOwner, RepliesOwner {
  readonly services: ServerServices;
  readonly server: RespServer;
  readonly clientId: number;
  readonly address: string;
  account: Account = NOBODY;
  clientName = '';
  isResp3 = false;
  readonly transaction = new Transaction();

  readonly #socket: Socket;
  readonly #host: string;
  readonly #group: string;
  readonly #output: ConnectionOutput;
  readonly #pressure: BackPressure;
  readonly #deadlines: ConnectionDeadlines;
  readonly #parser: RespParser;
  readonly #input: ConnectionInput;
  readonly #replies: RespReplies;
  readonly #connectedAt = Date.now();
  /** Commands to come whose keys were fetched. */
  #fetched = 0;
  #requests = 0;
  #bytesIn = 0;
  #state: State = 'nameless';
  #namelessRequests = 0;
  #session: Session | undefined;
  #limited: LimitedSession | undefined;
  #last: RespCommand | undefined;
  #inputEnded = false;
  #isClosing = false;
  /** While draining: commands that were here before have been handled. */
  #refusing = false;

  constructor(socket: Socket, services: ServerServices, server: RespServer, clientId: number) {
    this.services = services;
    this.server = server;
    this.clientId = clientId;
    this.#socket = socket;
    this.#host = socket.remoteAddress ?? '';
    this.#group = addressGroup(this.#host);
    this.address = clientAddressOf(socket);
    this.#output = new ConnectionOutput(socket, services);
    this.#pressure = new BackPressure(services);
    this.#deadlines = new ConnectionDeadlines(services, performance.now());
    this.#replies = new RespReplies(this, services, this.#output, this.#pressure);
    this.#parser = new RespParser(services.limits.maxFrameBytes);
    this.#parser.isStranger = true;
    const parts = [this.#output, this.#pressure, this.#deadlines] as const;
    this.#input = new ConnectionInput(this, { parser: this.#parser }, socket, ...parts);
  }

  get closed(): boolean {
    return this.#state === 'closed';
  }

  get token(): number {
    return this.#replies.token;
  }

  get client(): string {
    return this.account.name === '' ? this.#group : this.account.name;
  }

  get held(): Held {
    return this.#replies;
  }

  get idle(): boolean {
    return this.#replies.inFlight === 0 && !this.#input.busy && this.#output.pendingBytes === 0;
  }

  get session(): Session {
    const session = this.#session;
    assert(session !== undefined, 'commands on keys run for a user');
    if (this.account.prefixes === undefined) return session;
    this.#limited ??= new LimitedSession(session, this.account, this.#replies);
    return this.#limited;
  }

  facts(): ClientFacts {
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
      inFlight: this.#replies.inFlight,
      pendingBytes: this.#output.pendingBytes,
      lastOperation: this.#last?.name,
    };
  }

  // ---- the socket's events

  onAccepted(): void {
    const { authenticator } = this.services;
    const name = certificateNameOf(this.#socket);
    const account =
      authenticator === undefined
        ? EVERYONE
        : name === undefined
          ? undefined
          : authenticator.accountOf(name);
    if (account !== undefined) this.#enter(account);
  }

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

  onEnd(): void {
    this.#inputEnded = true;
    this.#endIfServed();
  }

  onClose(): void {
    this.#leave();
    this.#output.clear();
  }

  onWriteQueueShort(): void {
    this.#input.goOn();
  }

  // ---- input

  inputHandled(): void {
    if (this.#state === 'draining') this.#refusing = true;
  }

  inputBroken(error: CaskError): void {
    this.#isClosing = true;
    this.#replies.begin(UNKNOWN_OP, 0, false);
    this.#replies.refuse(this.token, error);
    this.#replies.handled(0, 0);
    this.#input.hold();
    this.#endIfServed();
  }

  turnBegins(nowMs: number): void {
    this.#fetched = 0;
    this.#replies.turnBegins(nowMs);
  }

  turnEnds(isFirst: boolean): void {
    this.#replies.turnEnds();
    if (isFirst) this.#replies.flushRead();
    else this.flush();
  }

  handleFrame(buffer: Buffer, start: number, end: number): void {
    if (this.#isClosing) return;
    if (this.#fetched > 0) this.#fetched -= 1;
    else if (end < buffer.length) this.#fetchAhead(buffer, start);
    const { words } = this.#parser;
    const command = findCommand(words);
    const op = command?.op ?? UNKNOWN_OP;
    this.#requests += 1;
    this.services.counters.countRequest(op);
    this.#replies.begin(op, end - start, command?.role === 'write');
    try {
      this.#dispatch(command, words);
    } catch (thrown) {
      const error = toCaskError(thrown);
      if (error.code === 'INTERNAL') this.#logBug(command, error);
      this.#replies.refuse(this.token, error);
    }
    this.#replies.handled(words.count > 1 ? words.bytes(1) : 0, words.count);
  }

  /** Of a pipeline the keys are brought near together. */
  #fetchAhead(buffer: Buffer, start: number): void {
    if (this.#session === undefined) return;
    ahead.find(buffer, start);
    if (ahead.count < 2) return;
    this.#fetched = ahead.count - 1;
    this.session.fetch(buffer, ahead.starts, ahead.lengths, ahead.count);
  }

  #dispatch(command: RespCommand | undefined, words: RespArguments): void {
    if (command === undefined || isArityWrong(command, words)) {
      this.#refuseCall(command, words);
      return;
    }
    this.#last = command;
    const { account } = this;
    const refusal = this.#refusal(command, account);
    if (refusal !== undefined) {
      this.transaction.isBroken ||= this.transaction.isOpen;
      this.services.countError(refusal);
      if (refusal.code === 'UNAUTHENTICATED') this.error(AUTHENTICATION_REQUIRED);
      else this.refuse(refusal);
      return;
    }
    if (this.transaction.isOpen && !command.flags.includes('no_multi')) {
      queueCommand(this, command, words);
      return;
    }
    command.run(this, words);
  }

  #refuseCall(command: RespCommand | undefined, words: RespArguments): void {
    this.transaction.isBroken ||= this.transaction.isOpen;
    if (this.#state === 'nameless') {
      this.#refusal(undefined, this.account);
      this.error(AUTHENTICATION_REQUIRED);
      return;
    }
    const name = words.text(0);
    if (command !== undefined) {
      this.error(`ERR wrong number of arguments for '${command.name}' command`);
      return;
    }
    const shown = Array.from({ length: words.count - 1 }, (_, index) => {
      // Redis shows what is before a NUL
      const [text = ''] = words.text(index + 1).split('\0');
      return text;
    });
    let args = '';
    for (const text of shown) {
      if (args.length >= 128) break;
      args += `'${text.slice(0, 128 - args.length)}' `;
    }
    this.error(`ERR unknown command '${name.slice(0, 128)}', with args beginning with: ${args}`);
  }

  #refusal(command: RespCommand | undefined, account: Account): CaskError | undefined {
    if (this.#state === 'draining' && this.#refusing) {
      return new CaskError('SHUTTING_DOWN', 'the server is stopping; ask another');
    }
    if (this.#state === 'nameless') {
      this.#namelessRequests += 1;
      if (this.#namelessRequests > NAMELESS_REQUESTS_MAX) this.#isClosing = true;
    }
    if (command === undefined) return undefined;
    return refusalOf(account, command.name, command);
  }

  #logBug(command: RespCommand | undefined, error: CaskError): void {
    const op = command?.name ?? 'unknown';
    this.services.log('error', 'request-failed', { op, error: error.message });
  }

  // ---- what commands use

  answer(write: (reply: Reply) => void): void {
    this.#replies.answer(this.token, write);
  }

  ok(): void {
    this.#replies.ok(this.token);
  }

  error(text: string): void {
    this.#replies.errorText(this.token, text);
  }

  refuse(error: CaskError): void {
    this.#replies.refuse(this.token, error);
  }

  expect(shape: Shape): void {
    this.#replies.expect(shape);
  }

  gather(parts: number): void {
    this.#replies.gather(parts);
  }

  takePart(): number {
    return this.#replies.takePart();
  }

  takeItem(): number {
    return this.#replies.takeItem();
  }

  modify(command: KeyCommand, args: RespArguments): void {
    const { token } = this;
    const modifier = this.#replies.modifierFor(token, command, args);
    this.session.modify(args.buffer, args.start(1), args.bytes(1), modifier, token);
    if (!modifier.isApplied) modifier.keepArguments();
  }

  transact(keys: readonly Buffer[], run: (view: KeyView, reply: Reply) => void): void {
    const { session, isResp3 } = this;
    const { turn } = this.server;
    const bytes = new HeldReplies();
    const reply = new Reply(bytes, isResp3);
    this.later(
      (patience) =>
        transact({
          session,
          keys,
          turn,
          patience,
          run: (view) => {
            bytes.clear();
            run(view, reply);
          },
        }),
      (to) => to.raw(bytes.bytes.subarray(0, bytes.at)),
      { holds: true },
    );
  }

  batch(
    items: readonly BatchItem[],
    write: (reply: Reply, results: readonly BatchItemResult[]) => void,
  ): void {
    const { session } = this;
    this.later((patience) => session.batch(items, patience), write);
  }

  later<T>(
    work: (patience: Patience) => Promise<T>,
    write: (reply: Reply, result: T) => void,
    options?: LaterOptions,
  ): void {
    this.#replies.later(work, write, options);
  }

  hold(): void {
    this.#input.hold();
  }

  release(): void {
    if (!this.#isClosing) this.#input.release();
  }

  login(credentials: Credentials, write: (reply: Reply) => void): void {
    const { authenticator } = this.services;
    assert(authenticator !== undefined, 'there is someone to ask');
    this.#replies.unhurried();
    this.#replies.later(
      () => authenticator.authenticate(this.#host, credentials, () => !this.closed),
      (reply, account) => {
        this.#enter(account);
        reply.isResp3 = this.isResp3;
        write(reply);
      },
      { holds: true },
    );
  }

  #enter(account: Account): void {
    this.account = account;
    this.#limited = undefined;
    if (this.#state !== 'nameless') return;
    this.#state = 'open';
    this.#parser.isStranger = false;
    this.services.admission.greeted(this);
    this.#session = this.services.store.openSession(this.#replies);
  }

  closeAfterReply(): void {
    this.#isClosing = true;
    this.#input.hold();
  }

  reset(): void {
    this.transaction.end();
    this.isResp3 = false;
    this.clientName = '';
    if (this.services.authenticator === undefined || this.#state !== 'open') return;
    // nobody again, until the client says who it is
    this.account = NOBODY;
  }

  // ---- output

  flush(answeredMs?: number): void {
    this.#replies.flush(answeredMs);
    this.#input.goOn();
    this.#endIfServed();
  }

  // ---- time

  expire(nowMs: number): number {
    this.#replies.expire(nowMs);
    return this.#replies.nextDueMs;
  }

  sweep(nowMs: number): void {
    if (this.#state === 'closed') {
      if (this.#deadlines.lingeredEnough(nowMs)) this.#socket.destroy();
      return;
    }
    this.#replies.expire(nowMs);
    this.#input.goOn();
    this.#endIfServed();
    if (this.closed) return;
    const { pendingBytes, waitingBytes, caughtUpMs } = this.#output;
    const slowness = this.#pressure.slowness(pendingBytes - waitingBytes, caughtUpMs, nowMs);
    if (slowness !== undefined) {
      this.services.counters.slowConsumers += 1;
      this.disconnect(slowness);
    } else if (this.account.revoked) {
      // for UNAUTHENTICATED a client of Redis is told that its password is wrong
      this.disconnect(new CaskError('FORBIDDEN', revocationOf(this.account).message));
    } else {
      this.#sweepInput(nowMs);
    }
  }

  #sweepInput(nowMs: number): void {
    const isNameless = this.#state === 'nameless';
    const late = isNameless
      ? this.#deadlines.missedGreeting(nowMs, 'AUTH')
      : this.#deadlines.missedFrame(nowMs, this.#input.progress);
    if (late !== undefined) {
      this.disconnect(late);
      return;
    }
    if (isNameless) return;
    const isBusy = this.#input.busy || this.#replies.inFlight > 0;
    if (!isBusy && this.#deadlines.isQuiet(nowMs)) this.#output.rest();
    if (this.#deadlines.idleness(nowMs, isBusy) !== 'over') return;
    const { idleTimeoutMs } = this.services.limits;
    const message = `nothing was sent for ${idleTimeoutMs} ms`;
    this.services.countError(limitError('IDLE_TIMEOUT', message, 'idleTimeoutMs', idleTimeoutMs));
    // a client takes what comes unasked for the answer to its next command
    this.end();
  }

  // ---- the end

  drain(reason: string, _graceMs: number): void {
    if (this.#state === 'nameless') this.disconnect(new CaskError('SHUTTING_DOWN', reason));
    if (this.#state !== 'open') return;
    this.#state = 'draining';
    this.#refusing = !this.#input.busy;
  }

  disconnect(error: CaskError): void {
    if (this.#state === 'closed') return;
    this.services.countError(error);
    if (this.#replies.inFlight === 0) writeError(this.#output.buffer, error);
    this.end();
  }

  kill(error: CaskError): void {
    const { counters, log } = this.services;
    counters.connectionsKilled += 1;
    log('info', 'client-killed', { clientId: this.clientId, reason: error.message });
    this.end();
  }

  reject(error: CaskError): void {
    this.disconnect(error);
  }

  end(): void {
    if (this.#state === 'closed') return;
    this.#leave();
    this.#deadlines.lingerFrom(performance.now());
    this.#output.end();
    // what still comes is read and dropped: unread bytes would turn the close into a reset
    this.#socket.resume();
  }

  destroy(): void {
    this.#leave();
    this.#socket.destroy();
  }

  /** Closes once everything is answered, where nothing more is to be. */
  #endIfServed(): void {
    if (this.#state === 'closed') return;
    if (this.#isClosing) {
      if (this.#replies.inFlight === 0) this.end();
      return;
    }
    if (!this.#inputEnded || !this.idle) return;
    if (this.#input.midFrame) this.services.counters.truncatedStreams += 1;
    this.end();
  }

  #leave(): void {
    this.#state = 'closed';
    this.#session?.close();
    this.#session = undefined;
    this.#replies.close();
    this.#input.close();
    this.transaction.end();
  }
}
