/** Where a client connects from, for people. */

import type { Socket } from 'node:net';

/** `host:port`, or `[host]:port` where the host has colons itself. */
export function clientAddressOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  const host = remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress;
  return `${host}:${remotePort}`;
}
