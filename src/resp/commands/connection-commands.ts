/** Of the connection itself: HELLO, AUTH, PING, ECHO, SELECT, QUIT, RESET. */

import { OP_AUTH, OP_HELLO, OP_PING } from '../../protocol/op-codes.ts';
import { clampedIntegerOf } from '../integer-words.ts';
import type { Reply } from '../reply.ts';
import { PONG } from '../reply-writer.ts';
import type { RespArguments } from '../resp-arguments.ts';
import { isClientName } from './client.ts';
import type { RespCommand, RespContext } from './command.ts';
import { DB_OUT_OF_RANGE, NOT_AN_INTEGER, wrongArity } from './error-words.ts';

const described = { keys: [0, 0, 0], reach: 'session', group: 'connection' } as const;

function sayPong(args: RespArguments, reply: Reply): void {
  if (args.count > 2) reply.error(wrongArity('ping'));
  else if (args.count === 2) reply.bulk(args.word(1));
  else reply.raw(PONG);
}

export const ping: RespCommand = {
  ...described,
  name: 'ping',
  arity: -1,
  flags: ['fast'],
  role: 'read',
  op: OP_PING,
  since: '1.0.0',
  summary: "Returns the server's liveliness response.",
  syntax: '[message]',
  run: (context, args) => context.answer((reply) => sayPong(args, reply)),
  inTransaction: (args, _view, reply) => sayPong(args, reply),
};

export const echo: RespCommand = {
  ...described,
  name: 'echo',
  arity: 2,
  flags: ['fast'],
  role: 'read',
  op: OP_PING,
  since: '1.0.0',
  summary: 'Returns the given string.',
  syntax: 'message',
  run: (context, args) => context.answer((reply) => reply.bulk(args.word(1))),
  inTransaction: (args, _view, reply) => reply.bulk(args.word(1)),
};

function sayDatabase(args: RespArguments, reply: Reply): void {
  const db = clampedIntegerOf(args, 1);
  if (db === undefined) reply.error(NOT_AN_INTEGER);
  else if (db === 0) reply.ok();
  else reply.error(DB_OUT_OF_RANGE);
}

export const select: RespCommand = {
  ...described,
  name: 'select',
  arity: 2,
  flags: ['loading', 'stale', 'fast'],
  role: 'read',
  op: OP_PING,
  since: '1.0.0',
  summary: 'Changes the selected database: there is one, 0.',
  syntax: 'index',
  run: (context, args) => context.answer((reply) => sayDatabase(args, reply)),
  inTransaction: (args, _view, reply) => sayDatabase(args, reply),
};

export const quit: RespCommand = {
  ...described,
  name: 'quit',
  arity: -1,
  flags: ['allow_busy', 'noscript', 'loading', 'stale', 'fast', 'no_auth', 'no_multi'],
  role: 'anyone',
  op: OP_PING,
  since: '1.0.0',
  summary: 'Closes the connection.',
  syntax: '',
  run(context) {
    context.ok();
    context.closeAfterReply();
  },
};

export const reset: RespCommand = {
  ...described,
  name: 'reset',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy', 'no_multi'],
  role: 'anyone',
  op: OP_PING,
  since: '6.2.0',
  summary: 'Resets the connection.',
  syntax: '',
  run(context) {
    context.reset();
    context.answer((reply) => reply.simple('RESET'));
  },
};

const NO_PASSWORDS =
  'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?';
const WRONG_PASSWORD = 'WRONGPASS invalid username-password pair or user is disabled.';
const DEFAULT_USER = 'default';

export const auth: RespCommand = {
  ...described,
  name: 'auth',
  arity: -2,
  flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
  role: 'anyone',
  op: OP_AUTH,
  since: '1.0.0',
  summary: 'Authenticates the connection.',
  syntax: '[username] password',
  run(context, args) {
    const hasUser = args.count === 3;
    if (args.count > 3) {
      context.error('ERR syntax error');
    } else if (context.services.authenticator === undefined) {
      if (!hasUser) context.error(NO_PASSWORDS);
      else if (args.text(1) === DEFAULT_USER) context.ok();
      else context.error(WRONG_PASSWORD);
    } else {
      const user = hasUser ? args.text(1) : DEFAULT_USER;
      const password = args.text(hasUser ? 2 : 1);
      context.login({ user, password }, (reply) => reply.ok());
    }
  },
};

interface Greeting {
  isResp3: boolean;
  credentials: { readonly user: string; readonly password: string } | undefined;
  name: string | undefined;
}

/** What HELLO asks for; or what is wrong, as text. */
function greetingOf(args: RespArguments, isResp3: boolean): Greeting | string {
  const greeting: Greeting = { isResp3, credentials: undefined, name: undefined };
  if (args.count === 1) return greeting;
  const version = clampedIntegerOf(args, 1);
  if (version === undefined) return 'ERR Protocol version is not an integer or out of range';
  if (version !== 2 && version !== 3) return 'NOPROTO unsupported protocol version';
  greeting.isResp3 = version === 3;
  for (let index = 2; index < args.count; index++) {
    const option = args.option(index);
    const left = args.count - 1 - index;
    if (option === 'auth' && left >= 2) {
      greeting.credentials = { user: args.text(index + 1), password: args.text(index + 2) };
      index += 2;
    } else if (option === 'setname' && left >= 1) {
      greeting.name = args.text(index + 1);
      if (!isClientName(greeting.name)) {
        return 'ERR Client names cannot contain spaces, newlines or special characters.';
      }
      index += 1;
    } else {
      return `ERR Syntax error in HELLO option '${args.text(index)}'`;
    }
  }
  return greeting;
}

function sayHello(context: RespContext, reply: Reply): void {
  const { identity } = context.services;
  reply.map(7);
  reply.value('server');
  reply.value('caskd');
  reply.value('version');
  reply.value(identity.version);
  reply.value('proto');
  reply.integer(reply.isResp3 ? 3 : 2);
  reply.value('id');
  reply.integer(context.clientId);
  reply.value('mode');
  reply.value('standalone');
  reply.value('role');
  reply.value('master');
  reply.value('modules');
  reply.array(0);
}

export const hello: RespCommand = {
  ...described,
  name: 'hello',
  arity: -1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
  role: 'anyone',
  op: OP_HELLO,
  since: '6.0.0',
  summary: 'Handshakes with the server.',
  syntax: '[protover [AUTH username password] [SETNAME clientname]]',
  run(context, args) {
    const greeting = greetingOf(args, context.isResp3);
    if (typeof greeting === 'string') {
      context.error(greeting);
      return;
    }
    const { credentials, name, isResp3 } = greeting;
    const greet = (reply: Reply): void => {
      context.isResp3 = isResp3;
      if (name !== undefined) context.clientName = name;
      reply.isResp3 = isResp3;
      sayHello(context, reply);
    };
    if (credentials !== undefined && context.services.authenticator !== undefined) {
      context.login(credentials, greet);
    } else if (credentials !== undefined && credentials.user !== DEFAULT_USER) {
      context.error(WRONG_PASSWORD);
    } else if (context.account.rank === 0) {
      context.error(
        'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
      );
    } else {
      context.answer(greet);
    }
  },
};
