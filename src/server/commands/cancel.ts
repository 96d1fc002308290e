import { OP_CANCEL } from '../../protocol/op-codes.ts';
import { encodeBoolReply } from '../../protocol/reply-writer.ts';
import type { Command } from './command.ts';

/**
 * CANCEL id: was it still unanswered. GET, PUT, DELETE and EXISTS are not kept track of one by
 * one, since their answers are on their way; for them this says false.
 */
export const cancel: Command = {
  op: OP_CANCEL,
  role: 'read',
  reach: 'session',
  run(context, request) {
    const waiting = context.cancel(request.readCancel());
    encodeBoolReply(context.out, request.id, waiting);
    context.answered();
  },
};
