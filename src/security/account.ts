/**
 * Who a connection speaks for. The users file changes while connections are open, so rights are
 * looked at with each request, and here is where a change arrives.
 */

import { type NeededRole, type Role, rankOf } from './roles.ts';

export class Account {
  readonly name: string;
  /** The rank of the role; 0: no rights at all. */
  rank: number;
  /** The user is gone, or has another password now: whoever logged in before must go. */
  revoked = false;
  /** All that it may touch are keys that begin with one of them; undefined: all keys. */
  prefixes: readonly Buffer[] | undefined;

  constructor(name: string, role: NeededRole) {
    this.name = name;
    this.rank = rankOf(role);
    this.prefixes = undefined;
  }

  grant(role: Role, prefixes: readonly Buffer[] | undefined): void {
    this.rank = rankOf(role);
    this.prefixes = prefixes;
  }

  /** From here on nothing is allowed, to any connection that has it. */
  revoke(): void {
    this.revoked = true;
    this.rank = rankOf('anyone');
  }
}

/** Of a connection that has not said who it is. */
export const NOBODY = new Account('', 'anyone');

/** Of every connection where no users are configured. */
export const EVERYONE = new Account('', 'admin');
