/** Faults on the N-th operation: what the simulated file system does when its time has come. */

import type { OperationKind } from './phase.ts';

export type FaultKind =
  | 'eio'
  | 'enospc'
  | 'emfile'
  | 'short-write'
  | 'failed-sync'
  | 'flipped-read'
  | 'stale-read';

export const FAULT_KINDS: readonly FaultKind[] = [
  'eio',
  'enospc',
  'emfile',
  'short-write',
  'failed-sync',
  'flipped-read',
  'stale-read',
];

const SPACE_TAKERS: readonly OperationKind[] = ['create', 'write', 'truncate', 'rename'];

/** What can fail in which way. */
const APPLIES: Readonly<Record<FaultKind, (kind: OperationKind) => boolean>> = {
  eio: (kind) => kind !== 'close' && kind !== 'lock',
  enospc: (kind) => SPACE_TAKERS.includes(kind),
  emfile: (kind) => kind === 'open' || kind === 'create' || kind === 'syncDirectory',
  'short-write': (kind) => kind === 'write',
  'failed-sync': (kind) => kind === 'sync',
  'flipped-read': (kind) => kind === 'read',
  'stale-read': (kind) => kind === 'read',
};

const ERROR_CODES: Readonly<Partial<Record<FaultKind, string>>> = {
  eio: 'EIO',
  enospc: 'ENOSPC',
  emfile: 'EMFILE',
  'short-write': 'ENOSPC',
  'failed-sync': 'EIO',
};

export interface FaultSpec {
  readonly kind: FaultKind;
  /** It strikes the first operation that it applies to, from this one on (they count from 1). */
  readonly operation: number;
  /** How many operations in a row it strikes. */
  readonly times: number;
}

/** A fault that strikes as specified. */
export class FaultPlan {
  readonly #spec: FaultSpec;
  #left: number;

  constructor(spec: FaultSpec) {
    this.#spec = spec;
    this.#left = spec.times;
  }

  get hasStruck(): boolean {
    return this.#left < this.#spec.times;
  }

  /** The fault that this operation meets; undefined: none. */
  strike(operation: number, kind: OperationKind): FaultKind | undefined {
    const { kind: fault, operation: from } = this.#spec;
    if (this.#left === 0 || operation < from || !APPLIES[fault](kind)) return undefined;
    this.#left -= 1;
    return fault;
  }
}

/** A system error as Node throws it. */
export function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: simulated, ${what}`), { code });
}

export function faultError(fault: FaultKind, what: string): Error | undefined {
  const code = ERROR_CODES[fault];
  return code === undefined ? undefined : systemError(code, what);
}
