import { OP_GET_AND_DELETE } from '../../protocol/op-codes.ts';
import type { OutputBuffer } from '../../protocol/output-buffer.ts';
import { encodeTakenReply } from '../../protocol/reply-writer.ts';
import type { Decision } from '../../storage/modifier.ts';
import { ValueTaker } from '../../storage/modifiers/value-taker.ts';
import type { EntryView, PutOutcome } from '../../storage/reply-sink.ts';
import type { AnsweringModifier } from './answering-modifier.ts';
import type { Command, CommandContext } from './command.ts';

class GetAndDelete extends ValueTaker implements AnsweringModifier {
  readonly #context: CommandContext;
  readonly #token: number;

  constructor(context: CommandContext) {
    super();
    this.#context = context;
    this.#token = context.token;
  }

  override apply(current: EntryView | undefined, decision: Decision): void {
    // a reply without room is refused before the value is gone
    if (current !== undefined) this.#context.holdValue(this.#token, current.valueBytes);
    super.apply(current, decision);
  }

  encode(out: OutputBuffer, id: number, { revision }: PutOutcome): void {
    encodeTakenReply(out, id, this.value, revision);
  }
}

/** GET_AND_DELETE key. Answered through the connection's `ReplySink`. */
export const getAndDelete: Command = {
  op: OP_GET_AND_DELETE,
  role: 'write',
  reach: 'session',
  run(context, request) {
    request.readKey();
    const { buffer, keyStart, keyBytes } = request;
    const modifier: AnsweringModifier = new GetAndDelete(context);
    context.session.modify(buffer, keyStart, keyBytes, modifier, context.token);
  },
};
