/** Users, roles, passwords, and the price of guessing. It knows no network. */

export { Account, EVERYONE, NOBODY } from './account.ts';
export { addressGroup } from './address-group.ts';
export {
  type AuthenticationStats,
  Authenticator,
  type AuthenticatorOptions,
  type Credentials,
} from './authenticator.ts';
export { type Need, refusalOf, revocationOf } from './authorization.ts';
export { FileChanges } from './file-changes.ts';
export { HASHES_AT_ONCE_MAX } from './hashing-slots.ts';
export { type NeededRole, ROLES, type Role, rankOf } from './roles.ts';
export { type SecurityLog, UserDirectory } from './user-directory.ts';
