/** INCR and its kin. */

import { OP_INCR } from '../../protocol/op-codes.ts';
import { INT64_MIN, integerFrom, sumOf } from '../../vocabulary/integer-text.ts';
import { TTL_KEEP } from '../../vocabulary/write-arguments.ts';
import { decimalFrom, decimalText } from '../decimal-text.ts';
import { integerOf } from '../integer-words.ts';
import type { Reply } from '../reply.ts';
import type { RespArguments } from '../resp-arguments.ts';
import type { KeyCommand, RespCommand } from './command.ts';
import { NOT_A_FLOAT, NOT_AN_INTEGER, OVERFLOW } from './error-words.ts';
import { keyCommand } from './key-command.ts';

/** Where the digits of a number are written before the store copies them. */
const digits = Buffer.alloc(32);

/** What to add; undefined: an error has been said. */
type Step = (args: RespArguments, reply: Reply) => number | bigint | undefined;

function counting(stepOf: Step): KeyCommand {
  return {
    needsValue: true,
    decide(args, current, decision, reply) {
      const step = stepOf(args, reply);
      if (step === undefined) return;
      const value =
        current === undefined
          ? 0
          : integerFrom(current.buffer, current.valueStart, current.valueBytes);
      if (value === undefined) {
        reply.error(NOT_AN_INTEGER);
        return;
      }
      const sum = sumOf(value, step);
      if (sum === undefined) {
        reply.error(OVERFLOW);
        return;
      }
      reply.integer(sum);
      decision.put(digits, 0, digits.write(String(sum), 0, 'latin1'), TTL_KEEP);
    },
  };
}

function stepOfWord(args: RespArguments, reply: Reply): number | bigint | undefined {
  const step = integerOf(args, 2);
  if (step === undefined) reply.error(NOT_AN_INTEGER);
  return step;
}

function negatedStep(args: RespArguments, reply: Reply): number | bigint | undefined {
  const step = stepOfWord(args, reply);
  if (step === undefined) return undefined;
  if (step === INT64_MIN) {
    reply.error('ERR decrement would overflow');
    return undefined;
  }
  return typeof step === 'bigint' ? -step : 0 - step;
}

const described = {
  flags: ['write', 'denyoom', 'fast'],
  role: 'write',
  reach: 'session',
  op: OP_INCR,
  group: 'string',
} as const;

function counter(
  name: string,
  arity: number,
  syntax: string,
  summary: string,
  stepOf: Step,
): RespCommand {
  const text = { name, arity, syntax, summary, since: '1.0.0' };
  return keyCommand({ ...described, ...text }, counting(stepOf));
}

export const COUNTERS: readonly RespCommand[] = [
  counter('incr', 2, 'key', 'Increments the integer value of a key by one.', () => 1),
  counter('decr', 2, 'key', 'Decrements the integer value of a key by one.', () => -1),
  counter(
    'incrby',
    3,
    'key increment',
    'Increments the integer value of a key by a number.',
    stepOfWord,
  ),
  counter(
    'decrby',
    3,
    'key decrement',
    'Decrements a number from the integer value of a key.',
    negatedStep,
  ),
];

export const incrByFloat = keyCommand(
  {
    ...described,
    name: 'incrbyfloat',
    arity: 3,
    since: '2.6.0',
    summary: 'Increment the floating point value of a key by a number.',
    syntax: 'key increment',
  },
  {
    needsValue: true,
    decide(args, current, decision, reply) {
      const text =
        current === undefined
          ? '0'
          : Buffer.from(
              current.buffer.subarray(current.valueStart, current.valueStart + current.valueBytes),
            ).toString('latin1');
      const value = decimalFrom(text);
      const step = decimalFrom(args.latin1(2));
      if (value === undefined || step === undefined) {
        reply.error(NOT_A_FLOAT);
        return;
      }
      const sum = Buffer.from(decimalText(value + step));
      reply.bulk(sum);
      decision.put(sum, 0, sum.length, TTL_KEEP);
    },
  },
);
