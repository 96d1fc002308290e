import { OP_BATCH } from '../../protocol/op-codes.ts';
import { encodeBatchReply } from '../../protocol/reply-writer.ts';
import type { Command } from './command.ts';

/** BATCH items: all or nothing. */
export const batch: Command = {
  op: OP_BATCH,
  role: 'write',
  run(context, request) {
    const items = request.readBatch(context.services.limits.maxBatchItems);
    context.services.counters.batchItems += items.length;
    context.answerLater(request.id, context.session.batch(items), {
      encode: encodeBatchReply,
      cancellable: false,
    });
  },
};
