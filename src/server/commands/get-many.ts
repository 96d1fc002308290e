import { OP_GET_MANY } from '../../protocol/op-codes.ts';
import { encodeGetManyReply, entriesReplyRoom } from '../../protocol/reply-writer.ts';
import type { Command } from './command.ts';

/** GET_MANY keys: in order, ending early once the reply is large. */
export const getMany: Command = {
  op: OP_GET_MANY,
  role: 'read',
  run(context, request) {
    const keys = request.readKeys(context.services.limits.maxBatchItems);
    context.answerLater(request.id, context.session.getMany(keys), {
      encode: encodeGetManyReply,
      bytes: entriesReplyRoom,
      items: (entries) => entries.length,
      cancellable: true,
    });
  },
};
