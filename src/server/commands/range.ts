import { limitError } from '../../errors/limit-error.ts';
import { OP_RANGE } from '../../protocol/op-codes.ts';
import { encodeRangeReply, pageReplyRoom } from '../../protocol/reply-writer.ts';
import { newPatience } from '../../storage/patience.ts';
import type { PageView } from '../../vocabulary/page-view.ts';
import type { Command, LaterAnswer } from './command.ts';
import { refuseWhileLoading } from './loading.ts';

const PAGE: LaterAnswer<PageView> = {
  encode: encodeRangeReply,
  bytes: pageReplyRoom,
  items: ({ count }) => count,
  cancellable: true,
};

/** RANGE start, end, prefix, after, limit, flags: one page. */
export const range: Command = {
  op: OP_RANGE,
  role: 'read',
  reach: 'session',
  run(context, request) {
    const bounds = request.readRange();
    if (refuseWhileLoading(context, request.id)) return;
    const { maxRangeItems } = context.services.limits;
    if (bounds.limit !== undefined && bounds.limit > maxRangeItems) {
      const message = `limit is ${bounds.limit}; the most that a page holds is ${maxRangeItems}`;
      const error = limitError('LIMIT_EXCEEDED', message, 'maxRangeItems', maxRangeItems);
      context.refuse(request.id, error);
      return;
    }
    const patience = newPatience();
    const page = context.session.page(bounds, patience);
    if (page instanceof Promise) context.answerLater(request.id, page, PAGE, patience);
    else context.answerNow(request.id, page, PAGE);
  },
};
