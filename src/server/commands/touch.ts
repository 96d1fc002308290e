import { OP_TOUCH } from '../../protocol/op-codes.ts';
import type { OutputBuffer } from '../../protocol/output-buffer.ts';
import { encodeDeleteReply } from '../../protocol/reply-writer.ts';
import { Toucher } from '../../storage/modifiers/toucher.ts';
import type { PutOutcome } from '../../storage/reply-sink.ts';
import type { AnsweringModifier } from './answering-modifier.ts';
import type { Command } from './command.ts';

/** Of TOUCH and PERSIST. */
export class Touch extends Toucher implements AnsweringModifier {
  encode(out: OutputBuffer, id: number, outcome: PutOutcome): void {
    encodeDeleteReply(out, id, this.isChanged ? outcome.revision : 0);
  }
}

/** TOUCH key, ttl?, expiresAt?. Answered through the connection's `ReplySink`. */
export const touch: Command = {
  op: OP_TOUCH,
  role: 'write',
  reach: 'session',
  run({ session, token }, request) {
    request.readTouch();
    const modifier: AnsweringModifier = new Touch(request.ttlMs);
    session.modify(request.buffer, request.keyStart, request.keyBytes, modifier, token);
  },
};
