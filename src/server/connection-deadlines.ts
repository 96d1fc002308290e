/** The deadlines of one connection, looked at by the server's sweep. All times are coarse. */

import { CaskError } from '../errors/cask-error.ts';
import type { LimitsOwner } from './server-limits.ts';

export class ConnectionDeadlines {
  readonly #services: LimitsOwner;
  readonly #openedMs: number;
  #heardMs: number;
  /** When the frame began that is not complete; undefined: there is none. */
  #frameSinceMs: number | undefined;
  #lingerSinceMs = 0;
  #asked = false;

  constructor(services: LimitsOwner, nowMs: number) {
    this.#services = services;
    this.#openedMs = nowMs;
    this.#heardMs = nowMs;
  }

  heard(nowMs: number): void {
    this.#heardMs = nowMs;
    this.#asked = false;
  }

  /** Since the client was heard. */
  silentMs(nowMs: number): number {
    return Math.max(0, nowMs - this.#heardMs);
  }

  /** A frame is incomplete; says so again with each chunk of it. */
  frameBegun(nowMs: number): void {
    this.#frameSinceMs ??= nowMs;
  }

  frameDone(): void {
    this.#frameSinceMs = undefined;
  }

  lingerFrom(nowMs: number): void {
    this.#lingerSinceMs = nowMs;
  }

  lingeredEnough(nowMs: number): boolean {
    return nowMs - this.#lingerSinceMs >= this.#services.limits.lingerMs;
  }

  /**
   * What the client is too late with.
   * @param awaited what it must say before it is served, e.g. HELLO
   * @param busy its input waits because of us: that time does not count
   */
  missed(nowMs: number, awaited: string | undefined, busy: boolean): CaskError | undefined {
    const { handshakeTimeoutMs, frameTimeoutMs } = this.#services.limits;
    if (awaited !== undefined) {
      if (nowMs - this.#openedMs < handshakeTimeoutMs) return undefined;
      return new CaskError('TIMEOUT', `no ${awaited} within ${handshakeTimeoutMs} ms`);
    }
    if (this.#frameSinceMs === undefined) return undefined;
    if (busy) {
      this.#frameSinceMs = nowMs;
      return undefined;
    }
    if (nowMs - this.#frameSinceMs < frameTimeoutMs) return undefined;
    return new CaskError('TIMEOUT', `a frame was not finished within ${frameTimeoutMs} ms`);
  }

  /**
   * Has the client been silent for too long, or for half of that and is to be asked?
   * @param busy it waits for us
   */
  idleness(nowMs: number, busy: boolean): 'over' | 'ask' | 'fine' {
    const { idleTimeoutMs } = this.#services.limits;
    if (busy) this.heard(nowMs);
    const silentMs = nowMs - this.#heardMs;
    if (silentMs >= idleTimeoutMs) return 'over';
    if (this.#asked || silentMs < idleTimeoutMs / 2) return 'fine';
    this.#asked = true;
    return 'ask';
  }
}
