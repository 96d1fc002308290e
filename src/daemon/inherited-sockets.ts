/**
 * Sockets that somebody else listens on for us, and hands down when they start us: systemd's
 * socket activation, see sd_listen_fds(3). Clients that come while the store is loading wait in
 * the socket's queue instead of being refused.
 */

import { EXIT } from './exit-codes.ts';
import { UsageError } from './usage-error.ts';

/** The first descriptor handed down. */
const FIRST_FD = 3;
const SOCKETS_MAX = 16;
/** `FileDescriptorName=` of each listener that the daemon has. */
export const SOCKET_NAMES = ['caskd'] as const;
export type SocketName = (typeof SOCKET_NAMES)[number];

export type InheritedSockets = ReadonlyMap<SocketName, number>;

/**
 * The descriptors by their names; one that comes alone may have any name. The variables are for
 * this process alone, so they are taken out of the environment.
 * @throws UsageError
 */
export function takeInheritedSockets(
  environment: Record<string, string | undefined>,
  pid: number,
): InheritedSockets {
  const { LISTEN_PID, LISTEN_FDS = '', LISTEN_FDNAMES = '' } = environment;
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete environment[name];
  const sockets = new Map<SocketName, number>();
  if (LISTEN_PID !== String(pid)) return sockets;
  const count = Number(LISTEN_FDS);
  if (!Number.isInteger(count) || count < 1 || count > SOCKETS_MAX) {
    throw refusal(`LISTEN_FDS is "${LISTEN_FDS}", allowed are 1 to ${SOCKETS_MAX}`);
  }
  const names = LISTEN_FDNAMES.split(':');
  for (let index = 0; index < count; index += 1) {
    const given = names[index] ?? '';
    const name = count === 1 ? SOCKET_NAMES[0] : SOCKET_NAMES.find((known) => known === given);
    if (name === undefined || sockets.has(name)) throw refusal(nameProblem(given));
    sockets.set(name, FIRST_FD + index);
  }
  return sockets;
}

function nameProblem(given: string): string {
  const known = SOCKET_NAMES.join(', ');
  return `a socket is named "${given}"; FileDescriptorName= is one of ${known}, each once`;
}

function refusal(problem: string): UsageError {
  return new UsageError([`socket activation: ${problem}`], EXIT.usage);
}
