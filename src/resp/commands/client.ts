/** CLIENT: names, lists, and the end of connections. */

import { OP_CLIENTS } from '../../protocol/op-codes.ts';
import { rankOf } from '../../security/index.ts';
import type { ClientFacts } from '../../vocabulary/insight.ts';
import { clampedIntegerOf } from '../integer-words.ts';
import type { RespArguments } from '../resp-arguments.ts';
import type { RespCommand, RespContext } from './command.ts';
import { SYNTAX, unknownSubcommand, wrongArity } from './error-words.ts';

const NAME = /^[!-~]*$/;
const NAME_CHARACTERS_MAX = 128;
/** Of one turn, and of one reply. */
const PAGE_CLIENTS = 500;
const LIST_CLIENTS_MAX = 20_000;
const BAD_NAME = 'ERR Client names cannot contain spaces, newlines or special characters.';

export function isClientName(text: string): boolean {
  return NAME.test(text);
}

function lineOf(client: ClientFacts): string {
  const age = Math.floor((Date.now() - client.connectedAt) / 1000);
  const facts = {
    id: client.id,
    addr: client.address,
    name: client.name.replace(/[^!-~]/g, '_'),
    age,
    idle: Math.floor(client.idleMs / 1000),
    flags: 'N',
    db: 0,
    sub: 0,
    psub: 0,
    multi: -1,
    'tot-net-in': client.bytesIn,
    'tot-net-out': client.bytesOut,
    omem: client.pendingBytes,
    cmd: client.lastOperation?.toLowerCase() ?? 'NULL',
    user: client.user ?? 'default',
  };
  return Object.entries(facts)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

async function listAll({ services }: RespContext): Promise<string> {
  const lines: string[] = [];
  let after = 0;
  for (;;) {
    const { clients, more } = services.clients.page(after, PAGE_CLIENTS);
    for (const client of clients) lines.push(`${lineOf(client)}\n`);
    after = clients.at(-1)?.id ?? 0;
    if (!more || lines.length >= LIST_CLIENTS_MAX) return lines.join('');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function ownFacts({ services, clientId }: RespContext): ClientFacts | undefined {
  return services.clients.page(clientId - 1, 1).clients[0];
}

/** The id of the one to end; undefined: there is none; or what is wrong, as text. */
function victimOf(context: RespContext, args: RespArguments): number | undefined | string {
  if (args.count === 3) return idOfAddress(context, args.text(2));
  if (args.count !== 4) return SYNTAX;
  const filter = args.option(2);
  if (filter === 'addr') return idOfAddress(context, args.text(3));
  if (filter !== 'id') return SYNTAX;
  const id = clampedIntegerOf(args, 3);
  return id === undefined || id < 1 ? 'ERR client-id should be greater than 0' : id;
}

function idOfAddress({ services }: RespContext, address: string): number | undefined {
  let after = 0;
  for (;;) {
    const { clients, more } = services.clients.page(after, PAGE_CLIENTS);
    const found = clients.find((client) => client.address === address);
    if (found !== undefined || !more) return found?.id;
    after = clients.at(-1)?.id ?? 0;
  }
}

function kill(context: RespContext, args: RespArguments): void {
  const { services, clientId, account } = context;
  const id = victimOf(context, args);
  if (typeof id === 'string') {
    context.error(id);
    return;
  }
  const isOld = args.count === 3;
  const by = account.name === '' ? `client ${clientId}` : `${account.name}, client ${clientId}`;
  const isOwn = id === clientId;
  const isFound = id !== undefined && (isOwn || services.clients.kill(id, by));
  if (!isOld) context.answer((reply) => reply.integer(isFound ? 1 : 0));
  else if (isFound) context.ok();
  else context.error('ERR No such client');
  if (isOwn) context.closeAfterReply();
}

type Subcommand = {
  /** Words, CLIENT included; negative: at least so many. */
  readonly arity: number;
  readonly isAdmin?: boolean;
  readonly run: (context: RespContext, args: RespArguments) => void;
};

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  id: {
    arity: 2,
    run: (context) => context.answer((reply) => reply.integer(context.clientId)),
  },
  setname: {
    arity: 3,
    run(context, args) {
      const name = args.text(2);
      if (!isClientName(name)) {
        context.error(BAD_NAME);
        return;
      }
      context.clientName = name.slice(0, NAME_CHARACTERS_MAX);
      context.ok();
    },
  },
  getname: {
    arity: 2,
    run: (context) =>
      context.answer((reply) =>
        context.clientName === '' ? reply.null() : reply.text(context.clientName),
      ),
  },
  setinfo: {
    arity: 4,
    run(context, args) {
      const option = args.option(2);
      if (option === 'lib-name' || option === 'lib-ver') context.ok();
      else context.error(`ERR Unrecognized option '${args.text(2)}'`);
    },
  },
  list: {
    arity: -2,
    isAdmin: true,
    run: (context) =>
      context.later(
        () => listAll(context),
        (reply, text) => reply.verbatim(text),
      ),
  },
  info: {
    arity: 2,
    run(context) {
      const facts = ownFacts(context);
      const text = facts === undefined ? '' : `${lineOf(facts)} resp=${context.isResp3 ? 3 : 2}\n`;
      context.answer((reply) => reply.verbatim(text));
    },
  },
  kill: { arity: -3, isAdmin: true, run: kill },
  'no-evict': { arity: 3, isAdmin: true, run: onOrOff },
  'no-touch': { arity: 3, run: onOrOff },
};

/** Nothing is evicted here, and reading changes nothing: there is nothing to turn on or off. */
function onOrOff(context: RespContext, args: RespArguments): void {
  if (['on', 'off'].includes(args.option(2))) context.ok();
  else context.error(SYNTAX);
}

export const client: RespCommand = {
  name: 'client',
  arity: -2,
  flags: ['noscript', 'loading', 'stale'],
  keys: [0, 0, 0],
  role: 'read',
  reach: 'session',
  op: OP_CLIENTS,
  group: 'connection',
  since: '2.4.0',
  summary: 'Names, lists and ends connections.',
  syntax:
    'ID|GETNAME|SETNAME name|SETINFO attribute value|INFO|LIST|KILL ID id|NO-EVICT ON|NO-TOUCH ON',
  subcommands: Object.keys(SUBCOMMANDS),
  run(context, args) {
    const name = args.option(1);
    const subcommand = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
    if (subcommand === undefined) {
      context.error(unknownSubcommand('client', args.text(1)));
      return;
    }
    const { arity, isAdmin = false, run } = subcommand;
    const { account } = context;
    const isLimited = account.rank < rankOf('admin') || account.prefixes !== undefined;
    if (arity > 0 ? args.count !== arity : args.count < -arity) {
      context.error(wrongArity(`client|${name}`));
    } else if (isAdmin && isLimited) {
      context.error(`NOPERM client|${name} needs the role admin`);
    } else {
      run(context, args);
    }
  },
};
