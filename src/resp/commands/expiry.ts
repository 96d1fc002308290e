/** When keys expire: EXPIRE, TTL, PERSIST and their kin. */

import { OP_PERSIST, OP_TOUCH, OP_TTL } from '../../protocol/op-codes.ts';
import type { EntryView } from '../../storage/reply-sink.ts';
import { TTL_NONE } from '../../vocabulary/write-arguments.ts';
import type { RespArguments } from '../resp-arguments.ts';
import type { RespCommand } from './command.ts';
import { timeOf, ttlUntil } from './expiry-arguments.ts';
import { keyCommand } from './key-command.ts';

const described = { reach: 'session', group: 'generic' } as const;
const INCOMPATIBLE = 'options at the same time are not compatible';

/** The flags that were given; or what is wrong, as text. */
function flagsOf(args: RespArguments): ReadonlySet<string> | string {
  const flags = new Set<string>();
  for (let index = 3; index < args.count; index++) {
    const flag = args.option(index);
    if (!['nx', 'xx', 'gt', 'lt'].includes(flag)) {
      return `ERR Unsupported option ${args.text(index)}`;
    }
    flags.add(flag);
  }
  if (flags.has('nx') && flags.size > 1) return `ERR NX and XX, GT or LT ${INCOMPATIBLE}`;
  if (flags.has('gt') && flags.has('lt')) return `ERR GT and LT ${INCOMPATIBLE}`;
  return flags;
}

function isWanted(flags: ReadonlySet<string>, before: number, at: number): boolean {
  if (flags.has('nx') && before !== 0) return false;
  if (flags.has('xx') && before === 0) return false;
  if (flags.has('gt') && (before === 0 || at <= before)) return false;
  return !(flags.has('lt') && before !== 0 && at >= before);
}

function expiring(name: string, unit: string, since: string, syntax: string): RespCommand {
  return keyCommand(
    {
      ...described,
      name,
      arity: -3,
      flags: ['write', 'fast'],
      role: 'write',
      op: OP_TOUCH,
      since,
      summary: 'Sets the expiration time of a key.',
      syntax: `key ${syntax} [NX|XX|GT|LT]`,
    },
    {
      needsValue: false,
      decide(args, current, decision, reply) {
        const flags = flagsOf(args);
        if (typeof flags === 'string') {
          reply.error(flags);
          return;
        }
        const time = timeOf(args, 2, unit, name, true);
        if ('error' in time) {
          reply.error(time.error);
          return;
        }
        if (current === undefined || !isWanted(flags, current.expiresAt, time.at)) {
          reply.integer(0);
          return;
        }
        if (time.at <= Date.now()) decision.delete();
        else decision.touch(ttlUntil(time.at));
        reply.integer(1);
      },
    },
  );
}

/** @param told what is said of a time, ms since 1970 */
function telling(
  name: string,
  since: string,
  summary: string,
  told: (at: number) => number,
): RespCommand {
  return keyCommand(
    {
      ...described,
      name,
      arity: 2,
      flags: ['readonly', 'fast'],
      role: 'read',
      op: OP_TTL,
      since,
      summary,
      syntax: 'key',
    },
    {
      needsValue: false,
      decide(_args, current, _decision, reply) {
        reply.integer(answerOf(current, told));
      },
    },
  );
}

function answerOf(current: EntryView | undefined, told: (at: number) => number): number {
  if (current === undefined) return -2;
  return current.expiresAt === 0 ? -1 : told(current.expiresAt);
}

const leftMs = (at: number): number => Math.max(0, at - Date.now());
const seconds = (ms: number): number => Math.floor((ms + 500) / 1000);

export const EXPIRY_COMMANDS: readonly RespCommand[] = [
  expiring('expire', 'ex', '1.0.0', 'seconds'),
  expiring('pexpire', 'px', '2.6.0', 'milliseconds'),
  expiring('expireat', 'exat', '1.2.0', 'unix-time-seconds'),
  expiring('pexpireat', 'pxat', '2.6.0', 'unix-time-milliseconds'),
  telling('ttl', '1.0.0', 'Returns the expiration time in seconds of a key.', (at) =>
    seconds(leftMs(at)),
  ),
  telling('pttl', '2.6.0', 'Returns the expiration time in milliseconds of a key.', leftMs),
  telling(
    'expiretime',
    '7.0.0',
    'Returns the expiration time of a key as a Unix timestamp.',
    seconds,
  ),
  telling(
    'pexpiretime',
    '7.0.0',
    'Returns the expiration time of a key as a Unix milliseconds timestamp.',
    (at) => at,
  ),
];

export const persist = keyCommand(
  {
    ...described,
    name: 'persist',
    arity: 2,
    flags: ['write', 'fast'],
    role: 'write',
    op: OP_PERSIST,
    since: '2.2.0',
    summary: 'Removes the expiration time of a key.',
    syntax: 'key',
  },
  {
    needsValue: false,
    decide(_args, current, decision, reply) {
      const hasTime = current !== undefined && current.expiresAt !== 0;
      if (hasTime) decision.touch(TTL_NONE);
      reply.integer(hasTime ? 1 : 0);
    },
  },
);
