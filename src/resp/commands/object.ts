/** What is known of a key: OBJECT, MEMORY. */

import { OP_GET } from '../../protocol/op-codes.ts';
import type { EntryView } from '../../storage/reply-sink.ts';
import { integerFrom } from '../../vocabulary/integer-text.ts';
import type { Reply } from '../reply.ts';
import type { RespArguments } from '../resp-arguments.ts';
import type { KeyCommand, RespCommand } from './command.ts';
import { SYNTAX, unknownSubcommand, wrongArity } from './error-words.ts';

const described = {
  arity: -2,
  flags: ['readonly'],
  keys: [2, 2, 1],
  role: 'read',
  reach: 'session',
  op: OP_GET,
} as const;

const NO_FREQUENCY =
  'ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.';
/** Up to so many bytes Redis keeps a string beside its object. */
const EMBEDDED_BYTES_MAX = 44;
/** Of an entry in the keydir and the index, about. */
const ENTRY_BYTES = 64;

type Telling = (current: EntryView, reply: Reply, keyBytes: number) => void;

const TELLINGS: Readonly<Record<string, Telling>> = {
  encoding({ buffer, valueStart, valueBytes }, reply) {
    const isInteger = integerFrom(buffer, valueStart, valueBytes) !== undefined;
    const short = valueBytes <= EMBEDDED_BYTES_MAX ? 'embstr' : 'raw';
    reply.text(isInteger ? 'int' : short);
  },
  refcount: (_current, reply) => reply.integer(1),
  idletime: (current, reply) =>
    reply.integer(Math.max(0, Math.floor((Date.now() - current.updatedAt) / 1000))),
  freq: (_current, reply) => reply.error(NO_FREQUENCY),
  usage: (current, reply, keyBytes) => reply.integer(keyBytes + current.valueBytes + ENTRY_BYTES),
};

/** Words of a command whose key is the one behind the subcommand, as one on that key. */
function shifted(args: RespArguments): RespArguments {
  const copy = args.copy();
  copy.starts.copyWithin(1, 2, copy.count);
  copy.lengths.copyWithin(1, 2, copy.count);
  copy.count -= 1;
  return copy;
}

function tellingOf(name: string): KeyCommand {
  return {
    needsValue: true,
    decide(args, current, _decision, reply) {
      if (current === undefined) reply.null();
      else TELLINGS[name]?.(current, reply, args.bytes(1));
    },
  };
}

const COMMANDS = Object.fromEntries(Object.keys(TELLINGS).map((name) => [name, tellingOf(name)]));

export const object: RespCommand = {
  ...described,
  name: 'object',
  group: 'generic',
  since: '2.2.3',
  summary: 'What is known of a key: its encoding, and since when it was not written.',
  syntax: 'ENCODING key|IDLETIME key|REFCOUNT key|FREQ key',
  subcommands: ['encoding', 'idletime', 'refcount', 'freq'],
  run(context, args) {
    const name = args.option(1);
    const command = name === 'usage' ? undefined : COMMANDS[name];
    if (command === undefined) context.error(unknownSubcommand('object', args.text(1)));
    else if (args.count !== 3) context.error(wrongArity(`object|${name}`));
    else context.modify(command, shifted(args));
  },
};

export const memory: RespCommand = {
  ...described,
  name: 'memory',
  group: 'server',
  since: '4.0.0',
  summary: 'Bytes that a key and its value take, about.',
  syntax: 'USAGE key [SAMPLES count]',
  subcommands: ['usage'],
  run(context, args) {
    const command = COMMANDS['usage'];
    const hasSamples = args.count === 5 && args.option(3) === 'samples';
    if (args.option(1) !== 'usage' || command === undefined) {
      context.error(unknownSubcommand('memory', args.text(1)));
    } else if (args.count < 3) {
      context.error(wrongArity('memory|usage'));
    } else if (args.count === 3 || hasSamples) {
      context.modify(command, shifted(args));
    } else {
      context.error(SYNTAX);
    }
  },
};
