/** What every command of the shell works with: streams, the connection, the way to other commands. */

import { CaskError } from '../errors/cask-error.ts';
import type { ServerTarget } from './server-target.ts';
import type { ShellClient } from './shell-client.ts';
import type { ShellIo } from './shell-io.ts';

export interface Shell {
  readonly io: ShellIo;
  /** The server's address as a URL, without user and password. */
  readonly url: string;
  /** Commands come from stdin, which therefore holds no values. */
  readonly stdinTaken: boolean;
  /** Aborted by Ctrl-C in the interactive shell. */
  readonly signal: AbortSignal | undefined;
  /** The connection, made when it is first asked for. */
  client(): Promise<ShellClient>;
  /** Runs another command and returns its exit code. */
  run(words: readonly string[]): Promise<number>;
}

/** Makes a connection to a server. */
export type Connector = (target: ServerTarget) => Promise<ShellClient>;

/** Throws CANCELLED once Ctrl-C was pressed; long loops ask at every turn. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CaskError('CANCELLED', 'cancelled');
}

/**
 * The same object, with every call of it given up when the signal fires; a call that is given the
 * signal itself ends by itself.
 */
export function cancellable<T extends object>(object: T, signal: AbortSignal | undefined): T {
  if (signal === undefined) return object;
  return new Proxy(object, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const result: unknown = Reflect.apply(member, target, args);
        return args.some((arg) => isGiven(arg, signal)) ? result : untilCancelled(result, signal);
      };
    },
  });
}

function isGiven(argument: unknown, signal: AbortSignal): boolean {
  return (argument as { readonly signal?: unknown } | undefined)?.signal === signal;
}

async function untilCancelled(result: unknown, signal: AbortSignal): Promise<unknown> {
  throwIfCancelled(signal);
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(new CaskError('CANCELLED', 'cancelled'));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([result, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
