/** Keys as such: DEL, EXISTS, TYPE, RENAME, COPY and the like. */

import {
  OP_DELETE,
  OP_DELETE_RANGE,
  OP_EXISTS,
  OP_PUT,
  OP_RANGE,
} from '../../protocol/op-codes.ts';
import { CONDITION_NONE } from '../../vocabulary/write-arguments.ts';
import { clampedIntegerOf } from '../integer-words.ts';
import type { KeyView } from '../key-view.ts';
import { entryValue } from '../key-view.ts';
import type { Reply } from '../reply.ts';
import type { RespArguments } from '../resp-arguments.ts';
import { SHAPES } from '../resp-replies.ts';
import type { RespCommand } from './command.ts';
import { DB_OUT_OF_RANGE, NO_SUCH_KEY, NOT_AN_INTEGER, SYNTAX } from './error-words.ts';
import { keyCommand } from './key-command.ts';

export function wordsFrom(args: RespArguments, first: number): Buffer[] {
  return Array.from({ length: args.count - first }, (_, index) => args.word(first + index));
}

const described = { reach: 'session', group: 'generic' } as const;

function deleting(name: string, since: string, summary: string): RespCommand {
  return {
    ...described,
    name,
    arity: -2,
    flags: ['write'],
    keys: [1, -1, 1],
    role: 'write',
    op: OP_DELETE,
    since,
    summary,
    syntax: 'key [key ...]',
    run(context, args) {
      if (args.count === 2) {
        context.expect(SHAPES.count);
        const { session, token } = context;
        session.delete(args.buffer, args.start(1), args.bytes(1), CONDITION_NONE, token);
        return;
      }
      const items = wordsFrom(args, 1).map((key) => ({ type: 'delete', key }) as const);
      context.batch(items, (reply, results) =>
        reply.integer(results.filter(({ revision }) => revision !== undefined).length),
      );
    },
    inTransaction(args, view, reply) {
      let deleted = 0;
      for (const key of wordsFrom(args, 1)) if (view.delete(key)) deleted += 1;
      reply.integer(deleted);
    },
  };
}

export const del = deleting('del', '1.0.0', 'Deletes one or more keys.');
export const unlink = deleting('unlink', '4.0.0', 'Deletes one or more keys.');

function presentOf(words: readonly Buffer[], view: KeyView): number {
  return words.filter((key) => view.get(key) !== undefined).length;
}

function counting(name: string, since: string, summary: string): RespCommand {
  return {
    ...described,
    name,
    arity: -2,
    flags: ['readonly', 'fast'],
    keys: [1, -1, 1],
    role: 'read',
    op: OP_EXISTS,
    since,
    summary,
    syntax: 'key [key ...]',
    run(context, args) {
      const parts = args.count - 1;
      context.gather(parts);
      const { session } = context;
      for (let index = 1; index <= parts; index++) {
        session.exists(args.buffer, args.start(index), args.bytes(index), context.takePart());
      }
    },
    inTransaction(args, view, reply) {
      reply.integer(presentOf(wordsFrom(args, 1), view));
    },
  };
}

export const exists = counting('exists', '1.0.0', 'Determines whether one or more keys exist.');
export const touch = counting(
  'touch',
  '3.2.1',
  'Returns the number of existing keys out of those specified. Their expiry stays as it is.',
);

export const type = keyCommand(
  {
    ...described,
    name: 'type',
    arity: 2,
    flags: ['readonly', 'fast'],
    role: 'read',
    op: OP_EXISTS,
    since: '1.0.0',
    summary: 'Determines the type of value stored at a key: string, or none.',
    syntax: 'key',
  },
  {
    needsValue: false,
    decide: (_args, current, _decision, reply) =>
      reply.simple(current === undefined ? 'none' : 'string'),
  },
);

function flushing(name: string): RespCommand {
  return {
    ...described,
    group: 'server',
    name,
    arity: -1,
    flags: ['write'],
    keys: [0, 0, 0],
    role: 'write',
    op: OP_DELETE_RANGE,
    since: '1.0.0',
    summary: 'Removes all keys, at once.',
    syntax: '[ASYNC|SYNC]',
    run(context, args) {
      const isRight = args.count === 1 || ['async', 'sync'].includes(args.option(1));
      if (args.count > 2 || !isRight) {
        context.error(SYNTAX);
        return;
      }
      context.expect(SHAPES.ok);
      context.session.clear(context.token);
    },
  };
}

export const flushAll = flushing('flushall');
export const flushDb = flushing('flushdb');

/** @returns was there a key */
function copyEntry(view: KeyView, from: Buffer, to: Buffer): boolean {
  const entry = view.get(from);
  if (entry === undefined) return false;
  view.put(to, Buffer.from(entryValue(entry)), entry.expiresAt);
  return true;
}

