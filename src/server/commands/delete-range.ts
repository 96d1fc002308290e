import { OP_DELETE_RANGE } from '../../protocol/op-codes.ts';
import { encodeDeleteRangeReply } from '../../protocol/reply-writer.ts';
import type { ProgressListener } from '../../vocabulary/entry.ts';
import type { Command, CommandContext } from './command.ts';
import { refuseWhileLoading } from './loading.ts';

/** Pushes of progress are at least so far apart. */
const PROGRESS_MS = 100;

/**
 * DELETE_RANGE start?, end?, prefix?, flags?: a job, answered when it is done. CANCEL stops it;
 * it goes on when the connection is gone.
 */
export const deleteRange: Command = {
  op: OP_DELETE_RANGE,
  role: 'write',
  reach: 'session',
  run(context, request) {
    const { wantsProgress, ...range } = request.readDeleteRange();
    const { id } = request;
    if (refuseWhileLoading(context, id)) return;
    const stop = new AbortController();
    const { signal } = stop;
    const onProgress = wantsProgress ? progressOf(context, id) : undefined;
    context.answerLater(id, context.session.deleteRange({ ...range, signal, onProgress }), {
      encode: encodeDeleteRangeReply,
      cancellable: true,
      goesOn: true,
      stop: () => stop.abort(),
    });
  },
};

function progressOf(context: CommandContext, id: number): ProgressListener {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (done, total) => {
    const nowMs = performance.now();
    if (nowMs - lastMs < PROGRESS_MS) return;
    lastMs = nowMs;
    context.pushProgress(id, done, total);
  };
}
