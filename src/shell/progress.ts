/** A progress bar on a terminal: share done, rate, time left. Silent everywhere else. */

import { formatByteCount, formatCount, formatDuration } from './quantity.ts';
import { columnsOf, isTerminal, type ShellOutput } from './shell-io.ts';
import { clip } from './table.ts';

const REDRAW_MS = 100;
const BAR_CHARACTERS = 16;
const CLEAR_LINE = '\r\x1b[K';

export interface Progress {
  /** What is being counted, e.g. `lines`; undefined: only bytes. */
  readonly unit: string | undefined;
  /** Undefined: not known, so there is neither a bar nor a time left. */
  readonly bytesTotal: number | undefined;
}

export class ProgressBar {
  readonly #stream: ShellOutput;
  readonly #progress: Progress;
  readonly #startedAt: number;
  readonly #now: () => number;
  #drawnAt = 0;
  #drawn = false;

  constructor(
    stream: ShellOutput,
    progress: Progress,
    now: () => number = () => performance.now(),
  ) {
    this.#stream = stream;
    this.#progress = progress;
    this.#now = now;
    this.#startedAt = now();
  }

  /** Called as often as one likes; draws ten times a second. */
  update(count: number, bytesDone: number): void {
    if (!isTerminal(this.#stream)) return;
    const now = this.#now();
    if (this.#drawn && now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#drawn = true;
    const text = this.#text(count, bytesDone, now - this.#startedAt);
    this.#stream.write(CLEAR_LINE + clip(text, columnsOf(this.#stream) - 1));
  }

  /** Makes room for another line, or ends. */
  clear(): void {
    if (this.#drawn) this.#stream.write(CLEAR_LINE);
    this.#drawn = false;
  }

  elapsedMs(): number {
    return this.#now() - this.#startedAt;
  }

  #text(count: number, bytesDone: number, elapsedMs: number): string {
    const { unit, bytesTotal } = this.#progress;
    const seconds = Math.max(elapsedMs, 1) / 1000;
    const rate =
      unit === undefined
        ? `${formatByteCount(bytesDone)}  ${formatByteCount(Math.round(bytesDone / seconds))}/s`
        : `${formatCount(count)} ${unit}  ${formatCount(Math.round(count / seconds))}/s`;
    if (bytesTotal === undefined || bytesTotal === 0) return rate;
    const share = Math.min(1, bytesDone / bytesTotal);
    const filled = Math.round(share * BAR_CHARACTERS);
    const bar = `[${'='.repeat(filled)}${' '.repeat(BAR_CHARACTERS - filled)}]`;
    const left = share > 0 ? formatDuration(Math.round((elapsedMs / share) * (1 - share))) : '?';
    return `${bar} ${Math.floor(share * 100)} %  ${rate}  ${left} left`;
  }
}
