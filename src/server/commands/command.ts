/** What a command is, and what it sees of the connection that asked. */

import type { CaskError } from '../../errors/cask-error.ts';
import type { OutputBuffer } from '../../protocol/output-buffer.ts';
import type { RequestReader } from '../../protocol/request-reader.ts';
import type { Account, Credentials, Need } from '../../security/index.ts';
import type { Patience } from '../../storage/patience.ts';
import type { Session } from '../../storage/session.ts';
import type { ServerServices } from '../server-services.ts';

export interface CommandContext {
  readonly services: ServerServices;
  /** Who asks. */
  readonly account: Account;
  /** The session of this connection; there is one once its user is known. */
  readonly session: Session;
  readonly clientId: number;
  /** Of the request at hand: under it the session answers. */
  readonly token: number;
  /** Replies are encoded here; `answered()` follows each. */
  readonly out: OutputBuffer;
  /** Says that the one reply to the request at hand stands in `out`. */
  answered(): void;
  /** Answers the request at hand with an error. */
  refuse(id: number, error: CaskError): void;
  /** Answers the request at hand with `encode` now, if there is room for it. */
  answerNow<T>(id: number, result: T, how: LaterAnswer<T>): void;
  /**
   * Answers with `encode` when the work is done, or with its error; `cancel`, or the end of its
   * time, may come first, and is then seen in its patience.
   */
  answerLater<T>(id: number, work: Promise<T>, how: LaterAnswer<T>, patience?: Patience): void;
  /**
   * Counts a value that is taken out of the store until its request is answered.
   * @throws CaskError BUSY: there is no room for the reply
   */
  holdValue(token: number, bytes: number): void;
  /** Tells how far the work is that a request asked for; nothing where output waits already. */
  pushProgress(id: number, done: number, total: number | undefined): void;
  /** Answers a request with CANCELLED, if it waits and can be left alone. @returns did it wait */
  cancel(id: number): boolean;
  /** HELLO is done. @returns false: it was done before */
  greet(client: string): boolean;
  /**
   * Finds out who the client is, then answers with `encode`; what it sends meanwhile waits. A
   * failure is the answer otherwise, and ends a connection that has no user yet.
   */
  login(id: number, credentials: Credentials, encode: () => void): void;
}

export interface LaterAnswer<T> {
  encode(out: OutputBuffer, id: number, result: T): void;
  /** About the size of the reply, where it can be large. */
  bytes?(result: T): number;
  /** How many items it has, where it has any. */
  items?(result: T): number;
  /** CANCEL answers at once and the result is dropped. False: it is carried out in any case. */
  readonly cancellable: boolean;
  /** CANCEL calls this instead, and the answer comes once the work has stopped. */
  readonly stop?: () => void;
  /** Not waited for when the server stops. */
  readonly leftAtShutdown?: boolean;
  /** It takes as long as it takes, and goes on when nobody waits: it has only its own deadline. */
  readonly goesOn?: boolean;
}

/**
 * Reads its arguments (what the reader throws becomes the reply) and sees to exactly one reply.
 */
export interface Command {
  readonly op: number;
  /** What the user must have, and how far it reaches; looked at in `dispatch.ts`, before the command runs. */
  readonly role: Need['role'];
  readonly reach: Need['reach'];
  run(context: CommandContext, request: RequestReader): void;
}
