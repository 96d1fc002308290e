/** The deadlines of one connection, looked at by the server's sweep. All times are coarse. */

import type { CaskError } from '../errors/cask-error.ts';
import { limitError } from '../errors/limit-error.ts';
import type { LimitsOwner } from './server-limits.ts';

/** While other frames wait for memory, one that has it may be behind by so much. */
const IN_THE_WAY_MS = 2000;

/** A connection that is quiet for so long gives back memory that it may need again. */
const QUIET_MS = 5000;

/** How a frame that was begun is getting on. */
export interface FrameProgress {
  /** Bytes of it that have come. */
  readonly received: number;
  /** It has memory that others wait for. */
  readonly isInTheWay: boolean;
  readonly busy: boolean;
}

export class ConnectionDeadlines {
  readonly #services: LimitsOwner;
  readonly #openedMs: number;
  #heardMs: number;
  /** When the frame began that is not complete; undefined: there is none. */
  #frameSinceMs: number | undefined;
  /** Bytes of it that had come when its time began. */
  #frameBytesBefore = 0;
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
    this.#frameBytesBefore = 0;
  }

  lingerFrom(nowMs: number): void {
    this.#lingerSinceMs = nowMs;
  }

  lingeredEnough(nowMs: number): boolean {
    return nowMs - this.#lingerSinceMs >= this.#services.limits.lingerMs;
  }

  /**
   * Did the client not say in time what it must before it is served?
   * @param awaited e.g. HELLO
   */
  missedGreeting(nowMs: number, awaited: string): CaskError | undefined {
    const { handshakeTimeoutMs } = this.#services.limits;
    if (nowMs - this.#openedMs < handshakeTimeoutMs) return undefined;
    const message = `no ${awaited} within ${handshakeTimeoutMs} ms`;
    return limitError('TIMEOUT', message, 'handshakeTimeoutMs', handshakeTimeoutMs);
  }

  /**
   * Is a frame that was begun late? It has `frameTimeoutMs`, and beyond that the time which what
   * has come of it takes at `frameMinBytesPerSecond`.
   * @param busy the input waits because of us: that time does not count
   */
  missedFrame(nowMs: number, { received, isInTheWay, busy }: FrameProgress): CaskError | undefined {
    if (this.#frameSinceMs === undefined) return undefined;
    if (busy) {
      this.#frameSinceMs = nowMs;
      this.#frameBytesBefore = received;
      return undefined;
    }
    const { limits } = this.#services;
    const { frameTimeoutMs, frameMinBytesPerSecond, maxRequestBytes } = limits;
    const earnedMs = ((received - this.#frameBytesBefore) * 1000) / frameMinBytesPerSecond;
    const lateMs = nowMs - this.#frameSinceMs - earnedMs;
    if (lateMs >= frameTimeoutMs) {
      const message = `a frame was not finished within ${frameTimeoutMs} ms`;
      return limitError('TIMEOUT', message, 'frameTimeoutMs', frameTimeoutMs);
    }
    if (!isInTheWay || lateMs < IN_THE_WAY_MS) return undefined;
    const slow = `a frame came slower than ${frameMinBytesPerSecond} bytes per second`;
    const message = `${slow} while others wait for its memory; try again later`;
    return limitError('BUSY', message, 'maxRequestBytes', maxRequestBytes);
  }

  /** Has the client been silent for a while? */
  isQuiet(nowMs: number): boolean {
    return nowMs - this.#heardMs >= QUIET_MS;
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
