import type { PlainValue } from '../../protocol/msgpack-writer.ts';
import { OP_MERGE } from '../../protocol/op-codes.ts';
import { encodeReply } from '../../protocol/reply-writer.ts';
import type { Facts } from '../served-store.ts';
import type { Command, LaterAnswer } from './command.ts';

/** A merge that nobody waits for goes on, and it survives being cut off. */
const MERGE_RESULT: LaterAnswer<Facts> = {
  encode: (out, id, result) => encodeReply(out, id, [result as PlainValue]),
  cancellable: true,
  leftAtShutdown: true,
  goesOn: true,
};

/** MERGE action?: run (answered when it is done), status, pause, resume. */
export const merge: Command = {
  op: OP_MERGE,
  role: 'admin',
  reach: 'server',
  run(context, request) {
    const action = request.readMerge();
    const { store } = context.services;
    if (action === 'run') {
      context.answerLater(request.id, store.merge(), MERGE_RESULT);
      return;
    }
    if (action === 'pause') store.pauseMerge();
    if (action === 'resume') store.resumeMerge();
    encodeReply(context.out, request.id, [store.mergeStatus() as PlainValue]);
    context.answered();
  },
};
