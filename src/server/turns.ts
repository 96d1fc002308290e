/**
 * Turns of the event loop shared by connections that have more to do than one turn allows. The
 * more of them there are, the less each does at a time, so that one which asks for little does not
 * wait for all that the others have sent.
 */

/** What all of them together do in one round, about. */
const ROUND_FRAMES = 2048;
const ROUND_BYTES = 4 * 1024 * 1024;
/** What one does at least. */
const FRAMES_MIN = 16;
const BYTES_MIN = 64 * 1024;

export class Turns {
  /** Connections that have asked for a turn. */
  #waiting = 0;

  ask(turn: () => void): void {
    this.#waiting += 1;
    setImmediate(turn);
  }

  /** A turn that was asked for begins. */
  begin(): void {
    this.#waiting -= 1;
  }

  frames(framesPerTurn: number): number {
    if (this.#waiting <= 1) return framesPerTurn;
    return Math.min(framesPerTurn, Math.max(FRAMES_MIN, Math.floor(ROUND_FRAMES / this.#waiting)));
  }

  bytes(bytesPerTurn: number): number {
    if (this.#waiting <= 1) return bytesPerTurn;
    return Math.min(bytesPerTurn, Math.max(BYTES_MIN, Math.floor(ROUND_BYTES / this.#waiting)));
  }
}
