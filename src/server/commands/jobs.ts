import { CaskError } from '../../errors/cask-error.ts';
import type { PlainValue } from '../../protocol/msgpack-writer.ts';
import { OP_JOBS } from '../../protocol/op-codes.ts';
import { encodeBoolReply, encodeReply } from '../../protocol/reply-writer.ts';
import type { Command } from './command.ts';

/** JOBS list, or status, id, or cancel, id. */
export const jobs: Command = {
  op: OP_JOBS,
  role: 'admin',
  reach: 'server',
  run(context, request) {
    const { action, numbers } = request.readAction(['list', 'status', 'cancel'], 'id');
    const registry = context.services.store.jobs;
    const [id] = numbers;
    if (action === 'list') {
      encodeReply(context.out, request.id, [registry.list() as unknown as PlainValue]);
    } else if (id === undefined) {
      context.refuse(request.id, new CaskError('BAD_REQUEST', `${action} needs the id of a job`));
      return;
    } else if (action === 'status') {
      encodeReply(context.out, request.id, [registry.status(id) as unknown as PlainValue]);
    } else {
      encodeBoolReply(context.out, request.id, registry.cancel(id));
    }
    context.answered();
  },
};
