/**
 * Checks passwords against scrypt hashes without paying for each login: a password that was
 * right before is known again by a keyed digest (its key lives in this process only), and equal
 * checks that are underway share one hash. So a crowd of clients that comes back after a restart
 * costs one hash per user.
 */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { HashingSlots } from './hashing-slots.ts';
import { formatPasswordHash, matchesHash, type PasswordHash } from './password-hash.ts';

/** At most as many as there are users. */
const PROVEN_MAX = 10_000;

/** A check, as the price on guessing sees it. */
export interface Attempt {
  /** Address and user: only checks that have it in common share a hash. */
  readonly from: string;
  /** Asked when the hash is about to be computed: is anybody still waiting, and allowed to? */
  readonly isWanted: () => boolean;
}

/** `skipped`: nobody wanted it when its turn came. `shared`: another check had the answer first. */
export interface CheckOutcome {
  readonly result: 'right' | 'wrong' | 'skipped';
  readonly shared: boolean;
}

interface Underway {
  readonly result: Promise<CheckOutcome['result']>;
  readonly attempts: Attempt[];
}

export class PasswordChecker {
  readonly #slots: HashingSlots;
  readonly #secret = randomBytes(32);
  /** By hash: the digest of the password that matched it. */
  readonly #proven = new Map<string, Buffer>();
  readonly #underway = new Map<string, Underway>();

  constructor(slots: HashingSlots) {
    this.#slots = slots;
  }

  /** @throws CaskError BUSY when too many checks wait */
  async check(password: string, hash: PasswordHash, attempt: Attempt): Promise<CheckOutcome> {
    const hashText = formatPasswordHash(hash);
    const digest = this.#digestOf(hashText, password);
    if (this.#isProven(hashText, digest)) return { result: 'right', shared: true };
    const name = `${digest.toString('base64')} ${attempt.from}`;
    const underway = this.#underway.get(name);
    if (underway !== undefined) {
      underway.attempts.push(attempt);
      return { result: await underway.result, shared: true };
    }
    const attempts = [attempt];
    const result = this.#slots
      .run(async () => {
        if (!attempts.some(({ isWanted }) => isWanted())) return 'skipped';
        // another may have proven it while this one waited
        const isRight = this.#isProven(hashText, digest) || (await matchesHash(password, hash));
        if (isRight) this.#prove(hashText, digest);
        return isRight ? 'right' : 'wrong';
      })
      .finally(() => this.#underway.delete(name));
    this.#underway.set(name, { result, attempts });
    return { result: await result, shared: false };
  }

  #digestOf(hashText: string, password: string): Buffer {
    return createHmac('sha256', this.#secret)
      .update(hashText)
      .update('\0')
      .update(password)
      .digest();
  }

  #isProven(hashText: string, digest: Buffer): boolean {
    const proven = this.#proven.get(hashText);
    return proven !== undefined && timingSafeEqual(proven, digest);
  }

  #prove(hashText: string, digest: Buffer): void {
    this.#proven.delete(hashText);
    this.#proven.set(hashText, digest);
    if (this.#proven.size <= PROVEN_MAX) return;
    const [oldest] = this.#proven.keys();
    if (oldest !== undefined) this.#proven.delete(oldest);
  }
}
