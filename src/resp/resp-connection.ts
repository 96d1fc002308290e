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
  type Credentials,
  NOBODY,
  refusalOf,
  revocationOf,
} from '../security/index.ts';
import { ClientConnection } from '../server/client-connection.ts';
import { ConnectionInput } from '../server/connection-input.ts';
import type { ServerServices } from '../server/server-services.ts';
import type { Patience } from '../storage/patience.ts';
import type { BatchItem, BatchItemResult } from '../vocabulary/entry.ts';
import type { KeyCommand, LaterOptions, RespCommand, RespContext } from './commands/command.ts';
import { findCommand, isArityWrong } from './commands/command-table.ts';
import { queueCommand } from './commands/multi.ts';
import { HeldReplies } from './held-replies.ts';
import type { KeyView } from './key-view.ts';
import { RespKeysAhead } from './keys-ahead.ts';
import { Reply } from './reply.ts';
import { AUTHENTICATION_REQUIRED } from './reply-text.ts';
import { writeError } from './reply-writer.ts';
import type { RespArguments } from './resp-arguments.ts';
import { RespParser } from './resp-parser.ts';
import { type RepliesOwner, RespReplies, type Shape } from './resp-replies.ts';
import type { RespServer } from './resp-server.ts';
import { transact } from './transact.ts';
import { Transaction } from './transaction.ts';

const UNKNOWN_OP = 0;
/** Of whichever connection looks ahead. */
const ahead = new RespKeysAhead();

export class RespConnection extends ClientConnection implements RespContext, RepliesOwner {
  readonly server: RespServer;
  isResp3 = false;
  readonly transaction = new Transaction();

  protected readonly input: ConnectionInput;
  protected readonly replies: RespReplies;
  readonly #parser: RespParser;
  #last: RespCommand | undefined;
  #isClosing = false;

