import { CaskError } from '../../errors/cask-error.ts';
import type { PlainValue } from '../../protocol/msgpack-writer.ts';
import { OP_CONFIG } from '../../protocol/op-codes.ts';
import { encodeReply } from '../../protocol/reply-writer.ts';
import type { Command } from './command.ts';

/** CONFIG action, name?, value?: get one setting or all, set one. */
export const config: Command = {
  op: OP_CONFIG,
  role: 'admin',
  reach: 'server',
  run(context, request) {
    const { name, value } = request.readConfig();
    const { id } = request;
    const { configuration } = context.services;
    if (configuration === undefined) {
      context.refuse(id, new CaskError('UNSUPPORTED', 'this server has no settings of its own'));
      return;
    }
    const by = context.account.name || `client ${context.clientId}`;
    const answer =
      name === undefined || value === undefined
        ? configuration.get(name)
        : configuration.set(name, value, by);
    encodeReply(context.out, id, [answer as unknown as PlainValue]);
    context.answered();
  },
};
