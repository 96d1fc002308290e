/** A memory cgroup of our own, of version 1 or 2, where root may make one. */

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

interface Hierarchy {
  readonly folder: string;
  readonly limitFile: string;
  /** Where this process is now, below the folder. */
  readonly own: RegExp;
}

const HIERARCHIES: readonly Hierarchy[] = [
  { folder: join(ROOT, 'memory'), limitFile: 'memory.limit_in_bytes', own: /^\d+:memory:(.*)$/m },
  { folder: ROOT, limitFile: 'memory.max', own: /^0::(.*)$/m },
];

export class MemoryGroup implements Disposable {
  readonly #path: string;
  readonly #home: string;

  private constructor(path: string, home: string) {
    this.#path = path;
    this.#home = home;
  }

  /** Undefined: it is not allowed here. */
  static create(limitBytes: number): MemoryGroup | undefined {
    for (const { folder, limitFile, own } of HIERARCHIES) {
      const path = join(folder, `caskd-bench-${process.pid}`);
      try {
        mkdirSync(path);
      } catch {
        continue;
      }
      if (existsSync(join(path, limitFile))) {
        const [, home = '/'] = own.exec(readFileSync('/proc/self/cgroup', 'utf8')) ?? [];
        writeFileSync(join(path, limitFile), String(limitBytes));
        return new MemoryGroup(path, join(folder, home));
      }
      rmdirSync(path);
    }
    return undefined;
  }

  /** What is started within it stays within it; this process only visits. */
  start<T>(start: () => T): T {
    const self = String(process.pid);
    writeFileSync(join(this.#path, 'cgroup.procs'), self);
    try {
      return start();
    } finally {
      writeFileSync(join(this.#home, 'cgroup.procs'), self);
    }
  }

  /** Once all that was started in it has ended. */
  [Symbol.dispose](): void {
    rmdirSync(this.#path);
  }
}
