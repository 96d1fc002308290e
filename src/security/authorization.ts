/** May the account do this? The one answer, for every listener. */

import { CaskError } from '../errors/cask-error.ts';
import { type Account, NOBODY } from './account.ts';
import { type NeededRole, rankOf } from './roles.ts';

/** What an operation asks for, and how far it reaches. */
export interface Need {
  readonly role: NeededRole;
  /**
   * `session`: it concerns its own connection, or keys by way of the session, which knows the
   * limits of its user. `server`: it concerns all, and is not for users who are limited to prefixes.
   */
  readonly reach: 'session' | 'server';
}

/** What someone is told whose user was removed or changed meanwhile. */
export function revocationOf({ name }: Account): CaskError {
  return new CaskError('UNAUTHENTICATED', `the user ${name} was removed or changed`);
}

/**
 * Why not; undefined: it may.
 * @param what names the operation, for people and in the details of FORBIDDEN
 */
export function refusalOf(
  account: Account,
  what: string,
  { role, reach }: Need,
): CaskError | undefined {
  const isLimited = account.prefixes !== undefined && reach === 'server';
  if (account.rank >= rankOf(role) && !isLimited) return undefined;
  if (account.revoked) return revocationOf(account);
  if (account === NOBODY) {
    return new CaskError('UNAUTHENTICATED', `${what} needs user and password`);
  }
  const details = { operation: what, role };
  const message = isLimited
    ? `${what} concerns all keys, and the user ${account.name} is limited to some`
    : `${what} needs the role ${role}, which the user ${account.name} has not`;
  return new CaskError('FORBIDDEN', message, { details });
}
