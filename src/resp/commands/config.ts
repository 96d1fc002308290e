/** CONFIG: the daemon's settings, and a few of Redis' own that tools ask for. */

import { OP_CONFIG } from '../../protocol/op-codes.ts';
import { globMatches } from '../glob-pattern.ts';
import type { RespArguments } from '../resp-arguments.ts';
import type { RespCommand, RespContext } from './command.ts';
import { unknownSubcommand, wrongArity } from './error-words.ts';
import { requestsOf } from './info.ts';

/** What is true here of settings that Redis has. */
function redisSettings({ services }: RespContext): Readonly<Record<string, string>> {
  return {
    appendonly: 'yes',
    databases: '1',
    maxclients: String(services.limits.maxConnections),
    maxmemory: '0',
    'maxmemory-policy': 'noeviction',
    'proto-max-bulk-len': String(services.limits.maxFrameBytes),
    save: '',
    timeout: String(Math.floor(services.limits.idleTimeoutMs / 1000)),
  };
}

function allSettings(context: RespContext): Readonly<Record<string, string>> {
  const settings = context.services.configuration?.get(undefined) ?? [];
  const own = settings.map(({ name, text }) => [name, text]);
  return { ...redisSettings(context), ...Object.fromEntries(own) };
}

function get(context: RespContext, args: RespArguments): void {
  const patterns = Array.from({ length: args.count - 2 }, (_, index) =>
    Buffer.from(args.option(index + 2)),
  );
  const found = Object.entries(allSettings(context)).filter(([name]) => {
    const text = Buffer.from(name.toLowerCase());
    return patterns.some((pattern) => globMatches(pattern, text));
  });
  context.answer((reply) => {
    reply.map(found.length);
    for (const [name, text] of found) {
      reply.text(name);
      reply.text(text);
    }
  });
}

function set(context: RespContext, args: RespArguments): void {
  const { services, account, clientId } = context;
  const { configuration } = services;
  const by = account.name === '' ? `client ${clientId}` : `${account.name}, client ${clientId}`;
  if (args.count !== 4) {
    context.error('ERR caskd changes one setting at a time');
    return;
  }
  const name = args.text(2);
  if (configuration === undefined || Object.hasOwn(redisSettings(context), name)) {
    context.error(`ERR CONFIG SET failed (possibly related to argument '${name}') - can't set it`);
    return;
  }
  configuration.set(name, args.text(3), by);
  context.ok();
}

function resetStat(context: RespContext): void {
  const { counters } = context.services;
  const { connectionsAccepted, bytesIn, bytesOut } = counters;
  const requests = requestsOf(counters);
  context.server.baseline = { connectionsAccepted, requests, bytesIn, bytesOut };
  context.ok();
}

const SUBCOMMANDS = {
  get: { argumentsMin: 1, run: get },
  set: { argumentsMin: 2, run: set },
  resetstat: { argumentsMin: 0, run: resetStat },
} as const;

export const config: RespCommand = {
  name: 'config',
  arity: -2,
  flags: ['admin', 'noscript', 'loading', 'stale'],
  keys: [0, 0, 0],
  role: 'admin',
  reach: 'server',
  op: OP_CONFIG,
  group: 'server',
  since: '2.0.0',
  summary: 'Reads and changes the settings of the daemon.',
  syntax: 'GET pattern|SET name value|RESETSTAT',
  subcommands: Object.keys(SUBCOMMANDS),
  run(context, args) {
    const name = args.option(1);
    if (!Object.hasOwn(SUBCOMMANDS, name)) {
      context.error(unknownSubcommand('config', args.text(1)));
      return;
    }
    const subcommand = SUBCOMMANDS[name as keyof typeof SUBCOMMANDS];
    if (args.count - 2 < subcommand.argumentsMin) context.error(wrongArity(`config|${name}`));
    else subcommand.run(context, args);
  },
};
