import type { PlainValue } from '../../protocol/msgpack-writer.ts';
import { OP_STATS } from '../../protocol/op-codes.ts';
import { encodeReply } from '../../protocol/reply-writer.ts';
import { serverStats } from '../server-stats.ts';
import type { Command } from './command.ts';

/** STATS: the store's counters, and the server's under `server`. */
export const stats: Command = {
  op: OP_STATS,
  role: 'read',
  run(context, request) {
    request.readNothing();
    const { services } = context;
    const { store, authenticator } = services;
    const who = authenticator === undefined ? {} : { authentication: authenticator.stats() };
    const all = { ...store.stats(), server: serverStats(services), ...who };
    encodeReply(context.out, request.id, [all as unknown as PlainValue]);
    context.answered();
  },
};
