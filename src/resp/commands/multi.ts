/** Transactions: MULTI, EXEC, DISCARD, WATCH, UNWATCH. */

import { OP_BATCH, OP_GET_MANY } from '../../protocol/op-codes.ts';
import { HeldReplies } from '../held-replies.ts';
import { Reply } from '../reply.ts';
import { QUEUED } from '../reply-writer.ts';
import type { RespArguments } from '../resp-arguments.ts';
import { readEntries, transact } from '../transact.ts';
import type { QueuedCommand } from '../transaction.ts';
import type { RespCommand, RespContext } from './command.ts';
import { wordsFrom } from './keys.ts';

const described = {
  keys: [0, 0, 0],
  role: 'read',
  reach: 'session',
  group: 'transactions',
} as const;

const NOT_ALLOWED = 'ERR Command not allowed inside a transaction';

/** A command comes between MULTI and EXEC. */
export function queueCommand(
  context: RespContext,
  command: RespCommand,
  args: RespArguments,
): void {
  const { transaction } = context;
  const { maxBatchItems, maxBatchBytes } = context.services.store.options;
  if (command.inTransaction === undefined) {
    transaction.isBroken = true;
    context.error(NOT_ALLOWED);
    return;
  }
  const bytes = transaction.bytes + args.totalBytes;
  if (transaction.queue.length >= maxBatchItems || bytes > maxBatchBytes) {
    transaction.isBroken = true;
    context.error('ERR BATCH_TOO_LARGE the transaction is larger than a batch may be');
    return;
  }
  transaction.add(command, args);
  context.answer((reply) => reply.raw(QUEUED));
}

export function keysOf(command: RespCommand, args: RespArguments): Buffer[] {
  const [first, last, step] = command.keys;
  if (command.keysOf !== undefined) return command.keysOf(args);
  if (first === 0) return [];
  const end = last < 0 ? args.count + last : last;
  const keys: Buffer[] = [];
  for (let index = first; index <= end && index < args.count; index += step) {
    keys.push(args.word(index));
  }
  return keys;
}

export const multi: RespCommand = {
  ...described,
  name: 'multi',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy', 'no_multi'],
  op: OP_BATCH,
  since: '1.2.0',
  summary: 'Starts a transaction.',
  syntax: '',
  run(context) {
    if (context.transaction.isOpen) {
      context.error('ERR MULTI calls can not be nested');
      return;
    }
    context.transaction.isOpen = true;
    context.ok();
  },
};

export const discard: RespCommand = {
  ...described,
  name: 'discard',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy', 'no_multi'],
  op: OP_BATCH,
  since: '2.0.0',
  summary: 'Discards a transaction.',
  syntax: '',
  run(context) {
    if (!context.transaction.isOpen) {
      context.error('ERR DISCARD without MULTI');
      return;
    }
    context.transaction.end();
    context.ok();
  },
};

export const exec: RespCommand = {
  ...described,
  name: 'exec',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'skip_monitor', 'no_multi'],
  op: OP_BATCH,
  since: '1.2.0',
  summary: 'Executes all commands in a transaction.',
  syntax: '',
  run(context) {
    const { transaction } = context;
    if (!transaction.isOpen) {
      context.error('ERR EXEC without MULTI');
      return;
    }
    const { queue, watched, isBroken } = transaction;
    transaction.end();
    if (isBroken) {
      context.error('EXECABORT Transaction discarded because of previous errors.');
      return;
    }
    execute(context, queue, watched);
  },
};

function execute(
  context: RespContext,
  queue: readonly QueuedCommand[],
  watched: ReadonlyMap<string, number>,
): void {
  const { session } = context;
  const { turn } = context.server;
  const keys = queue.flatMap(({ command, args }) => keysOf(command, args));
  for (const key of watched.keys()) keys.push(Buffer.from(key, 'latin1'));
  const bytes = new HeldReplies();
  const replies = new Reply(bytes, context.isResp3);
  const run: Parameters<typeof transact>[0]['run'] = (view) => {
    bytes.clear();
    replies.array(queue.length);
    for (const { command, args } of queue) command.inTransaction?.(args, view, replies);
  };
  context.later(
    (patience) => transact({ session, keys, watched, turn, patience, run }),
    (reply, isDone) => {
      if (isDone) reply.raw(bytes.bytes.subarray(0, bytes.at));
      else reply.nullArray();
    },
    { holds: true },
  );
}

export const watch: RespCommand = {
  ...described,
  name: 'watch',
  arity: -2,
  flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy', 'no_multi'],
  keys: [1, -1, 1],
  op: OP_GET_MANY,
  since: '2.2.0',
  summary: 'Monitors changes to keys to determine the execution of a transaction.',
  syntax: 'key [key ...]',
  run(context, args) {
    const { transaction, session } = context;
    if (transaction.isOpen) {
      context.error('ERR WATCH inside MULTI is not allowed');
      return;
    }
    const names = wordsFrom(args, 1);
    if (transaction.watched.size + names.length > context.services.store.options.maxBatchItems) {
      context.error('ERR BATCH_TOO_LARGE more keys are watched than a batch may have');
      return;
    }
    const work = (): Promise<void> =>
      readEntries(session, names, undefined, (key, entry) => {
        const name = key.toString('latin1');
        // watched before: what was seen then counts
        if (!transaction.watched.has(name)) transaction.watched.set(name, entry?.revision ?? 0);
      });
    context.later(work, (reply) => reply.ok(), { holds: true });
  },
};

export const unwatch: RespCommand = {
  ...described,
  name: 'unwatch',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
  op: OP_GET_MANY,
  since: '2.2.0',
  summary: 'Forgets about watched keys of a transaction.',
  syntax: '',
  run(context) {
    context.transaction.watched = new Map();
    context.ok();
  },
  inTransaction: (_args, _view, reply) => reply.ok(),
};
