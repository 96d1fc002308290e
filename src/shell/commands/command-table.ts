/** The one table of commands: parser, help, completion and hints are made from it. */

import { backup } from './backup.ts';
import { batch } from './batch.ts';
import { bigkeys } from './bigkeys.ts';
import { client } from './client.ts';
import { clients } from './clients.ts';
import type { CommandSpec } from './command.ts';
import { compact } from './compact.ts';
import { completion } from './completion.ts';
import { config } from './config.ts';
import { count } from './count.ts';
import { del } from './del.ts';
import { deletePrefix } from './delete-prefix.ts';
import { deleteRange } from './delete-range.ts';
import { dumpSegment } from './dump-segment.ts';
import { exists } from './exists.ts';
import { exportCommand } from './export.ts';
import { get } from './get.ts';
import { getDel } from './getdel.ts';
import { importCommand } from './import.ts';
import { incr } from './incr.ts';
import { job } from './job.ts';
import { jobs } from './jobs.ts';
import { latency } from './latency.ts';
import { merge } from './merge.ts';
import { persist } from './persist.ts';
import { ping } from './ping.ts';
import { put } from './put.ts';
import { range } from './range.ts';
import { repair } from './repair.ts';
import { restore } from './restore.ts';
import { scrub } from './scrub.ts';
import { slowlog } from './slowlog.ts';
import { stats } from './stats.ts';
import { sync } from './sync.ts';
import { touch } from './touch.ts';
import { ttl } from './ttl.ts';
import { user } from './user.ts';
import { verify } from './verify.ts';
import { watch } from './watch.ts';

export const COMMANDS: readonly CommandSpec[] = [
  put,
  get,
  del,
  deleteRange,
  deletePrefix,
  exists,
  incr,
  getDel,
  ttl,
  touch,
  persist,
  count,
  range,
  batch,
  importCommand,
  exportCommand,
  stats,
  latency,
  bigkeys,
  clients,
  client,
  slowlog,
  jobs,
  job,
  merge,
  config,
  sync,
  ping,
  watch,
  backup,
  scrub,
  restore,
  verify,
  repair,
  compact,
  dumpSegment,
  user,
  completion,
];

export function commandNamed(name: string): CommandSpec | undefined {
  return COMMANDS.find((command) => command.name === name);
}
