/** Walks over keys: SCAN, KEYS, DBSIZE. */

import { CaskError } from '../../errors/cask-error.ts';
import { OP_COUNT, OP_RANGE } from '../../protocol/op-codes.ts';
import type { Patience } from '../../storage/patience.ts';
import type { KeyRange } from '../../vocabulary/entry.ts';
import { globMatches, literalPrefix } from '../glob-pattern.ts';
import { clampedIntegerOf } from '../integer-words.ts';
import type { RespArguments } from '../resp-arguments.ts';
import type { RespCommand, RespContext } from './command.ts';
import { NOT_AN_INTEGER, SYNTAX } from './error-words.ts';

const described = { reach: 'session', group: 'generic', role: 'read' } as const;
const COUNT_DEFAULT = 10;
const CURSOR = /^[0-9]{1,20}$/;

interface ScanOptions {
  readonly pattern: Buffer | undefined;
  readonly count: number;
  readonly isOfStrings: boolean;
}

/** The options; or what is wrong with them, as text. */
function scanOptions(args: RespArguments): ScanOptions | string {
  const options = {
    pattern: undefined as Buffer | undefined,
    count: COUNT_DEFAULT,
    isOfStrings: true,
  };
  if (args.count % 2 !== 0) return SYNTAX;
  for (let index = 2; index < args.count; index += 2) {
    const option = args.option(index);
    if (option === 'match') {
      options.pattern = args.word(index + 1);
    } else if (option === 'type') {
      options.isOfStrings = args.option(index + 1) === 'string';
    } else if (option === 'count') {
      const value = clampedIntegerOf(args, index + 1);
      if (value === undefined) return NOT_AN_INTEGER;
      if (value < 1) return SYNTAX;
      options.count = value;
    } else {
      return SYNTAX;
    }
  }
  return options;
}

function rangeOf(pattern: Buffer | undefined): KeyRange {
  const prefix = pattern === undefined ? undefined : literalPrefix(pattern);
  return prefix === undefined || prefix.length === 0 ? {} : { prefix };
}

export const scan: RespCommand = {
  ...described,
  name: 'scan',
  arity: -2,
  flags: ['readonly'],
  keys: [0, 0, 0],
  op: OP_RANGE,
  since: '2.8.0',
  summary: 'Iterates over the key names in the database, in their order, each exactly once.',
  syntax: 'cursor [MATCH pattern] [COUNT count] [TYPE type]',
  run(context, args) {
    const { cursors } = context.server;
    const cursor = args.latin1(1);
    const after = CURSOR.test(cursor) ? cursors.find(Number(cursor)) : undefined;
    const isStart = /^0+$/.test(cursor);
    if (after === undefined && !isStart) {
      context.error('ERR invalid cursor');
      return;
    }
    const options = scanOptions(args);
    if (typeof options === 'string') {
      context.error(options);
      return;
    }
    const { pattern, count, isOfStrings } = options;
    if (!isOfStrings) {
      context.answer((reply) => reply.value(['0', []]));
      return;
    }
    const limit = Math.min(count, context.services.store.options.maxRangeItems);
    const range = { ...rangeOf(pattern), after, limit, keysOnly: true } as const;
    context.later(
      (patience) => context.session.range(range, patience),
      (reply, { entries, more }) => {
        const last = entries.at(-1)?.key;
        const next = more && last !== undefined ? cursors.after(last) : 0;
        const all = entries.map(({ key }) => key);
        const keys = pattern === undefined ? all : all.filter((key) => globMatches(pattern, key));
        reply.value([String(next), keys]);
      },
      { holds: true },
    );
  },
};

async function matchingKeys(
  context: RespContext,
  pattern: Buffer,
  patience: Patience,
): Promise<Buffer[]> {
  const { session, services } = context;
  const { maxRangeItems } = services.store.options;
  const { outputHardBytes } = services.limits;
  const limit = Math.min(1000, maxRangeItems);
  const range = { ...rangeOf(pattern), limit, keysOnly: true } as const;
  const keys: Buffer[] = [];
  let bytes = 0;
  let after: Buffer | undefined;
  for (;;) {
    const { entries, more } = await session.range({ ...range, after }, patience);
    for (const { key } of entries) {
      if (!globMatches(pattern, key)) continue;
      keys.push(key);
      bytes += key.length;
    }
    if (bytes > outputHardBytes) {
      throw new CaskError('LIMIT_EXCEEDED', 'too many keys match for one reply; use SCAN');
    }
    after = entries.at(-1)?.key;
    if (!more) return keys;
  }
}

export const keys: RespCommand = {
  ...described,
  name: 'keys',
  arity: 2,
  flags: ['readonly'],
  keys: [0, 0, 0],
  op: OP_RANGE,
  since: '1.0.0',
  summary: 'Returns all key names that match a pattern.',
  syntax: 'pattern',
  run(context, args) {
    const pattern = Buffer.from(args.word(1));
    context.later(
      (patience) => matchingKeys(context, pattern, patience),
      (reply, found) => reply.value(found),
      { holds: true },
    );
  },
};

export const dbSize: RespCommand = {
  ...described,
  group: 'server',
  name: 'dbsize',
  arity: 1,
  flags: ['readonly', 'fast'],
  keys: [0, 0, 0],
  op: OP_COUNT,
  since: '1.0.0',
  summary: 'Returns the number of keys in the database.',
  syntax: '',
  run(context) {
    context.later(
      (patience) => context.session.count({}, patience),
      (reply, count) => reply.integer(count),
      { holds: true },
    );
  },
};
