/** All commands by the number of their operation. */

import { OP_NAMES } from '../../protocol/op-codes.ts';
import { auth } from './auth.ts';
import { backup } from './backup.ts';
import { batch } from './batch.ts';
import { cancel } from './cancel.ts';
import { clients } from './clients.ts';
import type { Command } from './command.ts';
import { config } from './config.ts';
import { count } from './count.ts';
import { deleteKey } from './delete.ts';
import { deleteRange } from './delete-range.ts';
import { exists } from './exists.ts';
import { get } from './get.ts';
import { getAndDelete } from './get-and-delete.ts';
import { getMany } from './get-many.ts';
import { hello } from './hello.ts';
import { incr } from './incr.ts';
import { jobs } from './jobs.ts';
import { merge } from './merge.ts';
import { persist } from './persist.ts';
import { ping } from './ping.ts';
import { put } from './put.ts';
import { range } from './range.ts';
import { scrub } from './scrub.ts';
import { slowLog } from './slow-log.ts';
import { stats } from './stats.ts';
import { sync } from './sync.ts';
import { touch } from './touch.ts';
import { ttl } from './ttl.ts';

const COMMANDS: readonly Command[] = [
  hello,
  ping,
  get,
  getMany,
  put,
  deleteKey,
  deleteRange,
  exists,
  count,
  batch,
  range,
  stats,
  sync,
  merge,
  jobs,
  cancel,
  clients,
  slowLog,
  auth,
  config,
  backup,
  scrub,
  incr,
  touch,
  persist,
  ttl,
  getAndDelete,
];

const BY_OP: readonly (Command | undefined)[] = OP_NAMES.map((_, op) =>
  COMMANDS.find((command) => command.op === op),
);

/** The command of an operation; undefined: there is none. */
export function commandOf(op: number): Command | undefined {
  return BY_OP[op];
}
