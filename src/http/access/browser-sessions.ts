/**
 * Sessions of browsers: who logged in once is known by a cookie from then on. They live in memory,
 * end with the process, and at most so many are kept; the one that was used longest ago makes room.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Account } from '../../security/index.ts';
import { newToken } from './cookies.ts';

const HOUR_MS = 3_600_000;

export const SESSION_LIMITS = {
  /** Sessions in all. */
  sessionsMax: 1000,
  /** Without a request. */
  idleMs: HOUR_MS,
  /** From the login on. */
  lifeMs: 12 * HOUR_MS,
} as const;

export interface BrowserSession {
  readonly account: Account;
  /** What a request that changes something has to show besides the cookie. */
  readonly csrfToken: string;
  /** By the clock of the sessions. */
  readonly endsAtMs: number;
  usedAtMs: number;
}

export class BrowserSessions {
  /** By the hash of the token, in the order of their last use: a copy of it opens nothing. */
  readonly #sessions = new Map<string, BrowserSession>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** @returns the token for the cookie */
  open(account: Account): { readonly token: string; readonly session: BrowserSession } {
    const nowMs = this.#nowMs();
    const token = newToken();
    const endsAtMs = nowMs + SESSION_LIMITS.lifeMs;
    const session = { account, csrfToken: newToken(), endsAtMs, usedAtMs: nowMs };
    this.#sessions.set(hashOf(token), session);
    if (this.#sessions.size > SESSION_LIMITS.sessionsMax) {
      const [oldest] = this.#sessions.keys();
      if (oldest !== undefined) this.#sessions.delete(oldest);
    }
    return { token, session };
  }

  /** The session of a token, which is used by this; undefined: there is none, or it has ended. */
  find(token: string): BrowserSession | undefined {
    const hash = hashOf(token);
    const session = this.#sessions.get(hash);
    if (session === undefined) return undefined;
    this.#sessions.delete(hash);
    const nowMs = this.#nowMs();
    const isIdle = nowMs - session.usedAtMs >= SESSION_LIMITS.idleMs;
    if (session.account.revoked || isIdle || nowMs >= session.endsAtMs) return undefined;
    session.usedAtMs = nowMs;
    this.#sessions.set(hash, session);
    return session;
  }

  /** For how long it lives at most. */
  leftMs({ endsAtMs }: BrowserSession): number {
    return Math.max(0, endsAtMs - this.#nowMs());
  }

  close(token: string): void {
    this.#sessions.delete(hashOf(token));
  }
}

/** Takes the same time whatever is given. */
export function isCsrfToken({ csrfToken }: BrowserSession, given: unknown): boolean {
  if (typeof given !== 'string') return false;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(csrfToken));
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
