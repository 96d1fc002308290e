import { OP_INCR } from '../../protocol/op-codes.ts';
import type { OutputBuffer } from '../../protocol/output-buffer.ts';
import { encodeIncrReply } from '../../protocol/reply-writer.ts';
import { Incrementer } from '../../storage/modifiers/incrementer.ts';
import type { PutOutcome } from '../../storage/reply-sink.ts';
import type { AnsweringModifier } from './answering-modifier.ts';
import type { Command } from './command.ts';

class Incr extends Incrementer implements AnsweringModifier {
  encode(out: OutputBuffer, id: number, outcome: PutOutcome): void {
    encodeIncrReply(out, id, this.sum, outcome);
  }
}

/** INCR key, by?. Answered through the connection's `ReplySink`. */
export const incr: Command = {
  op: OP_INCR,
  role: 'write',
  reach: 'session',
  run({ session, token }, request) {
    const modifier: AnsweringModifier = new Incr(request.readIncr());
    session.modify(request.buffer, request.keyStart, request.keyBytes, modifier, token);
  },
};
