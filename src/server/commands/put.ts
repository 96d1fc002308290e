import { OP_PUT } from '../../protocol/op-codes.ts';
import type { Command } from './command.ts';

/** PUT key, value, condition?, ttl?. Answered through the connection's `ReplySink`. */
export const put: Command = {
  op: OP_PUT,
  role: 'write',
  reach: 'session',
  run({ session, token }, request) {
    request.readPut();
    const { buffer } = request;
    session.put(
      buffer,
      request.keyStart,
      request.keyBytes,
      buffer,
      request.valueStart,
      request.valueBytes,
      request.condition,
      request.ttlMs,
      token,
    );
  },
};
