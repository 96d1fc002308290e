/** All commands by name, and the way from a request's first word to one. */

import type { RespArguments } from '../resp-arguments.ts';
import { caskGet, caskRange } from './cask.ts';
import { client } from './client.ts';
import type { RespCommand } from './command.ts';
import { commandCommand } from './command-info.ts';
import { config } from './config.ts';
import { auth, echo, hello, ping, quit, reset, select } from './connection-commands.ts';
import { COUNTERS, incrByFloat } from './counters.ts';
import { EXPIRY_COMMANDS, persist } from './expiry.ts';
import { get } from './get.ts';
import { info } from './info.ts';
import {
  copy,
  del,
  exists,
  flushAll,
  flushDb,
  randomKey,
  rename,
  renameNx,
  touch,
  type,
  unlink,
} from './keys.ts';
import { mGet, mSet, mSetNx } from './many.ts';
import { discard, exec, multi, unwatch, watch } from './multi.ts';
import { memory, object } from './object.ts';
import { dbSize, keys, scan } from './scan.ts';
import {
  bgRewriteAof,
  bgSave,
  functionCommand,
  lastSave,
  save,
  shutdown,
  slowLog,
  time,
  wait,
} from './server-commands.ts';
import { getDel, getEx, getSet, pSetEx, set, setEx, setNx } from './set.ts';
import { append, getRange, setRange, strLen, subStr } from './strings.ts';

const ALL: readonly RespCommand[] = [
  ...[get, set, setNx, setEx, pSetEx, getSet, getDel, getEx, mGet, mSet, mSetNx],
  ...[...COUNTERS, incrByFloat, append, strLen, getRange, subStr, setRange],
  ...[del, unlink, exists, touch, type, rename, renameNx, copy, randomKey, flushAll, flushDb],
  ...[...EXPIRY_COMMANDS, persist, scan, keys, dbSize],
  ...[multi, exec, discard, watch, unwatch],
  ...[hello, auth, ping, echo, select, quit, reset, client],
  ...[commandCommand(() => COMMANDS), info, config, time, slowLog, memory, object],
  ...[save, bgSave, lastSave, bgRewriteAof, shutdown, wait, functionCommand],
  ...[caskGet, caskRange],
];

export const COMMANDS: ReadonlyMap<string, RespCommand> = new Map(
  ALL.map((command) => [command.name, command]),
);

const NAME_BYTES_MAX = 16;

/** Commands by length of the name and its first letter: a few at most have both. */
const BY_START = new Map<number, { readonly name: Buffer; readonly command: RespCommand }[]>();
for (const command of ALL) {
  const name = Buffer.from(command.name);
  const start = startOf(name.length, name[0] as number);
  BY_START.set(start, [...(BY_START.get(start) ?? []), { name, command }]);
}

function startOf(bytes: number, first: number): number {
  return bytes * 256 + (first | 0x20);
}

/** The command that the first word names, in any case; undefined: there is none. */
export function findCommand(args: RespArguments): RespCommand | undefined {
  // for each request: no string, no copy
  const bytes = args.bytes(0);
  if (bytes === 0 || bytes > NAME_BYTES_MAX) return undefined;
  const { buffer } = args;
  const start = args.start(0);
  const candidates = BY_START.get(startOf(bytes, buffer[start] as number));
  if (candidates === undefined) return undefined;
  for (const { name, command } of candidates) {
    let at = 0;
    while (at < bytes && lowerCase(buffer[start + at] as number) === name[at]) at += 1;
    if (at === bytes) return command;
  }
  return undefined;
}

function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

export function isArityWrong({ arity }: RespCommand, args: RespArguments): boolean {
  return arity > 0 ? args.count !== arity : args.count < -arity;
}
