import type { PlainValue } from '../../protocol/msgpack-writer.ts';
import { OP_SCRUB } from '../../protocol/op-codes.ts';
import { encodeBoolReply, encodeReply } from '../../protocol/reply-writer.ts';
import type { Facts } from '../served-store.ts';
import type { Command, LaterAnswer } from './command.ts';

/** A scrub that nobody waits for goes on. */
const SCRUB_RESULT: LaterAnswer<Facts> = {
  encode: (out, id, result) => encodeReply(out, id, [result as PlainValue]),
  cancellable: true,
  leftAtShutdown: true,
};

/** SCRUB action?, bytesPerSecond?: status, run (answered when it is done), stop. */
export const scrub: Command = {
  op: OP_SCRUB,
  role: 'admin',
  reach: 'server',
  run(context, request) {
    const { action, numbers } = request.readAction(['status', 'run', 'stop'], 'bytesPerSecond');
    const { store } = context.services;
    if (action === 'run') {
      const [bytesPerSecond] = numbers;
      context.answerLater(request.id, store.scrub({ bytesPerSecond }), SCRUB_RESULT);
      return;
    }
    if (action === 'stop') encodeBoolReply(context.out, request.id, store.stopScrub());
    else encodeReply(context.out, request.id, [store.scrubStatus() as PlainValue]);
    context.answered();
  },
};
