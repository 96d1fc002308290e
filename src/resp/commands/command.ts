/** What a command of Redis is here, and what it sees of the connection that asked. */

import type { CaskError } from '../../errors/cask-error.ts';
import type { Account, Credentials, Need } from '../../security/index.ts';
import type { ServerServices } from '../../server/server-services.ts';
import type { Decision } from '../../storage/modifier.ts';
import type { Patience } from '../../storage/patience.ts';
import type { EntryView } from '../../storage/reply-sink.ts';
import type { Session } from '../../storage/session.ts';
import type { BatchItem, BatchItemResult } from '../../vocabulary/entry.ts';
import type { KeyView } from '../key-view.ts';
import type { Reply } from '../reply.ts';
import type { RespArguments } from '../resp-arguments.ts';
import type { Shape } from '../resp-replies.ts';
import type { RespServer } from '../resp-server.ts';
import type { Transaction } from '../transaction.ts';

export interface RespContext {
  readonly services: ServerServices;
  readonly server: RespServer;
  readonly account: Account;
  readonly session: Session;
  readonly clientId: number;
  /** `host:port` of the client. */
  readonly address: string;
  clientName: string;
  isResp3: boolean;
  /** Of the request at hand. */
  readonly token: number;
  readonly transaction: Transaction;

  /** Answers the request at hand. */
  answer(write: (reply: Reply) => void): void;
  ok(): void;
  error(text: string): void;
  refuse(error: CaskError): void;
  /** How the session's answer to the request at hand becomes a reply. */
  expect(shape: Shape): void;
  /** The request at hand is answered with the sum of so many answers of the session. */
  gather(parts: number): void;
  takePart(): number;
  /** A place in the order of replies behind that at hand, for the value of a key. */
  takeItem(): number;
  /** Reads, decides and writes the key of a command as one. */
  modify(command: KeyCommand, args: RespArguments): void;
  /** Reads and writes several keys as one; what is sent behind it waits. */
  transact(keys: readonly Buffer[], run: (view: KeyView, reply: Reply) => void): void;
  /** Writes several keys as one, in the order of the writes of the connection. */
  batch(
    items: readonly BatchItem[],
    write: (reply: Reply, results: readonly BatchItemResult[]) => void,
  ): void;
  /** Answers when the work is done, or with its error. */
  later<T>(
    work: (patience: Patience) => Promise<T>,
    write: (reply: Reply, result: T) => void,
    options?: LaterOptions,
  ): void;
  /** Who the client is; `write` is the answer if that is so. */
  login(credentials: Credentials, write: (reply: Reply) => void): void;
  /** The connection closes once the reply to the request at hand has left. */
  closeAfterReply(): void;
  /** Back to how a connection begins. */
  reset(): void;
}

export interface LaterOptions {
  /** What is sent behind it waits for it: it reads, and not at once. */
  readonly holds?: boolean;
}

/** Where the keys stand among the words, as COMMAND has it. */
export type KeyPositions = readonly [first: number, last: number, step: number];

export interface RespCommand {
  /** In lower case. */
  readonly name: string;
  /** Words, the name included; negative: at least so many. */
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  readonly keys: KeyPositions;
  readonly role: Need['role'];
  readonly reach: Need['reach'];
  /** The operation under which it is counted and timed. */
  readonly op: number;
  readonly group:
    | 'connection'
    | 'server'
    | 'generic'
    | 'string'
    | 'transactions'
    | 'scripting'
    | 'cask';
  /** The version of Redis that brought it; of caskd for its own. */
  readonly since: string;
  /** One line. */
  readonly summary: string;
  /** For hints: words as the reference of Redis writes them, e.g. `key [NX|XX]`. */
  readonly syntax: string;
  readonly subcommands?: readonly string[];
  run(context: RespContext, args: RespArguments): void;
  /** The same within EXEC; without it MULTI does not take the command. */
  inTransaction?(args: RespArguments, view: KeyView, reply: Reply): void;
  /** Keys where positions do not tell. */
  keysOf?(args: RespArguments): Buffer[];
}

export type CommandFlag =
  | 'write'
  | 'readonly'
  | 'denyoom'
  | 'admin'
  | 'fast'
  | 'loading'
  | 'stale'
  | 'noscript'
  | 'no_auth'
  | 'skip_monitor'
  | 'allow_busy'
  | 'no_multi';

/** A command on one key that reads, decides and writes: its key is the word behind the name. */
export interface KeyCommand {
  readonly needsValue: boolean;
  decide(
    args: RespArguments,
    current: EntryView | undefined,
    decision: Decision,
    reply: Reply,
  ): void;
}
