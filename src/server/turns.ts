/**
 * Turns of the event loop shared by connections that have more to do than one turn allows. They
 * stand in line; a round goes on with the line for a little while and leaves the rest to the next
 * turn of the loop, so that however many there are, the loop is never held for long. The more of
 * them there are, the less each does at a time.
 *
 * Who has something that is quite new stands in a line of its own: one that asks for little does
 * not wait for all that the others have asked for before.
 */

/** What all of them together do in one round, about. */
const ROUND_FRAMES = 2048;
const ROUND_BYTES = 4 * 1024 * 1024;
/** What one does at least. */
const FRAMES_MIN = 16;
const BYTES_MIN = 64 * 1024;
/** After so long a round is over. */
const ROUND_MS = 2;
/** Of what is answered at once, without standing in line, in one turn of the loop. */
const AT_ONCE_BYTES = 1024 * 1024;

type Turn = () => void;

export class Turns {
  readonly #fresh = new Line();
  readonly #behind = new Line();
  /** Replies that were written in this turn of the loop, about. */
  #written = 0;
  #isScheduled = false;

  /** @returns true: so much was written in this turn of the loop that the rest stands in line */
  get isSpent(): boolean {
    return this.#written > AT_ONCE_BYTES;
  }

  /** Counts bytes handed to a socket. */
  spend(bytes: number): void {
    this.#written += bytes;
    if (this.isSpent) this.#schedule();
  }

  /** For one that had its turn and has more to do. */
  ask(turn: Turn): void {
    this.#behind.add(turn);
    this.#schedule();
  }

  /** For one that had no turn yet since it was given something to do. */
  askFresh(turn: Turn): void {
    this.#fresh.add(turn);
    this.#schedule();
  }

  frames(framesPerTurn: number): number {
    const { waiting } = this;
    if (waiting <= 1) return framesPerTurn;
    return Math.min(framesPerTurn, Math.max(FRAMES_MIN, Math.floor(ROUND_FRAMES / waiting)));
  }

  bytes(bytesPerTurn: number): number {
    const { waiting } = this;
    if (waiting <= 1) return bytesPerTurn;
    return Math.min(bytesPerTurn, Math.max(BYTES_MIN, Math.floor(ROUND_BYTES / waiting)));
  }

  /** Those that stand in line, or have their turn. */
  get waiting(): number {
    return this.#fresh.length + this.#behind.length;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#round);
  }

  /** Takes from both lines by turns; what joins them meanwhile waits for the next round. */
  readonly #round = (): void => {
    this.#isScheduled = false;
    this.#written = 0;
    let fresh = this.#fresh.length;
    let behind = this.#behind.length;
    if (fresh + behind === 0) return;
    const endMs = performance.now() + ROUND_MS;
    do {
      if (fresh > 0) {
        fresh -= 1;
        this.#fresh.next();
      }
      if (behind > 0) {
        behind -= 1;
        this.#behind.next();
      }
    } while (fresh + behind > 0 && performance.now() < endMs);
    if (this.waiting > 0) this.#schedule();
  };
}

/** First come, first served. */
class Line {
  #turns: Turn[] = [];
  #next = 0;

  get length(): number {
    return this.#turns.length - this.#next;
  }

  add(turn: Turn): void {
    this.#turns.push(turn);
  }

  /** Gives the first its turn. It stands in line until that is over. */
  next(): void {
    const turn = this.#turns[this.#next];
    try {
      turn?.();
    } finally {
      this.#next += 1;
      if (this.#next > 1024 || this.#next === this.#turns.length) {
        this.#turns = this.#turns.slice(this.#next);
        this.#next = 0;
      }
    }
  }
}
