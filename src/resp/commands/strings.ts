/** Parts of values: APPEND, STRLEN, GETRANGE, SETRANGE. */

import { OP_GET, OP_PUT } from '../../protocol/op-codes.ts';
import type { EntryView } from '../../storage/reply-sink.ts';
import { TTL_KEEP } from '../../vocabulary/write-arguments.ts';
import { clampedIntegerOf } from '../integer-words.ts';
import { entryValue } from '../key-view.ts';
import type { RespCommand } from './command.ts';
import { NOT_AN_INTEGER, TOO_LONG } from './error-words.ts';
import { keyCommand } from './key-command.ts';

/** What Redis allows; the store's own limit is less, and says so itself. */
const STRING_BYTES_MAX = 512 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);

function bytesOf(current: EntryView | undefined): Uint8Array {
  return current === undefined ? NOTHING : entryValue(current);
}

const written = { role: 'write', reach: 'session', op: OP_PUT, group: 'string' } as const;
const read = {
  role: 'read',
  reach: 'session',
  op: OP_GET,
  group: 'string',
  flags: ['readonly'],
} as const;

export const append = keyCommand(
  {
    ...written,
    name: 'append',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    since: '2.0.0',
    summary: 'Appends a string to the value of a key. Creates the key if it does not exist.',
    syntax: 'key value',
  },
  {
    needsValue: true,
    decide(args, current, decision, reply) {
      const value = Buffer.concat([bytesOf(current), args.word(2)]);
      reply.integer(value.length);
      decision.put(value, 0, value.length, TTL_KEEP);
    },
  },
);

export const strLen = keyCommand(
  {
    ...read,
    name: 'strlen',
    arity: 2,
    flags: ['readonly', 'fast'],
    since: '2.2.0',
    summary: 'Returns the length of a string value.',
    syntax: 'key',
  },
  {
    needsValue: true,
    decide(_args, current, _decision, reply) {
      reply.integer(current?.valueBytes ?? 0);
    },
  },
);

function rangeCommand(name: string, since: string): RespCommand {
  return keyCommand(
    {
      ...read,
      name,
      arity: 4,
      since,
      summary: 'Returns a substring of the string stored at a key.',
      syntax: 'key start end',
    },
    {
      needsValue: true,
      decide(args, current, _decision, reply) {
        const first = clampedIntegerOf(args, 2);
        const last = clampedIntegerOf(args, 3);
        if (first === undefined || last === undefined) {
          reply.error(NOT_AN_INTEGER);
          return;
        }
        const value = bytesOf(current);
        if (first < 0 && last < 0 && first > last) {
          reply.bulk(NOTHING);
          return;
        }
        const start = Math.max(0, first < 0 ? value.length + first : first);
        const end = Math.max(0, last < 0 ? value.length + last : last);
        reply.bulk(value.subarray(start, Math.max(start, Math.min(end + 1, value.length))));
      },
    },
  );
}

export const getRange = rangeCommand('getrange', '2.4.0');
export const subStr = rangeCommand('substr', '1.0.0');

export const setRange = keyCommand(
  {
    ...written,
    name: 'setrange',
    arity: 4,
    flags: ['write', 'denyoom'],
    since: '2.2.0',
    summary:
      'Overwrites a part of a string value with another by an offset. Creates the key if it does not exist.',
    syntax: 'key offset value',
  },
  {
    needsValue: true,
    decide(args, current, decision, reply) {
      const offset = clampedIntegerOf(args, 2);
      if (offset === undefined) {
        reply.error(NOT_AN_INTEGER);
        return;
      }
      if (offset < 0) {
        reply.error('ERR offset is out of range');
        return;
      }
      const before = bytesOf(current);
      const part = args.word(3);
      if (part.length === 0) {
        reply.integer(before.length);
        return;
      }
      if (offset + part.length > STRING_BYTES_MAX) {
        reply.error(TOO_LONG);
        return;
      }
      const value = Buffer.alloc(Math.max(before.length, offset + part.length));
      value.set(before);
      value.set(part, offset);
      reply.integer(value.length);
      decision.put(value, 0, value.length, TTL_KEEP);
    },
  },
);
