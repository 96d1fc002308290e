import { CaskError } from '../../errors/cask-error.ts';
import { helloReplyMap } from '../../protocol/hello.ts';
import { OP_HELLO } from '../../protocol/op-codes.ts';
import { encodeReply } from '../../protocol/reply-writer.ts';
import type { Command } from './command.ts';

const SERVER_NAME = 'caskd';
/** A single node is epoch 1 of the replicated case. */
const EPOCH = 1;

/** HELLO {client, version}: the connection is open from here. */
export const hello: Command = {
  op: OP_HELLO,
  run(context, request) {
    const { client } = request.readHello();
    if (!context.greet(client)) {
      context.refuse(request.id, new CaskError('BAD_REQUEST', 'HELLO was said already'));
      return;
    }
    const { identity, limits } = context.services;
    const { clientId } = context;
    const facts = { server: SERVER_NAME, ...identity, clientId, limits, epoch: EPOCH };
    const reply = helloReplyMap({ ...facts, auth: false, tls: false, now: Date.now() });
    encodeReply(context.out, request.id, [reply]);
    context.answered();
  },
};
