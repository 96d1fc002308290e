/** SET and its older forms. A plain one goes the way of the native PUT. */

import { OP_GET_AND_DELETE, OP_PUT } from '../../protocol/op-codes.ts';
import type { Decision } from '../../storage/modifier.ts';
import type { EntryView } from '../../storage/reply-sink.ts';
import {
  CONDITION_IF_ABSENT,
  CONDITION_IF_PRESENT,
  CONDITION_NONE,
  TTL_KEEP,
  TTL_NONE,
} from '../../vocabulary/write-arguments.ts';
import { integerOf } from '../integer-words.ts';
import type { Reply } from '../reply.ts';
import type { RespArguments } from '../resp-arguments.ts';
import { SHAPES } from '../resp-replies.ts';
import type { KeyCommand, RespCommand, RespContext } from './command.ts';
import { invalidExpire, NOT_AN_INTEGER, SYNTAX } from './error-words.ts';
import { EXPIRY_OPTIONS, timeOf, ttlUntil } from './expiry-arguments.ts';
import { keyCommand } from './key-command.ts';

interface SetOptions {
  condition: number;
  isGet: boolean;
  ttlMs: number;
  /** Word to be equal to; 0: none. */
  equalTo: number;
  /** Word with the time of expiry; 0: none. */
  timeAt: number;
}

const PLAIN: Readonly<SetOptions> = {
  condition: CONDITION_NONE,
  isGet: false,
  ttlMs: TTL_NONE,
  equalTo: 0,
  timeAt: 0,
};

/** @returns what is wrong with them, as text */
function optionsOf(args: RespArguments): SetOptions | string {
  const options = { ...PLAIN };
  for (let index = 3; index < args.count; ) {
    const words = readOption(options, args, index);
    if (words === 0) return SYNTAX;
    index += words;
  }
  const { timeAt } = options;
  if (timeAt === 0) return options;
  const time = timeOf(args, timeAt, args.option(timeAt - 1), 'set', false);
  return 'error' in time ? time.error : { ...options, ttlMs: ttlUntil(time.at) };
}

/** @returns how many words it takes; 0: it may not stand here */
function readOption(options: SetOptions, args: RespArguments, index: number): number {
  const option = args.option(index);
  const hasNext = index + 1 < args.count;
  if (option === 'get') {
    options.isGet = true;
    return 1;
  }
  if (option === 'keepttl') {
    options.ttlMs = TTL_KEEP;
    return options.timeAt === 0 ? 1 : 0;
  }
  if (EXPIRY_OPTIONS.includes(option)) {
    // the same unit may be given again: the last one counts
    const isSame = options.timeAt === 0 || args.option(options.timeAt - 1) === option;
    const isFree = isSame && options.ttlMs === TTL_NONE;
    options.timeAt = index + 1;
    return isFree && hasNext ? 2 : 0;
  }
  return readCondition(options, option, index, hasNext);
}

function readCondition(
  options: SetOptions,
  option: string,
  index: number,
  hasNext: boolean,
): number {
  if (option === 'nx' || option === 'xx') {
    const wanted = option === 'nx' ? CONDITION_IF_ABSENT : CONDITION_IF_PRESENT;
    const isFree = options.condition === CONDITION_NONE || options.condition === wanted;
    options.condition = wanted;
    return isFree && options.equalTo === 0 ? 1 : 0;
  }
  const isFree = options.condition === CONDITION_NONE && options.equalTo === 0;
  options.equalTo = index + 1;
  return option === 'ifeq' && isFree && hasNext ? 2 : 0;
}

function mayPut(
  { condition, equalTo }: SetOptions,
  args: RespArguments,
  current: EntryView | undefined,
): boolean {
  if (condition === CONDITION_IF_ABSENT) return current === undefined;
  if (condition === CONDITION_IF_PRESENT) return current !== undefined;
  return equalTo === 0 || (current !== undefined && isEqual(current, args.word(equalTo)));
}

function isEqual({ buffer, valueStart, valueBytes }: EntryView, word: Buffer): boolean {
  const isLong = valueBytes === word.length;
  return isLong && word.compare(buffer, valueStart, valueStart + valueBytes) === 0;
}

function replyValue(current: EntryView | undefined, reply: Reply): void {
  if (current === undefined) reply.null();
  else reply.bulkPart(current.buffer, current.valueStart, current.valueBytes);
}

function put(args: RespArguments, index: number, decision: Decision, ttlMs: number): void {
  decision.put(args.buffer, args.start(index), args.bytes(index), ttlMs);
}

const decideSet: KeyCommand = {
  needsValue: true,
  decide(args, current, decision, reply) {
    const options = optionsOf(args);
    if (typeof options === 'string') {
      reply.error(options);
      return;
    }
    const isPut = mayPut(options, args, current);
    if (options.isGet) replyValue(current, reply);
    else if (isPut) reply.ok();
    else reply.null();
    if (isPut) put(args, 2, decision, options.ttlMs);
  },
};

function sessionPut(
  { session, token }: RespContext,
  args: RespArguments,
  valueAt: number,
  condition: number,
  ttlMs: number,
): void {
  const { buffer } = args;
  session.put(
    buffer,
    args.start(1),
    args.bytes(1),
    buffer,
    args.start(valueAt),
    args.bytes(valueAt),
    condition,
    ttlMs,
    token,
  );
}

