import { OP_COUNT } from '../../protocol/op-codes.ts';
import { encodeCountReply } from '../../protocol/reply-writer.ts';
import type { Command } from './command.ts';
import { refuseWhileLoading } from './loading.ts';

/** COUNT start?, end?, prefix?: the exact number of keys, of all or within a range. */
export const count: Command = {
  op: OP_COUNT,
  role: 'read',
  run(context, request) {
    const range = request.readCount();
    if (refuseWhileLoading(context, request.id)) return;
    context.answerLater(request.id, context.session.count(range), {
      encode: encodeCountReply,
      cancellable: true,
    });
  },
};
