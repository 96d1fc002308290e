import { CaskError } from '../../errors/cask-error.ts';
import { OP_AUTH } from '../../protocol/op-codes.ts';
import { encodeReply } from '../../protocol/reply-writer.ts';
import type { Command } from './command.ts';

/** AUTH user, password: who asks from here on. A failed one leaves things as they were. */
export const auth: Command = {
  op: OP_AUTH,
  role: 'anyone',
  reach: 'session',
  run(context, request) {
    const credentials = request.readAuth();
    const { id } = request;
    if (context.services.authenticator === undefined) {
      context.refuse(id, new CaskError('UNSUPPORTED', 'no users are configured here'));
      return;
    }
    context.login(id, credentials, () => encodeReply(context.out, id, []));
  },
};
