import { OP_GET } from '../../protocol/op-codes.ts';
import type { Command } from './command.ts';

/** GET key. Answered through the connection's `ReplySink`. */
export const get: Command = {
  op: OP_GET,
  role: 'read',
  reach: 'session',
  run({ session, token }, request) {
    request.readKey();
    session.get(request.buffer, request.keyStart, request.keyBytes, token);
  },
};
