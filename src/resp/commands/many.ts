/** Several keys at a time: MGET, MSET, MSETNX. */

import { OP_BATCH, OP_GET_MANY } from '../../protocol/op-codes.ts';
import type { KeyView } from '../key-view.ts';
import { entryValue } from '../key-view.ts';
import type { Reply } from '../reply.ts';
import type { RespArguments } from '../resp-arguments.ts';
import type { RespCommand } from './command.ts';
import { wrongArity } from './error-words.ts';
import { wordsFrom } from './keys.ts';

const described = { reach: 'session', group: 'string' } as const;

function replyValues(reply: Reply, values: readonly (Uint8Array | undefined)[]): void {
  reply.array(values.length);
  for (const value of values) {
    if (value === undefined) reply.null();
    else reply.bulk(value);
  }
}

export const mGet: RespCommand = {
  ...described,
  name: 'mget',
  arity: -2,
  flags: ['readonly', 'fast'],
  keys: [1, -1, 1],
  role: 'read',
  op: OP_GET_MANY,
  since: '1.0.0',
  summary: 'Atomically returns the string values of one or more keys.',
  syntax: 'key [key ...]',
  run(context, args) {
    // the head of the array, and behind it what as many GET are answered: all are read in this turn
    const { session } = context;
    const { buffer } = args;
    context.answer((reply) => reply.array(args.count - 1));
    for (let index = 1; index < args.count; index++) {
      const token = context.takeItem();
      session.get(buffer, args.start(index), args.bytes(index), token);
    }
  },
  inTransaction(args, view, reply) {
    const entries = wordsFrom(args, 1).map((key) => view.get(key));
    replyValues(
      reply,
      entries.map((entry) => entry && entryValue(entry)),
    );
  },
};

interface Pair {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Undefined: a value lacks. */
function pairsOf(args: RespArguments): Pair[] | undefined {
  if (args.count % 2 === 0) return undefined;
  return Array.from({ length: (args.count - 1) / 2 }, (_, index) => ({
    key: args.word(1 + index * 2),
    value: args.word(2 + index * 2),
  }));
}

const written = {
  ...described,
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: [1, -1, 2],
  role: 'write',
  op: OP_BATCH,
  since: '1.0.1',
  syntax: 'key value [key value ...]',
} as const;

export const mSet: RespCommand = {
  ...written,
  name: 'mset',
  summary: 'Atomically creates or modifies the string values of one or more keys.',
  run(context, args) {
    const pairs = pairsOf(args);
    if (pairs === undefined) {
      context.error(wrongArity('mset'));
      return;
    }
    const items = pairs.map(({ key, value }) => ({ type: 'put', key, value }) as const);
    context.batch(items, (reply) => reply.ok());
  },
  inTransaction(args, view, reply) {
    const pairs = pairsOf(args);
    if (pairs === undefined) {
      reply.error(wrongArity('mset'));
      return;
    }
    for (const { key, value } of pairs) view.put(key, value, 0);
    reply.ok();
  },
};

function setIfNone(args: RespArguments, view: KeyView, reply: Reply): void {
  const pairs = pairsOf(args);
  if (pairs === undefined) {
    reply.error(wrongArity('msetnx'));
    return;
  }
  const isFree = pairs.every(({ key }) => view.get(key) === undefined);
  if (isFree) for (const { key, value } of pairs) view.put(key, value, 0);
  reply.integer(isFree ? 1 : 0);
}

export const mSetNx: RespCommand = {
  ...written,
  name: 'msetnx',
  summary:
    'Atomically modifies the string values of one or more keys only when all keys do not exist.',
  run(context, args) {
    const pairs = pairsOf(args);
    if (pairs === undefined) {
      context.error(wrongArity('msetnx'));
      return;
    }
    context.transact(
      pairs.map(({ key }) => key),
      (view, reply) => setIfNone(args, view, reply),
    );
  },
  inTransaction: setIfNone,
};
