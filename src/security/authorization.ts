/** May the account do this? The one answer, for every listener. */

import { CaskError } from '../errors/cask-error.ts';
import { type Account, NOBODY } from './account.ts';
import { type NeededRole, rankOf } from './roles.ts';

/**
 * Why not; undefined: it may.
 * @param what names the operation, for people and in the details of FORBIDDEN
 */
export function refusalOf(account: Account, what: string, role: NeededRole): CaskError | undefined {
  if (account.rank >= rankOf(role)) return undefined;
  if (account.revoked) {
    return new CaskError('UNAUTHENTICATED', `the user ${account.name} was removed or changed`);
  }
  if (account === NOBODY) {
    return new CaskError('UNAUTHENTICATED', `${what} needs user and password`);
  }
  const message = `${what} needs the role ${role}, which the user ${account.name} has not`;
  return new CaskError('FORBIDDEN', message, { details: { operation: what, role } });
}
