/**
 * Who may in: user and password against the directory of users, with a price on guessing.
 *
 * A wrong user and a wrong password look the same and take the same time. Failures are counted
 * for an address with a user, and for the address whatever the user; see `lockout.ts`.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { CaskError } from '../errors/cask-error.ts';
import type { Account } from './account.ts';
import { addressGroup } from './address-group.ts';
import { HashingSlots } from './hashing-slots.ts';
import { Lockout, type LockoutOptions } from './lockout.ts';
import { PasswordChecker } from './password-checker.ts';
import { type PasswordHash, unmatchableHash } from './password-hash.ts';
import type { KnownUser, SecurityLog, UserDirectory } from './user-directory.ts';

const MINUTE_MS = 60_000;

/** Of one address with one user. */
export const PAIR_LOCKOUT: LockoutOptions = {
  freeFailures: 3,
  firstMs: 1000,
  maxMs: 5 * MINUTE_MS,
  forgiveMs: 10 * MINUTE_MS,
  entriesMax: 10_000,
};

/** Of one address, whatever the users: many clients may share it, and one of them may be wrong. */
export const ADDRESS_LOCKOUT: LockoutOptions = {
  freeFailures: 20,
  firstMs: 1000,
  maxMs: MINUTE_MS,
  forgiveMs: MINUTE_MS / 2,
  entriesMax: 10_000,
};

/** A failure is answered no sooner, so that neither the hash nor the cache shows in the time. */
const FAILURE_DELAY_MS = 500;

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export interface AuthenticatorOptions {
  readonly users: UserDirectory;
  readonly log: SecurityLog;
  readonly nowMs?: () => number;
  readonly delay?: (ms: number) => Promise<unknown>;
  readonly slots?: HashingSlots;
}

/** What became of the attempts, for STATS. */
export interface AuthenticationStats {
  readonly users: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly locked: number;
  /** Addresses, and addresses with users, that failed of late. */
  readonly suspects: number;
  readonly waiting: number;
}

export class Authenticator {
  readonly #users: UserDirectory;
  readonly #log: SecurityLog;
  readonly #nowMs: () => number;
  readonly #delay: (ms: number) => Promise<unknown>;
  readonly #slots: HashingSlots;
  readonly #checker: PasswordChecker;
  readonly #pairs = new Lockout(PAIR_LOCKOUT);
  readonly #addresses = new Lockout(ADDRESS_LOCKOUT);
  #dummy: PasswordHash | undefined;
  #succeeded = 0;
  #failed = 0;
  #locked = 0;

  constructor(options: AuthenticatorOptions) {
    this.#users = options.users;
    this.#log = options.log;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#delay = options.delay ?? ((ms) => delay(ms));
    this.#slots = options.slots ?? new HashingSlots();
    this.#checker = new PasswordChecker(this.#slots);
  }

  stats(): AuthenticationStats {
    return {
      users: this.#users.size,
      succeeded: this.#succeeded,
      failed: this.#failed,
      locked: this.#locked,
      suspects: this.#pairs.size + this.#addresses.size,
      waiting: this.#slots.waiting,
    };
  }

  /** Whom a certificate names, where it was made by those who are trusted with that. */
  accountOf(certificateName: string): Account | undefined {
    return this.#users.find(certificateName)?.account;
  }

  /**
   * @param isWanted false once nobody waits for the answer: then nothing is hashed for it
   * @throws CaskError UNAUTHENTICATED after a moment, AUTH_LOCKED, BUSY, CANCELLED
   */
  async authenticate(
    address: string,
    { user, password }: Credentials,
    isWanted: () => boolean = () => true,
  ): Promise<Account> {
    const group = addressGroup(address);
    const pair = `${group} ${user}`;
    this.#refuseLocked(group, pair);
    const startMs = this.#nowMs();
    const known = this.#users.find(user);
    const hash = known?.password ?? this.#dummyHash();
    const { result, shared } = await this.#checker.check(password, hash, {
      from: pair,
      // others may have failed while this one waited for its turn
      isWanted: () => isWanted() && this.#waitMs(group, pair) === 0,
    });
    this.#refuseLocked(group, pair);
    if (result === 'skipped') throw new CaskError('CANCELLED', 'nobody waits for this login');
    if (result === 'right' && known !== undefined && !known.account.revoked) {
      return this.#admit(group, pair, known);
    }
    // the same guess many times at once is one guess: a pool of clients with an old password
    if (!shared) this.#countFailure(group, pair, known);
    await this.#delay(Math.max(0, FAILURE_DELAY_MS - (this.#nowMs() - startMs)));
    throw new CaskError('UNAUTHENTICATED', 'user or password is wrong');
  }

  #admit(group: string, pair: string, { account }: KnownUser): Account {
    this.#succeeded += 1;
    this.#pairs.succeeded(pair);
    this.#log('debug', 'user-authenticated', { user: account.name, address: group });
    return account;
  }

  #countFailure(group: string, pair: string, known: KnownUser | undefined): void {
    const nowMs = this.#nowMs();
    this.#failed += 1;
    this.#pairs.failed(pair, nowMs);
    this.#addresses.failed(group, nowMs);
    // a name that is not known may be a password that slipped into the wrong field
    const user = known?.account.name ?? '(not known)';
    this.#log('warn', 'authentication-failed', { user, address: group });
  }

  #waitMs(group: string, pair: string): number {
    const nowMs = this.#nowMs();
    return Math.max(this.#pairs.waitMs(pair, nowMs), this.#addresses.waitMs(group, nowMs));
  }

  #refuseLocked(group: string, pair: string): void {
    const waitMs = this.#waitMs(group, pair);
    if (waitMs === 0) return;
    this.#locked += 1;
    const retryAfterMs = Math.ceil(waitMs);
    const message = `too many failed logins from this address; try again in ${retryAfterMs} ms`;
    throw new CaskError('AUTH_LOCKED', message, { details: { retryAfterMs } });
  }

  #dummyHash(): PasswordHash {
    const cost = this.#users.usualCost;
    const old = this.#dummy?.cost;
    if (old?.logN !== cost.logN || old.r !== cost.r || old.p !== cost.p) {
      this.#dummy = unmatchableHash(cost);
    }
    return this.#dummy as PasswordHash;
  }
}
