/** What caskd has and Redis has not: keys in order, and what is known of an entry. */

import { OP_GET, OP_RANGE } from '../../protocol/op-codes.ts';
import type { RangeOptions } from '../../vocabulary/entry.ts';
import { clampedIntegerOf } from '../integer-words.ts';
import type { RespArguments } from '../resp-arguments.ts';
import type { RespCommand } from './command.ts';
import { NOT_AN_INTEGER, SYNTAX } from './error-words.ts';
import { keyCommand } from './key-command.ts';

const described = { role: 'read', reach: 'session', group: 'cask', since: '0.2.0' } as const;
const LIMIT_DEFAULT = 100;

interface PageOptions {
  after: Buffer | undefined;
  limit: number;
  reverse: boolean;
  keysOnly: boolean;
}

/** The options; or what is wrong with them, as text. */
function rangeOptions(args: RespArguments, limitMax: number): RangeOptions | string {
  const limit = Math.min(LIMIT_DEFAULT, limitMax);
  const page: PageOptions = { after: undefined, limit, reverse: false, keysOnly: false };
  for (let index = 3; index < args.count; index++) {
    const option = args.option(index);
    if (option === 'rev') {
      page.reverse = true;
    } else if (option === 'keys') {
      page.keysOnly = true;
    } else {
      index += 1;
      const problem = index < args.count ? setBound(page, option, args, index) : SYNTAX;
      if (problem !== undefined) return problem;
    }
  }
  page.limit = Math.min(page.limit, limitMax);
  return { start: openOr(args, 1, '-'), end: openOr(args, 2, '+'), ...page };
}

function setBound(
  page: PageOptions,
  option: string,
  args: RespArguments,
  index: number,
): string | undefined {
  if (option === 'after') {
    page.after = args.word(index);
    return undefined;
  }
  if (option !== 'limit') return SYNTAX;
  const value = clampedIntegerOf(args, index);
  if (value === undefined) return NOT_AN_INTEGER;
  if (value < 1) return SYNTAX;
  page.limit = value;
  return undefined;
}

function openOr(args: RespArguments, index: number, open: string): Buffer | undefined {
  return args.bytes(index) === 1 && args.latin1(index) === open ? undefined : args.word(index);
}

export const caskRange: RespCommand = {
  ...described,
  name: 'cask.range',
  arity: -3,
  flags: ['readonly'],
  keys: [0, 0, 0],
  op: OP_RANGE,
  summary:
    'Returns a page of keys and values in order, from start (or -) to before end (or +), behind a cursor: nil once there is nothing more.',
  syntax: 'start end [AFTER cursor] [LIMIT count] [REV] [KEYS]',
  run(context, args) {
    const options = rangeOptions(args, context.services.store.options.maxRangeItems);
    if (typeof options === 'string') {
      context.error(options);
      return;
    }
    context.later(
      (patience) => context.session.range(options, patience),
      (reply, { entries, more }) => {
        reply.array(2);
        const last = entries.at(-1)?.key;
        if (more && last !== undefined) reply.bulk(last);
        else reply.null();
        reply.array(options.keysOnly === true ? entries.length : entries.length * 2);
        for (const entry of entries) {
          reply.bulk(entry.key);
          if (options.keysOnly === true) continue;
          // of a damaged one there is no value, and what is wrong with it is in the figures
          if ('value' in entry) reply.bulk(entry.value);
          else reply.null();
        }
      },
      { holds: true },
    );
  },
};

export const caskGet = keyCommand(
  {
    ...described,
    name: 'cask.get',
    arity: -2,
    flags: ['readonly', 'fast'],
    op: OP_GET,
    summary: 'Returns the value of a key, with its revision, version and times.',
    syntax: 'key [WITHMETA]',
  },
  {
    needsValue: true,
    decide(args, current, _decision, reply) {
      const isWithMeta = args.count === 3 && args.option(2) === 'withmeta';
      if (args.count > 2 && !isWithMeta) {
        reply.error(SYNTAX);
      } else if (current === undefined) {
        reply.null();
      } else {
        const { buffer, valueStart, valueBytes } = current;
        if (isWithMeta) {
          reply.map(6);
          reply.value('value');
        }
        reply.bulkPart(buffer, valueStart, valueBytes);
        if (!isWithMeta) return;
        const { revision, version, createdAt, updatedAt, expiresAt } = current;
        const facts = { revision, version, 'created-at': createdAt, 'updated-at': updatedAt };
        for (const [name, value] of Object.entries(facts)) {
          reply.text(name);
          reply.integer(value);
        }
        reply.text('expires-at');
        if (expiresAt === 0) reply.null();
        else reply.integer(expiresAt);
      }
    },
  },
);
