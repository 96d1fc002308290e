/** slowlog: the requests that took long last. */

import type { SlowEntry } from '../../vocabulary/insight.ts';
import { formatBytes } from '../escapes.ts';
import { EXIT_OK, UsageError } from '../exit-codes.ts';
import { type Column, printRows } from '../fact-rows.ts';
import { printResult } from '../print-result.ts';
import { formatByteCount, formatCounted, formatDuration, formatMoment } from '../quantity.ts';
import { isTerminal } from '../shell-io.ts';
import type { CommandSpec } from './command.ts';

const COLUMNS: readonly Column<SlowEntry>[] = [
  { name: 'id', title: 'id', value: ({ id }) => id },
  { name: 'at', title: 'when', value: ({ at }) => at, show: ({ at }) => formatMoment(at) },
  { name: 'ms', title: 'took', value: ({ ms }) => ms, show: ({ ms }) => formatDuration(ms) },
  { name: 'operation', title: 'operation', value: ({ operation }) => operation },
  { name: 'requests', title: 'requests', value: ({ requests }) => requests },
  {
    name: 'keyBytes',
    title: 'key',
    value: ({ keyBytes }) => keyBytes,
    show: ({ keyBytes }) => (keyBytes === 0 ? '-' : formatByteCount(keyBytes)),
  },
  {
    name: 'items',
    title: 'items',
    value: ({ items }) => items,
    show: ({ items }) => (items === 0 ? '-' : String(items)),
  },
  {
    name: 'bytesIn',
    title: 'in',
    value: ({ bytesIn }) => bytesIn,
    show: ({ bytesIn }) => formatByteCount(bytesIn),
  },
  {
    name: 'bytesOut',
    title: 'out',
    value: ({ bytesOut }) => bytesOut,
    show: ({ bytesOut }) => formatByteCount(bytesOut),
  },
  { name: 'clientId', title: 'client', value: ({ clientId }) => clientId },
  { name: 'address', title: 'address', value: ({ address }) => address },
  {
    name: 'client',
    title: 'name',
    value: ({ client }) => client,
    show: ({ client }) => formatBytes(Buffer.from(client)),
  },
];

export const slowlog: CommandSpec = {
  name: 'slowlog',
  summary: 'print the requests that took long last, the newest first',
  args: [{ name: '[n]', kind: 'value', summary: 'at most so many' }],
  flags: [{ flags: '--reset', kind: 'switch', summary: 'forget them instead' }],
  notes:
    'Needs the role admin where users are configured. What is slow says the setting slowLogMs of\n' +
    'the daemon, how many are kept slowLogEntries. "requests": of one kind and one client, whose\n' +
    'replies left together; the time is the longest of them, items and bytes are their sum.\n' +
    '"key" is the length of the key: neither keys nor values are kept.',

  async run(invocation) {
    const { shell, args, flags } = invocation;
    const count = countOf(args[0]);
    const server = await shell.client();
    if (flags.has('reset')) {
      if (count !== undefined) throw new UsageError('--reset forgets all of them');
      const forgotten = await server.resetSlowLog();
      const sentence = `ok, ${formatCounted(forgotten, 'entry', 'entries')} forgotten`;
      await printResult(invocation, { forgotten }, sentence);
      return EXIT_OK;
    }
    const { entries, slowRequests } = await server.slowLog(count);
    await printRows(invocation, entries, COLUMNS);
    if (isTerminal(shell.io.stdout)) {
      const since = `${formatCounted(slowRequests, 'slow request')} since the start`;
      shell.io.stderr.write(`${since}\n`);
    }
    return EXIT_OK;
  },
};

function countOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`${text} is no number of entries`);
  return Number(text);
}
