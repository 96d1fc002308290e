/** The server: TIME, SAVE and its kin, SLOWLOG, SHUTDOWN, WAIT, FUNCTION. */

import { toCaskError } from '../../errors/cask-error.ts';
import { OP_MERGE, OP_PING, OP_SLOW_LOG, OP_SYNC } from '../../protocol/op-codes.ts';
import { clampedIntegerOf } from '../integer-words.ts';
import type { Reply } from '../reply.ts';
import type { RespCommand, RespContext } from './command.ts';
import { NOT_AN_INTEGER, unknownSubcommand, wrongArity } from './error-words.ts';

const described = { keys: [0, 0, 0], group: 'server', syntax: '' } as const;

function sayTime(reply: Reply): void {
  const micros = Math.round((performance.timeOrigin + performance.now()) * 1000);
  reply.value([String(Math.floor(micros / 1_000_000)), String(micros % 1_000_000)]);
}

export const time: RespCommand = {
  ...described,
  name: 'time',
  arity: 1,
  flags: ['loading', 'stale', 'fast'],
  role: 'read',
  reach: 'session',
  op: OP_PING,
  since: '2.6.0',
  summary: 'Returns the server time.',
  run: (context) => context.answer(sayTime),
  inTransaction: (_args, _view, reply) => sayTime(reply),
};

/** Makes durable what is committed. */
async function sync({ services, server }: RespContext): Promise<void> {
  server.isSaving = true;
  try {
    await services.store.sync();
    server.savedAt = Date.now();
  } finally {
    server.isSaving = false;
  }
}

const saving = {
  ...described,
  role: 'write',
  reach: 'session',
  op: OP_SYNC,
  since: '1.0.0',
} as const;

export const save: RespCommand = {
  ...saving,
  name: 'save',
  arity: 1,
  flags: ['admin', 'noscript'],
  summary: 'Answers when all that is committed is durable.',
  run: (context) =>
    context.later(
      () => sync(context),
      (reply) => reply.ok(),
    ),
};

export const bgSave: RespCommand = {
  ...saving,
  name: 'bgsave',
  arity: -1,
  flags: ['admin', 'noscript'],
  summary: 'Makes durable all that is committed, and does not wait for it.',
  syntax: '[SCHEDULE]',
  run(context) {
    if (context.server.isSaving) {
      context.error('ERR Background save already in progress');
      return;
    }
    const { log } = context.services;
    sync(context).catch((thrown: unknown) => {
      log('warn', 'background-command-failed', {
        op: 'bgsave',
        error: toCaskError(thrown).message,
      });
    });
    context.answer((reply) => reply.simple('Background saving started'));
  },
};

export const lastSave: RespCommand = {
  ...described,
  name: 'lastsave',
  arity: 1,
  flags: ['loading', 'stale', 'fast'],
  role: 'read',
  reach: 'session',
  op: OP_PING,
  since: '1.0.0',
  summary: 'Returns when SAVE or BGSAVE was done last, or the start of the server.',
  run: (context) =>
    context.answer((reply) => reply.integer(Math.floor(context.server.savedAt / 1000))),
};

export const bgRewriteAof: RespCommand = {
  ...described,
  name: 'bgrewriteaof',
  arity: 1,
  flags: ['admin', 'noscript'],
  role: 'admin',
  reach: 'server',
  op: OP_MERGE,
  since: '1.0.0',
  summary: 'Merges: gives back the space of what was overwritten and deleted.',
  run(context) {
    const { store, log } = context.services;
    const merge = store.merge();
    merge.catch((thrown: unknown) => {
      log('warn', 'background-command-failed', {
        op: 'bgrewriteaof',
        error: toCaskError(thrown).message,
      });
    });
    context.answer((reply) => reply.simple('Background append only file rewriting started'));
  },
};

export const shutdown: RespCommand = {
  ...described,
  name: 'shutdown',
  arity: -1,
  flags: ['admin', 'noscript', 'loading', 'stale', 'no_multi', 'allow_busy'],
  role: 'admin',
  reach: 'server',
  op: OP_SYNC,
  since: '1.0.0',
  summary: 'Finishes what was asked, and ends the daemon.',
  syntax: '[NOSAVE|SAVE]',
  run(context) {
    const { shutdown: stop } = context.server;
    if (stop === undefined) {
      context.error('ERR Errors trying to SHUTDOWN. Check logs.');
      return;
    }
    stop();
    context.ok();
    context.closeAfterReply();
  },
};

export const wait: RespCommand = {
  ...described,
  name: 'wait',
  arity: 3,
  flags: ['noscript'],
  role: 'read',
  reach: 'session',
  group: 'generic',
  op: OP_SYNC,
  since: '3.0.0',
  summary: 'Answers 0 at once: there are no replicas.',
  syntax: 'numreplicas timeout',
  run(context, args) {
    const isRight = [1, 2].every((index) => clampedIntegerOf(args, index) !== undefined);
    if (isRight) context.answer((reply) => reply.integer(0));
    else context.error(NOT_AN_INTEGER);
  },
};

export const functionCommand: RespCommand = {
  ...described,
  name: 'function',
  arity: -2,
  flags: ['write', 'noscript'],
  role: 'write',
  reach: 'session',
  group: 'scripting',
  op: OP_PING,
  since: '7.0.0',
  summary: 'There are no functions: FLUSH has nothing to do.',
  syntax: 'FLUSH [ASYNC|SYNC]',
  subcommands: ['flush'],
  run(context, args) {
    if (args.option(1) === 'flush') context.ok();
    else context.error(unknownSubcommand('function', args.text(1)));
  },
};

const SLOW_DEFAULT = 10;

export const slowLog: RespCommand = {
  ...described,
  name: 'slowlog',
  arity: -2,
  flags: ['admin', 'loading', 'stale'],
  role: 'admin',
  reach: 'server',
  op: OP_SLOW_LOG,
  since: '2.2.12',
  summary: 'Requests that took long: GET, LEN, RESET.',
  syntax: 'GET [count]|LEN|RESET',
  subcommands: ['get', 'len', 'reset'],
  run(context, args) {
    const { slowLog: log } = context.services;
    const subcommand = args.option(1);
    if (subcommand === 'len') {
      context.answer((reply) => reply.integer(log.newest(Number.MAX_SAFE_INTEGER).length));
    } else if (subcommand === 'reset') {
      log.reset();
      context.ok();
    } else if (subcommand !== 'get') {
      context.error(unknownSubcommand('slowlog', args.text(1)));
    } else if (args.count > 3) {
      context.error(wrongArity('slowlog|get'));
    } else {
      const count = args.count === 3 ? clampedIntegerOf(args, 2) : SLOW_DEFAULT;
      if (count === undefined) {
        context.error(NOT_AN_INTEGER);
        return;
      }
      if (count < -1) {
        context.error('ERR count should be greater than or equal to -1');
        return;
      }
      saySlow(context, count < 0 ? Number.MAX_SAFE_INTEGER : count);
    }
  },
};

function saySlow(context: RespContext, count: number): void {
  const entries = context.services.slowLog.newest(count);
  context.answer((reply) =>
    reply.value(
      entries.map(({ id, at, ms, operation, requests, address, client }) => [
        id,
        Math.floor(at / 1000),
        Math.round(ms * 1000),
        [operation, `requests=${requests}`],
        address,
        client,
      ]),
    ),
  );
}
