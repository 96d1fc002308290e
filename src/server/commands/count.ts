import { OP_COUNT } from '../../protocol/op-codes.ts';
import { encodeCountReply } from '../../protocol/reply-writer.ts';
import { newPatience } from '../../storage/patience.ts';
import type { Command, LaterAnswer } from './command.ts';
import { refuseWhileLoading } from './loading.ts';

const COUNT: LaterAnswer<number> = { encode: encodeCountReply, cancellable: true };

/** COUNT start?, end?, prefix?: the exact number of keys, of all or within a range. */
export const count: Command = {
  op: OP_COUNT,
  role: 'read',
  reach: 'session',
  run(context, request) {
    const range = request.readCount();
    if (refuseWhileLoading(context, request.id)) return;
    const patience = newPatience();
    const work = context.session.count(range, patience);
    context.answerLater(request.id, work, COUNT, patience);
  },
};
