import { OP_GET } from '../../protocol/op-codes.ts';
import { SHAPES } from '../resp-replies.ts';
import type { KeyCommand } from './command.ts';
import { keyCommand } from './key-command.ts';

export const decideGet: KeyCommand = {
  needsValue: true,
  decide(_args, current, _decision, reply) {
    if (current === undefined) reply.null();
    else reply.bulkPart(current.buffer, current.valueStart, current.valueBytes);
  },
};

export const get = keyCommand(
  {
    name: 'get',
    arity: 2,
    flags: ['readonly', 'fast'],
    role: 'read',
    reach: 'session',
    op: OP_GET,
    group: 'string',
    since: '1.0.0',
    summary: 'Returns the string value of a key.',
    syntax: 'key',
  },
  decideGet,
  (context, args) => {
    context.expect(SHAPES.value);
    context.session.get(args.buffer, args.start(1), args.bytes(1), context.token);
  },
);