function renameIn(args: RespArguments, view: KeyView, reply: Reply): void {
  const [from, to] = [args.word(1), args.word(2)];
  if (view.get(from) === undefined) {
    reply.error(NO_SUCH_KEY);
    return;
  }
  if (!from.equals(to)) {
    copyEntry(view, from, to);
    view.delete(from);
  }
  reply.ok();
}

function renameNxIn(args: RespArguments, view: KeyView, reply: Reply): void {
  const [from, to] = [args.word(1), args.word(2)];
  if (view.get(from) === undefined) {
    reply.error(NO_SUCH_KEY);
    return;
  }
  if (view.get(to) !== undefined) {
    reply.integer(0);
    return;
  }
  copyEntry(view, from, to);
  view.delete(from);
  reply.integer(1);
}

function renaming(
  name: string,
  summary: string,
  inTransaction: NonNullable<RespCommand['inTransaction']>,
): RespCommand {
  return {
    ...described,
    name,
    arity: 3,
    flags: ['write'],
    keys: [1, 2, 1],
    role: 'write',
    op: OP_PUT,
    since: '1.0.0',
    summary,
    syntax: 'key newkey',
    run: (context, args) =>
      context.transact(wordsFrom(args, 1), (view, reply) => inTransaction(args, view, reply)),
    inTransaction,
  };
}

export const rename = renaming('rename', 'Renames a key and overwrites the destination.', renameIn);
export const renameNx = renaming(
  'renamenx',
  'Renames a key only when the target key name does not exist.',
  renameNxIn,
);

/** @returns may the target be replaced; or what is wrong, as text */
function copyOptions(args: RespArguments): boolean | string {
  let isReplace = false;
  for (let index = 3; index < args.count; index++) {
    const option = args.option(index);
    if (option === 'replace') {
      isReplace = true;
    } else if (option === 'db' && index + 1 < args.count) {
      index += 1;
      const db = clampedIntegerOf(args, index);
      if (db === undefined) return NOT_AN_INTEGER;
      if (db !== 0) return DB_OUT_OF_RANGE;
    } else {
      return SYNTAX;
    }
  }
  const isSame = args.word(1).equals(args.word(2));
  return isSame ? 'ERR source and destination objects are the same' : isReplace;
}

function copyIn(args: RespArguments, view: KeyView, reply: Reply): void {
  const options = copyOptions(args);
  if (typeof options === 'string') {
    reply.error(options);
    return;
  }
  const isFree = options || view.get(args.word(2)) === undefined;
  reply.integer(isFree && copyEntry(view, args.word(1), args.word(2)) ? 1 : 0);
}

export const copy: RespCommand = {
  ...described,
  name: 'copy',
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: [1, 2, 1],
  role: 'write',
  op: OP_PUT,
  since: '6.2.0',
  summary: 'Copies the value of a key to a new key.',
  syntax: 'source destination [DB destination-db] [REPLACE]',
  run(context, args) {
    const options = copyOptions(args);
    if (typeof options === 'string') {
      context.error(options);
      return;
    }
    const keys = [args.word(1), args.word(2)];
    context.transact(keys, (view, reply) => copyIn(args, view, reply));
  },
  inTransaction: copyIn,
};

/** A point between two keys, or one of them, such that about each part of the way is as likely. */
function between(first: Buffer, last: Buffer): Buffer {
  let common = 0;
  while (common < first.length && first[common] === last[common]) common += 1;
  const room = 6;
  const low = Buffer.alloc(room);
  const high = Buffer.alloc(room);
  first.copy(low, 0, common, common + room);
  last.copy(high, 0, common, common + room);
  const [from, to] = [low.readUIntBE(0, room), high.readUIntBE(0, room)];
  const point = Buffer.alloc(room);
  point.writeUIntBE(from + Math.floor(Math.random() * (to - from + 1)), 0, room);
  return Buffer.concat([first.subarray(0, common), point]);
}

export const randomKey: RespCommand = {
  ...described,
  name: 'randomkey',
  arity: 1,
  flags: ['readonly'],
  keys: [0, 0, 0],
  role: 'read',
  op: OP_RANGE,
  since: '1.0.0',
  summary: 'Returns a random key; not each is as likely.',
  syntax: '',
  run(context) {
    const { session } = context;
    const one = { limit: 1, keysOnly: true } as const;
    const work = async (): Promise<Buffer | undefined> => {
      const first = (await session.range(one)).entries[0]?.key;
      const last = (await session.range({ ...one, reverse: true })).entries[0]?.key;
      if (first === undefined || last === undefined) return undefined;
      const page = await session.range({ ...one, start: between(first, last) });
      return page.entries[0]?.key ?? first;
    };
    context.later(work, (reply, key) => (key === undefined ? reply.null() : reply.bulk(key)), {
      holds: true,
    });
  },
};
