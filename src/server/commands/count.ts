import { OP_COUNT } from '../../protocol/op-codes.ts';
import { encodeCountReply } from '../../protocol/reply-writer.ts';
import type { Command } from './command.ts';
import { refuseWhileLoading } from './loading.ts';

/** COUNT: the exact number of keys. */
export const count: Command = {
  op: OP_COUNT,
  role: 'read',
  run(context, request) {
    request.readNothing();
    if (refuseWhileLoading(context, request.id)) return;
    context.answerLater(request.id, context.session.count(), {
      encode: encodeCountReply,
      cancellable: true,
    });
  },
};
