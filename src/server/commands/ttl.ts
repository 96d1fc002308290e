import { OP_TTL } from '../../protocol/op-codes.ts';
import type { OutputBuffer } from '../../protocol/output-buffer.ts';
import { encodeTtlReply } from '../../protocol/reply-writer.ts';
import { TtlReader } from '../../storage/modifiers/ttl-reader.ts';
import type { AnsweringModifier } from './answering-modifier.ts';
import type { Command } from './command.ts';

class Ttl extends TtlReader implements AnsweringModifier {
  encode(out: OutputBuffer, id: number): void {
    encodeTtlReply(out, id, this.ttlMs);
  }
}

/** TTL key: it changes nothing. Answered through the connection's `ReplySink`. */
export const ttl: Command = {
  op: OP_TTL,
  role: 'read',
  reach: 'session',
  run({ session, token }, request) {
    request.readKey();
    const modifier: AnsweringModifier = new Ttl();
    session.modify(request.buffer, request.keyStart, request.keyBytes, modifier, token);
  },
};
