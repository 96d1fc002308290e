/** clients: who is connected, and what each does. */

import type { ClientFacts } from '../../vocabulary/insight.ts';
import { formatBytes } from '../escapes.ts';
import { EXIT_OK } from '../exit-codes.ts';
import { type Column, printRows } from '../fact-rows.ts';
import { formatByteCount, formatCount, formatDuration, formatMoment } from '../quantity.ts';
import type { CommandSpec, Invocation } from './command.ts';

/** A client chooses its name: what could drive the terminal is escaped. */
function safe(text: string): string {
  return text === '' ? '-' : formatBytes(Buffer.from(text));
}

const bytes = (name: 'bytesIn' | 'bytesOut' | 'pendingBytes', title: string) => ({
  name,
  title,
  value: (client: ClientFacts) => client[name],
  show: (client: ClientFacts) => formatByteCount(client[name]),
});

const COLUMNS: readonly Column<ClientFacts>[] = [
  { name: 'id', title: 'id', value: ({ id }) => id },
  { name: 'address', title: 'address', value: ({ address }) => address },
  { name: 'name', title: 'name', value: ({ name }) => name, show: ({ name }) => safe(name) },
  { name: 'user', title: 'user', value: ({ user }) => user },
  { name: 'state', title: 'state', value: ({ state }) => state },
  {
    name: 'connectedAt',
    title: 'connected',
    value: ({ connectedAt }) => connectedAt,
    show: ({ connectedAt }) => formatMoment(connectedAt).replace(/\.\d+Z$/, 'Z'),
  },
  {
    name: 'idleMs',
    title: 'idle',
    value: ({ idleMs }) => idleMs,
    show: ({ idleMs }) => formatDuration(Math.round(idleMs / 1000) * 1000),
  },
  {
    name: 'requests',
    title: 'requests',
    value: ({ requests }) => requests,
    show: ({ requests }) => formatCount(requests),
  },
  bytes('bytesIn', 'in'),
  bytes('bytesOut', 'out'),
  { name: 'inFlight', title: 'in flight', value: ({ inFlight }) => inFlight },
  bytes('pendingBytes', 'unsent'),
  { name: 'lastOperation', title: 'last', value: ({ lastOperation }) => lastOperation },
];

export async function listClients(invocation: Invocation): Promise<number> {
  const found = await (await invocation.shell.client()).clients();
  await printRows(invocation, found, COLUMNS);
  return EXIT_OK;
}

export const clients: CommandSpec = {
  name: 'clients',
  summary: 'list who is connected, and what each does',
  args: [],
  flags: [],
  notes:
    'Needs the role admin where users are configured. "in flight": requests without an answer;\n' +
    '"unsent": bytes of replies that the client has not taken. idle is to the second.',

  run: listClients,
};
