/** COMMAND: what commands there are, for clients and for the hints of shells. */

import { OP_PING } from '../../protocol/op-codes.ts';
import type { Reply } from '../reply.ts';
import type { RespArguments } from '../resp-arguments.ts';
import type { RespCommand } from './command.ts';
import { unknownSubcommand, wrongArity } from './error-words.ts';

const HIDDEN_FLAGS: ReadonlySet<string> = new Set(['no_multi']);

function sayInfo(reply: Reply, command: RespCommand): void {
  const { name, arity, flags, keys, role, group } = command;
  const shown = flags.filter((flag) => !HIDDEN_FLAGS.has(flag));
  reply.array(10);
  reply.text(name);
  reply.integer(arity);
  reply.set(shown.length);
  for (const flag of shown) reply.simple(flag);
  for (const position of keys) reply.integer(position);
  const categories = [`@${role === 'anyone' ? 'connection' : role}`, `@${group}`];
  reply.set(categories.length);
  for (const category of categories) reply.simple(category);
  reply.array(0);
  reply.array(0);
  reply.array(0);
}

function sayDocs(reply: Reply, command: RespCommand): void {
  const { name, summary, since, group, syntax } = command;
  reply.text(name);
  const docs = { summary, since, group };
  reply.map(syntax === '' ? 3 : 4);
  for (const [key, text] of Object.entries(docs)) {
    reply.text(key);
    reply.text(text);
  }
  if (syntax === '') return;
  // the words as people read them: there is one argument as far as programs go
  reply.text('arguments');
  reply.array(1);
  reply.map(3);
  for (const text of ['name', syntax, 'type', 'string', 'display_text', syntax]) reply.text(text);
}

/** @param all asked when it is needed: COMMAND is one of them */
export function commandCommand(all: () => ReadonlyMap<string, RespCommand>): RespCommand {
  const named = (args: RespArguments): (RespCommand | undefined)[] =>
    Array.from({ length: args.count - 2 }, (_, index) => all().get(args.option(index + 2)));

  const subcommands: Record<string, (args: RespArguments, reply: Reply) => void> = {
    count: (args, reply) => {
      if (args.count === 2) reply.integer(all().size);
      else reply.error(wrongArity('command|count'));
    },
    list: (_args, reply) => reply.value([...all().keys()]),
    info: (args, reply) => {
      const wanted = args.count === 2 ? [...all().values()] : named(args);
      reply.array(wanted.length);
      for (const command of wanted) {
        if (command === undefined) reply.nullArray();
        else sayInfo(reply, command);
      }
    },
    docs: (args, reply) => {
      const wanted = args.count === 2 ? [...all().values()] : named(args);
      const known = wanted.filter((command) => command !== undefined);
      reply.map(known.length);
      for (const command of known) sayDocs(reply, command);
    },
  };

  return {
    name: 'command',
    arity: -1,
    flags: ['loading', 'stale'],
    keys: [0, 0, 0],
    role: 'read',
    reach: 'session',
    op: OP_PING,
    group: 'server',
    since: '2.8.13',
    summary: 'Returns detailed information about all commands.',
    syntax: '[COUNT|DOCS [command-name ...]|INFO [command-name ...]|LIST]',
    subcommands: Object.keys(subcommands),
    run(context, args) {
      if (args.count === 1) {
        context.answer((reply) => {
          reply.array(all().size);
          for (const command of all().values()) sayInfo(reply, command);
        });
        return;
      }
      const name = args.option(1);
      const say = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
      if (say === undefined) context.error(unknownSubcommand('command', args.text(1)));
      else context.answer((reply) => say(args, reply));
    },
  };
}
