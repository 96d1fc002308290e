import { CaskError } from '../../errors/cask-error.ts';
import { helloReplyMap } from '../../protocol/hello.ts';
import { OP_HELLO } from '../../protocol/op-codes.ts';
import { encodeReply } from '../../protocol/reply-writer.ts';
import { NOBODY } from '../../security/index.ts';
import type { Command, CommandContext } from './command.ts';

const SERVER_NAME = 'caskd';
/** A single node is epoch 1 of the replicated case. */
const EPOCH = 1;

/** HELLO {client, version, auth?}: the connection is open from here, if its user is known. */
export const hello: Command = {
  op: OP_HELLO,
  role: 'anyone',
  reach: 'session',
  run(context, request) {
    const { client, auth } = request.readHello();
    const { id } = request;
    if (!context.greet(client)) {
      context.refuse(id, new CaskError('BAD_REQUEST', 'HELLO was said already'));
      return;
    }
    const { authenticator } = context.services;
    if (auth === undefined || authenticator === undefined) {
      const isWanted = authenticator !== undefined && context.account === NOBODY;
      answer(context, id, isWanted);
      context.answered();
    } else {
      context.login(id, auth, () => answer(context, id, true));
    }
  },
};

/** @param auth are user and password wanted */
function answer(context: CommandContext, id: number, auth: boolean): void {
  const { identity, limits, tls } = context.services;
  const { clientId } = context;
  const facts = { server: SERVER_NAME, ...identity, clientId, limits, epoch: EPOCH };
  const reply = helloReplyMap({ ...facts, auth, tls, now: Date.now() });
  encodeReply(context.out, id, [reply]);
}
