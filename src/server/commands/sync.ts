import { OP_SYNC } from '../../protocol/op-codes.ts';
import { encodeSyncReply } from '../../protocol/reply-writer.ts';
import type { Command } from './command.ts';

/** SYNC: what was committed before is durable when this is answered. */
export const sync: Command = {
  op: OP_SYNC,
  role: 'write',
  reach: 'session',
  run(context, request) {
    request.readNothing();
    context.answerLater(request.id, context.services.store.sync(), {
      encode: encodeSyncReply,
      cancellable: true,
    });
  },
};
