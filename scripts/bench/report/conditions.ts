/** Under which conditions something was measured. */

import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

export interface Conditions {
  readonly date: string;
  readonly commit: string;
  readonly processor: string;
  readonly processors: number;
  /** Of the minute before: what else the machine did. */
  readonly loadBefore: number;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly node: string;
  /** Whether what was measured is a build or the sources. */
  readonly daemon: string;
}

export function conditionsNow(daemon: string): Conditions {
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    commit: commitNow(),
    processor: cpus()[0]?.model ?? 'unknown',
    processors: availableParallelism(),
    loadBefore: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    daemon,
  };
}

/** With a `+` where the sources differ from it. */
function commitNow(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--', '../../../src') === '' ? '' : '+';
    return `${git('rev-parse', '--short', 'HEAD')}${changed}`;
  } catch {
    return 'unknown';
  }
}

export function conditionsText(conditions: Conditions): string {
  const { date, commit, processor, processors, loadBefore, memoryGib, kernel, node, daemon } =
    conditions;
  return (
    `${date} UTC, commit ${commit}, ${processors} x ${processor}, ${memoryGib} GiB, ` +
    `Linux ${kernel}, Node ${node}, ${daemon}; load average before it ${loadBefore}`
  );
}