const described = {
  role: 'write',
  reach: 'session',
  op: OP_PUT,
  group: 'string',
} as const;

export const set = keyCommand(
  {
    ...described,
    name: 'set',
    arity: -3,
    flags: ['write', 'denyoom'],
    since: '1.0.0',
    summary: 'Sets the string value of a key. The key is created if it does not exist.',
    syntax:
      'key value [NX|XX|IFEQ value] [GET] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]',
  },
  decideSet,
  (context, args) => {
    const options = args.count === 3 ? PLAIN : optionsOf(args);
    if (typeof options === 'string') {
      context.error(options);
    } else if (options.isGet || options.equalTo > 0) {
      context.modify(decideSet, args);
    } else {
      context.expect(SHAPES.ok);
      sessionPut(context, args, 2, options.condition, options.ttlMs);
    }
  },
);

const decideSetNx: KeyCommand = {
  needsValue: false,
  decide(args, current, decision, reply) {
    reply.integer(current === undefined ? 1 : 0);
    if (current === undefined) put(args, 2, decision, TTL_NONE);
  },
};

export const setNx = keyCommand(
  {
    ...described,
    name: 'setnx',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    since: '1.0.0',
    summary: 'Set the string value of a key only when the key does not exist.',
    syntax: 'key value',
  },
  decideSetNx,
  (context, args) => {
    context.expect(SHAPES.count);
    sessionPut(context, args, 2, CONDITION_IF_ABSENT, TTL_NONE);
  },
);

function setWithTime(name: string, unit: string, since: string, syntax: string): RespCommand {
  const ttlOf = (args: RespArguments): number | string => {
    const time = timeOf(args, 2, unit, name, false);
    return 'error' in time ? time.error : ttlUntil(time.at);
  };
  const decide: KeyCommand['decide'] = (args, _current, decision, reply) => {
    const ttlMs = ttlOf(args);
    if (typeof ttlMs === 'string') {
      reply.error(ttlMs);
      return;
    }
    reply.ok();
    put(args, 3, decision, ttlMs);
  };
  return keyCommand(
    {
      ...described,
      name,
      arity: 4,
      flags: ['write', 'denyoom'],
      since,
      summary: 'Sets the string value and expiration time of a key.',
      syntax,
    },
    { needsValue: false, decide },
    (context, args) => {
      const ttlMs = ttlOf(args);
      if (typeof ttlMs === 'string') {
        context.error(ttlMs);
        return;
      }
      context.expect(SHAPES.ok);
      sessionPut(context, args, 3, CONDITION_NONE, ttlMs);
    },
  );
}

export const setEx = setWithTime('setex', 'ex', '2.0.0', 'key seconds value');
export const pSetEx = setWithTime('psetex', 'px', '2.6.0', 'key milliseconds value');

export const getSet = keyCommand(
  {
    ...described,
    name: 'getset',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    since: '1.0.0',
    summary: 'Returns the previous string value of a key after setting it to a new value.',
    syntax: 'key value',
  },
  {
    needsValue: true,
    decide(args, current, decision, reply) {
      replyValue(current, reply);
      put(args, 2, decision, TTL_NONE);
    },
  },
);

export const getDel = keyCommand(
  {
    ...described,
    op: OP_GET_AND_DELETE,
    name: 'getdel',
    arity: 2,
    flags: ['write', 'fast'],
    since: '6.2.0',
    summary: 'Returns the string value of a key after deleting the key.',
    syntax: 'key',
  },
  {
    needsValue: true,
    decide(_args, current, decision, reply) {
      replyValue(current, reply);
      if (current !== undefined) decision.delete();
    },
  },
);

/** What GETEX does with the expiry; undefined: nothing. */
function getExTtl(args: RespArguments): number | undefined | string {
  if (args.count === 2) return undefined;
  const option = args.option(2);
  if (option === 'persist' && args.count === 3) return TTL_NONE;
  if (!EXPIRY_OPTIONS.includes(option) || args.count !== 4) return SYNTAX;
  if (integerOf(args, 3) === undefined) return NOT_AN_INTEGER;
  const time = timeOf(args, 3, option, 'getex', false);
  return 'error' in time ? invalidExpire('getex') : ttlUntil(time.at);
}

export const getEx = keyCommand(
  {
    ...described,
    name: 'getex',
    arity: -2,
    flags: ['write', 'fast'],
    since: '6.2.0',
    summary: 'Returns the string value of a key after setting its expiration time.',
    syntax:
      'key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST]',
  },
  {
    needsValue: true,
    decide(args, current, decision, reply) {
      const ttlMs = getExTtl(args);
      // of a key that is not there, times are not looked at
      if (typeof ttlMs === 'string' && (current !== undefined || ttlMs === SYNTAX)) {
        reply.error(ttlMs);
        return;
      }
      replyValue(current, reply);
      if (current === undefined || ttlMs === undefined || typeof ttlMs === 'string') return;
      if (ttlMs !== TTL_NONE || current.expiresAt !== 0) decision.touch(ttlMs);
    },
  },
);
