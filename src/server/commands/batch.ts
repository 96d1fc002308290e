import { OP_BATCH } from '../../protocol/op-codes.ts';
import { encodeBatchReply } from '../../protocol/reply-writer.ts';
import { newPatience } from '../../storage/patience.ts';
import type { BatchItemResult } from '../../vocabulary/entry.ts';
import type { Command, LaterAnswer } from './command.ts';

const RESULTS: LaterAnswer<readonly BatchItemResult[]> = {
  encode: encodeBatchReply,
  cancellable: false,
};

/** BATCH items: all or nothing. */
export const batch: Command = {
  op: OP_BATCH,
  role: 'write',
  reach: 'session',
  run(context, request) {
    const items = request.readBatch(context.services.limits.maxBatchItems);
    context.services.counters.batchItems += items.length;
    const patience = newPatience();
    const work = context.session.batch(items, patience);
    context.answerLater(request.id, work, RESULTS, patience);
  },
};
