/** The table at the end of the demo: what was done, how much of it, how fast. */

import Table from 'cli-table3';

const MB = 1e6;

export interface Amount {
  readonly entries: number;
  readonly bytes: number;
}

export class Report {
  readonly #table = new Table({
    head: ['step', 'entries', 'MB', 'seconds', 'entries/s', 'MB/s'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });

  /** Runs a step, times it and adds a row for it. */
  async step<T extends Amount>(name: string, run: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const result = await run();
    const seconds = (performance.now() - startedAt) / 1000;
    const { entries, bytes } = result;
    const megabytes = (count: number): string => (bytes === 0 ? '' : (count / MB).toFixed(1));
    this.#table.push([
      name,
      entries.toLocaleString('en'),
      megabytes(bytes),
      seconds.toFixed(2),
      Math.round(entries / seconds).toLocaleString('en'),
      megabytes(bytes / seconds),
    ]);
    console.log(`${name}: ${entries} entries, ${seconds.toFixed(2)} s`);
    return result;
  }

  toString(): string {
    return this.#table.toString();
  }
}
