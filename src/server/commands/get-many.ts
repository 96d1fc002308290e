import { OP_GET_MANY } from '../../protocol/op-codes.ts';
import { encodeGetManyReply, entriesReplyRoom } from '../../protocol/reply-writer.ts';
import type { DamagedEntry, Entry } from '../../storage/entry.ts';
import { newPatience } from '../../storage/patience.ts';
import type { Command, LaterAnswer } from './command.ts';

const ENTRIES: LaterAnswer<(Entry | DamagedEntry | undefined)[]> = {
  encode: encodeGetManyReply,
  bytes: entriesReplyRoom,
  items: (entries) => entries.length,
  cancellable: true,
};

/** GET_MANY keys: in order, ending early once the reply is large. */
export const getMany: Command = {
  op: OP_GET_MANY,
  role: 'read',
  reach: 'session',
  run(context, request) {
    const keys = request.readKeys(context.services.limits.maxBatchItems);
    const patience = newPatience();
    const work = context.session.getMany(keys, patience);
    context.answerLater(request.id, work, ENTRIES, patience);
  },
};
