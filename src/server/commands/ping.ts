import { OP_PING } from '../../protocol/op-codes.ts';
import { encodePingReply } from '../../protocol/reply-writer.ts';
import type { Command } from './command.ts';

/** PING payload?: the payload and the server's time. */
export const ping: Command = {
  op: OP_PING,
  role: 'anyone',
  reach: 'session',
  run(context, request) {
    const payload = request.readPing();
    encodePingReply(context.out, request.id, payload, Date.now());
    context.answered();
  },
};
