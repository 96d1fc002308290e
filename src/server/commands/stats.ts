import type { PlainValue } from '../../protocol/msgpack-writer.ts';
import { OP_STATS } from '../../protocol/op-codes.ts';
import { encodeReply } from '../../protocol/reply-writer.ts';
import { allFacts } from '../server-stats.ts';
import type { Command } from './command.ts';

/** STATS: everything that is counted. */
export const stats: Command = {
  op: OP_STATS,
  role: 'read',
  reach: 'server',
  run(context, request) {
    request.readNothing();
    encodeReply(context.out, request.id, [allFacts(context.services) as PlainValue]);
    context.answered();
  },
};
