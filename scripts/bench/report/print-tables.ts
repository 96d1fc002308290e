/** Tables of a part on the terminal. */

import Table from 'cli-table3';
import type { TextTable } from './tables.ts';

export function printTables(tables: readonly TextTable[], print: (line: string) => void): void {
  for (const { title, head, rows, words } of tables) {
    const table = new Table({
      head: [...head],
      colAligns: head.map((_, index) => (index < words ? 'left' : 'right')),
      style: { head: [], border: [], compact: true },
    });
    table.push(...rows.map((row) => [...row]));
    print(`\n${title}\n${table}`);
  }
}
