import type { PlainValue } from '../../protocol/msgpack-writer.ts';
import { OP_SLOW_LOG } from '../../protocol/op-codes.ts';
import { encodeCountReply, encodeReply } from '../../protocol/reply-writer.ts';
import type { Command } from './command.ts';

/** The most that `slowLogEntries` may be. */
const ENTRIES_MAX = 1000;

/** SLOW_LOG get, count? or reset. */
export const slowLog: Command = {
  op: OP_SLOW_LOG,
  role: 'admin',
  reach: 'server',
  run(context, request) {
    const { action, numbers } = request.readAction(['get', 'reset'], 'count');
    const { slowLog: log } = context.services;
    if (action === 'reset') {
      encodeCountReply(context.out, request.id, log.reset());
    } else {
      const [count = ENTRIES_MAX] = numbers;
      const entries = log.newest(Math.min(count, ENTRIES_MAX)) as unknown as PlainValue;
      encodeReply(context.out, request.id, [entries, log.slowRequests]);
    }
    context.answered();
  },
};
