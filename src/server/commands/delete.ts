import { OP_DELETE } from '../../protocol/op-codes.ts';
import type { Command } from './command.ts';

/** DELETE key, condition?. Answered through the connection's `ReplySink`. */
export const deleteKey: Command = {
  op: OP_DELETE,
  role: 'write',
  reach: 'session',
  run({ session, token }, request) {
    request.readDelete();
    const { buffer, keyStart, keyBytes, condition } = request;
    session.delete(buffer, keyStart, keyBytes, condition, token);
  },
};
