import { OP_PERSIST } from '../../protocol/op-codes.ts';
import { TTL_NONE } from '../../vocabulary/write-arguments.ts';
import type { AnsweringModifier } from './answering-modifier.ts';
import type { Command } from './command.ts';
import { Touch } from './touch.ts';

/** PERSIST key. Answered through the connection's `ReplySink`. */
export const persist: Command = {
  op: OP_PERSIST,
  role: 'write',
  reach: 'session',
  run({ session, token }, request) {
    request.readKey();
    const modifier: AnsweringModifier = new Touch(TTL_NONE);
    session.modify(request.buffer, request.keyStart, request.keyBytes, modifier, token);
  },
};
