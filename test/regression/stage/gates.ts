/** Faults and gates on file operations, chosen by operation and path; nothing depends on time. */

import { systemError } from './system-error.ts';

export type Operation =
  | 'open'
  | 'read'
  | 'write'
  | 'truncate'
  | 'datasync'
  | 'sync'
  | 'rename'
  | 'unlink'
  | 'close'
  | 'size'
  | 'link'
  | 'list'
  | 'sizeOf'
  | 'makeDirectory'
  | 'removeDirectory'
  | 'kindOf'
  | 'freeBytes'
  | 'lock';

/** A fault that is in force until it is lifted. */
export interface Fault {
  /** How many operations it has made fail. */
  readonly hits: number;
  lift(): void;
}

/** Operations that wait until the test lets them go. */
export interface Gate {
  /** Resolves when an operation waits here. */
  readonly reached: Promise<void>;
  /** Lets through what waits, and whatever comes. */
  lift(): void;
  /** Fails what waits, and lets through whatever comes. */
  fail(code: string): void;
}

interface Rule {
  readonly operation: Operation;
  readonly path: RegExp;
  readonly applies: () => boolean;
  /** Throws, or gives the promise to wait for. */
  readonly meet: () => Promise<void>;
}

const always = (): boolean => true;

export class Gates {
  readonly #rules = new Set<Rule>();
  readonly #calls: { readonly operation: Operation; readonly path: string }[] = [];
  /** Asynchronous operations that have begun and are not over. */
  inFlight = 0;
  /** Those of them that wait at a gate. */
  waiting = 0;

  /** How many such operations were begun so far. */
  count(operation: Operation, path: RegExp): number {
    return this.#calls.filter((call) => call.operation === operation && path.test(call.path))
      .length;
  }

  fault(operation: Operation, path: RegExp, code: string, applies = always): Fault {
    let hits = 0;
    const meet = (): Promise<void> => {
      hits += 1;
      throw systemError(code);
    };
    const rule: Rule = { operation, path, applies, meet };
    this.#rules.add(rule);
    return {
      get hits() {
        return hits;
      },
      lift: () => this.#rules.delete(rule),
    };
  }

  /** Only asynchronous operations can wait; a synchronous one fails the test. */
  hold(operation: Operation, path: RegExp, applies = always): Gate {
    const reached = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    opened.promise.catch(() => {});
    const rule: Rule = {
      operation,
      path,
      applies,
      meet: async () => {
        reached.resolve();
        this.waiting += 1;
        try {
          await opened.promise;
        } finally {
          this.waiting -= 1;
        }
      },
    };
    this.#rules.add(rule);
    return {
      reached: reached.promise,
      lift: () => {
        this.#rules.delete(rule);
        opened.resolve();
      },
      fail: (code) => {
        this.#rules.delete(rule);
        opened.reject(systemError(code));
      },
    };
  }

  async pass<T>(operation: Operation, path: string, perform: () => Promise<T>): Promise<T> {
    this.inFlight += 1;
    try {
      const rule = this.#ruleFor(operation, path);
      if (rule !== undefined) await rule.meet();
      return await perform();
    } finally {
      this.inFlight -= 1;
    }
  }

  passSync<T>(operation: Operation, path: string, perform: () => T): T {
    const rule = this.#ruleFor(operation, path);
    if (rule !== undefined) {
      // A fault throws here; a gate cannot be waited at.
      void rule.meet();
      throw new Error(`a synchronous ${operation} of ${path} cannot wait at a gate`);
    }
    return perform();
  }

  #ruleFor(operation: Operation, path: string): Rule | undefined {
    this.#calls.push({ operation, path });
    for (const rule of this.#rules) {
      if (rule.operation === operation && rule.path.test(path) && rule.applies()) return rule;
    }
    return undefined;
  }
}
