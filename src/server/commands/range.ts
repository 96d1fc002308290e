import { limitError } from '../../errors/limit-error.ts';
import { OP_RANGE } from '../../protocol/op-codes.ts';
import { encodeRangeReply, entriesReplyRoom } from '../../protocol/reply-writer.ts';
import type { DamagedEntry, Entry, KeyEntry, RangePage } from '../../storage/entry.ts';
import { newPatience } from '../../storage/patience.ts';
import type { Command, LaterAnswer } from './command.ts';
import { refuseWhileLoading } from './loading.ts';

type Page = RangePage<Entry | DamagedEntry | KeyEntry>;

const PAGE: LaterAnswer<Page> = {
  encode: (out, id, { entries, more }) => encodeRangeReply(out, id, entries, more),
  bytes: ({ entries }) => entriesReplyRoom(entries),
  items: ({ entries }) => entries.length,
  cancellable: true,
};

/** RANGE start, end, prefix, after, limit, flags: one page. */
export const range: Command = {
  op: OP_RANGE,
  role: 'read',
  reach: 'session',
  run(context, request) {
    const { keysOnly, ...bounds } = request.readRange();
    if (refuseWhileLoading(context, request.id)) return;
    const { maxRangeItems } = context.services.limits;
    if (bounds.limit !== undefined && bounds.limit > maxRangeItems) {
      const message = `limit is ${bounds.limit}; the most that a page holds is ${maxRangeItems}`;
      const error = limitError('LIMIT_EXCEEDED', message, 'maxRangeItems', maxRangeItems);
      context.refuse(request.id, error);
      return;
    }
    const { session } = context;
    const patience = newPatience();
    const page: Promise<Page> = keysOnly
      ? session.range({ ...bounds, keysOnly }, patience)
      : session.range(bounds, patience);
    context.answerLater(request.id, page, PAGE, patience);
  },
};
