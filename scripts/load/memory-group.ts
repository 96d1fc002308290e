/**
 * Grants a process an amount of memory, as systemd and container engines do: a cgroup of its own,
 * where this user may make one. Above it the kernel kills.
 */

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';
/** Where groups are, and the file with the limit: version 2 of cgroups, and version 1. */
const VERSIONS = [
  { parent: ROOT, marker: 'cgroup.controllers', limit: 'memory.max' },
  { parent: join(ROOT, 'memory'), marker: 'cgroup.procs', limit: 'memory.limit_in_bytes' },
] as const;

export class MemoryGroup {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @returns the group; or why there is none */
  static create(name: string, bytes: number): MemoryGroup | string {
    const version = VERSIONS.find(({ parent, marker }) => existsSync(join(parent, marker)));
    if (version === undefined) return 'no cgroups are mounted';
    const path = join(version.parent, name);
    try {
      mkdirSync(path);
      writeFileSync(join(path, version.limit), String(bytes));
      return new MemoryGroup(path);
    } catch (thrown) {
      if (existsSync(path)) rmdirSync(path);
      return (thrown as Error).message;
    }
  }

  /** Put before a command line, it is run in the group, under the same process id. */
  get launcher(): readonly string[] {
    return ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(this.#path, 'cgroup.procs')];
  }

  /** Once its processes are gone. */
  remove(): void {
    if (readFileSync(join(this.#path, 'cgroup.procs'), 'utf8') === '') rmdirSync(this.#path);
  }
}
