/**
 * A read-modify-write of one key on its way through the engine. What it computes is kept as the
 * bytes of the reply, until the write is committed. Used again and again: no object per request.
 */

import { toCaskError } from '../errors/cask-error.ts';
import type { Decision, Modifier } from '../storage/modifier.ts';
import type { EntryView } from '../storage/reply-sink.ts';
import type { KeyCommand } from './commands/command.ts';
import { HeldReplies } from './held-replies.ts';
import { Reply } from './reply.ts';
import { RespArguments } from './resp-arguments.ts';

/** A reply is a number mostly; many of these are waiting at a time. */
const REPLY_BYTES = 64;
const NO_ARGUMENTS = new RespArguments(1);

export class PooledModifier implements Modifier {
  needsValue = true;
  isApplied = false;
  readonly bytes = new HeldReplies(REPLY_BYTES);
  readonly #reply = new Reply(this.bytes, false);
  readonly #own = new RespArguments();
  #command: KeyCommand | undefined;
  #args: RespArguments = NO_ARGUMENTS;

  begin(command: KeyCommand, args: RespArguments, isResp3: boolean): void {
    this.needsValue = command.needsValue;
    this.isApplied = false;
    this.#command = command;
    this.#args = args;
    this.#reply.isResp3 = isResp3;
    this.bytes.clear();
  }

  /** The engine will decide later: the words are needed for longer than they lie where they are. */
  keepArguments(): void {
    this.#own.assign(this.#args);
    this.#args = this.#own;
  }

  apply(current: EntryView | undefined, decision: Decision): void {
    this.isApplied = true;
    this.bytes.clear();
    try {
      this.#command?.decide(this.#args, current, decision, this.#reply);
    } catch (thrown) {
      // worded as Redis has it where the arguments are to blame
      throw toCaskError(thrown);
    }
  }

  release(): void {
    this.#command = undefined;
    this.#args = NO_ARGUMENTS;
    this.bytes.clear();
  }
}