  constructor(socket: Socket, services: ServerServices, server: RespServer, clientId: number) {
    super(socket, services, clientId, 'nameless');
    this.server = server;
    this.replies = new RespReplies(this, services, this.output, this.pressure);
    this.#parser = new RespParser(services.limits.maxFrameBytes);
    this.#parser.isStranger = true;
    const parts = [this.output, this.pressure, this.deadlines] as const;
    this.input = new ConnectionInput(this, { parser: this.#parser }, socket, ...parts);
  }

  protected get lastOperation(): string | undefined {
    return this.#last?.name;
  }

  onAccepted(): void {
    const account = this.accountWithoutPassword();
    if (account !== undefined) this.enter(account);
  }

  protected opened(): void {
    this.#parser.isStranger = false;
  }

  // ---- input

  inputBroken(error: CaskError): void {
    this.#isClosing = true;
    this.replies.begin(UNKNOWN_OP, 0, false);
    this.replies.refuse(this.token, error);
    this.replies.handled(0, 0);
    this.input.hold();
    this.endIfServed();
  }

  turnBegins(nowMs: number): void {
    this.replies.turnBegins(nowMs);
  }

  handleFrame(buffer: Buffer, start: number, end: number): void {
    if (this.#isClosing) return;
    this.fetchAhead(ahead, buffer, start, end);
    const { words } = this.#parser;
    const command = findCommand(words);
    const op = command?.op ?? UNKNOWN_OP;
    this.requests += 1;
    this.services.counters.countRequest(op);
    this.replies.begin(op, end - start, command?.role === 'write');
    try {
      this.#dispatch(command, words);
    } catch (thrown) {
      const error = toCaskError(thrown);
      if (error.code === 'INTERNAL') this.logBug(command?.name ?? 'unknown', error);
      this.replies.refuse(this.token, error);
    }
    this.replies.handled(words.count > 1 ? words.bytes(1) : 0, words.count);
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
    if (this.state === 'nameless') {
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
    if (this.state === 'draining' && this.isRefusing) {
      return new CaskError('SHUTTING_DOWN', 'the server is stopping; ask another');
    }
    if (this.state === 'nameless' && !this.admitsNameless()) this.#isClosing = true;
    if (command === undefined) return undefined;
    return refusalOf(account, command.name, command);
  }

  // ---- what commands use

  answer(write: (reply: Reply) => void): void {
    this.replies.answer(this.token, write);
  }

  ok(): void {
    this.replies.ok(this.token);
  }

  error(text: string): void {
    this.replies.errorText(this.token, text);
  }

  refuse(error: CaskError): void {
    this.replies.refuse(this.token, error);
  }

  expect(shape: Shape): void {
    this.replies.expect(shape);
  }

  gather(parts: number): void {
    this.replies.gather(parts);
  }

  takePart(): number {
    return this.replies.takePart();
  }

  takeItem(): number {
    return this.replies.takeItem();
  }

  modify(command: KeyCommand, args: RespArguments): void {
    const { token } = this;
    const modifier = this.replies.modifierFor(token, command, args);
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
    this.replies.later(work, write, options);
  }

  hold(): void {
    this.input.hold();
  }

  release(): void {
    if (!this.#isClosing) this.input.release();
  }

  login(credentials: Credentials, write: (reply: Reply) => void): void {
    const { authenticator } = this.services;
    assert(authenticator !== undefined, 'there is someone to ask');
    this.replies.unhurried();
    this.replies.later(
      () => authenticator.authenticate(this.host, credentials, () => !this.closed),
      (reply, account) => {
        this.enter(account);
        reply.isResp3 = this.isResp3;
        write(reply);
      },
      { holds: true },
    );
  }

  closeAfterReply(): void {
    this.#isClosing = true;
    this.input.hold();
  }

  reset(): void {
    this.transaction.end();
    this.isResp3 = false;
    this.clientName = '';
    if (this.services.authenticator === undefined || this.state !== 'open') return;
    // nobody again, until the client says who it is
    this.account = NOBODY;
  }

  // ---- time

  /** For UNAUTHENTICATED a client of Redis is told that its password is wrong. */
  protected override revocation(): CaskError {
    return new CaskError('FORBIDDEN', revocationOf(this.account).message);
  }

  protected sweepInput(nowMs: number): void {
    const isNameless = this.state === 'nameless';
    const late = isNameless
      ? this.deadlines.missedGreeting(nowMs, 'AUTH')
      : this.deadlines.missedFrame(nowMs, this.input.progress);
    if (late !== undefined) {
      this.disconnect(late);
      return;
    }
    if (isNameless) return;
    const isBusy = this.input.busy || this.replies.inFlight > 0;
    if (!isBusy && this.deadlines.isQuiet(nowMs)) this.output.rest();
    if (this.deadlines.idleness(nowMs, isBusy) !== 'over') return;
    const { idleTimeoutMs } = this.services.limits;
    const message = `nothing was sent for ${idleTimeoutMs} ms`;
    this.services.countError(limitError('IDLE_TIMEOUT', message, 'idleTimeoutMs', idleTimeoutMs));
    // a client takes what comes unasked for the answer to its next command
    this.end();
  }

  // ---- the end

  drain(reason: string, _graceMs: number): void {
    if (this.state === 'nameless') this.disconnect(new CaskError('SHUTTING_DOWN', reason));
    if (this.state !== 'open') return;
    this.state = 'draining';
    this.isRefusing = !this.input.busy;
  }

  disconnect(error: CaskError): void {
    if (this.state === 'closed') return;
    this.services.countError(error);
    if (this.replies.inFlight === 0) writeError(this.output.buffer, error);
    this.end();
  }

  kill(error: CaskError): void {
    this.noteKilled(error);
    this.end();
  }

  reject(error: CaskError): void {
    this.disconnect(error);
  }

  protected override endIfServed(): void {
    if (!this.#isClosing) super.endIfServed();
    else if (!this.closed && this.replies.inFlight === 0) this.end();
  }

  protected override leave(): void {
    super.leave();
    this.transaction.end();
  }
}
