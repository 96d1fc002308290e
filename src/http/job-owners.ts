/** Who began which job over HTTP: they may watch and stop it without being administrators. */

import type { Account } from '../security/index.ts';
import { JOB_HISTORY_MAX } from '../storage/jobs/job-registry.ts';

/** More than run and are remembered. */
const OWNERS_MAX = 4 * JOB_HISTORY_MAX;

export class JobOwners {
  readonly #owners = new Map<number, Account>();

  note(job: number, owner: Account): void {
    this.#owners.set(job, owner);
    if (this.#owners.size <= OWNERS_MAX) return;
    const [oldest] = this.#owners.keys();
    if (oldest !== undefined) this.#owners.delete(oldest);
  }

  owns(account: Account, job: number): boolean {
    return this.#owners.get(job) === account;
  }
}
