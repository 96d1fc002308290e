import type { PlainValue } from '../../protocol/msgpack-writer.ts';
import { OP_STATS } from '../../protocol/op-codes.ts';
import { encodeReply } from '../../protocol/reply-writer.ts';
import type { Command } from './command.ts';

/** STATS: the store's counters, and the server's under `server`. */
export const stats: Command = {
  op: OP_STATS,
  run(context, request) {
    request.readNothing();
    const { store, counters } = context.services;
    const all = { ...store.stats(), server: counters.snapshot() };
    encodeReply(context.out, request.id, [all as unknown as PlainValue]);
    context.answered();
  },
};
