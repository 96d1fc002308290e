import { OP_EXISTS } from '../../protocol/op-codes.ts';
import type { Command } from './command.ts';

/** EXISTS key. Answered through the connection's `ReplySink`. */
export const exists: Command = {
  op: OP_EXISTS,
  role: 'read',
  reach: 'session',
  run({ session, token }, request) {
    request.readKey();
    session.exists(request.buffer, request.keyStart, request.keyBytes, token);
  },
};
