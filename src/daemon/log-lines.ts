/** How many lines the log has, by level: whoever watches sees errors without reading it. */

export type LineLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** pino's numbers. */
const LEVELS: Readonly<Record<number, LineLevel>> = {
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

export class LogLines {
  readonly byLevel: Record<LineLevel, number> = { debug: 0, info: 0, warn: 0, error: 0, fatal: 0 };

  count(level: number): void {
    const name = LEVELS[level];
    if (name !== undefined) this.byLevel[name] += 1;
  }
}
