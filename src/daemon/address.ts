/** Addresses to listen on: `HOST:PORT`, an IPv6 host in brackets (`[::1]:7117`). */

import { BlockList, isIP, isIPv6 } from 'node:net';

export interface Address {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  /** 0 .. 65535; 0 takes a free port. */
  readonly port: number;
}

const PORT_MAX = 65_535;
const BRACKETED = /^\[([^\]]*)\]:(\d{1,5})$/;
const PLAIN = /^([^:[\]\s]+):(\d{1,5})$/;

/** The address, or undefined when the text is not one. */
export function parseAddress(text: string): Address | undefined {
  const bracketed = BRACKETED.exec(text);
  const [, host, digits] = bracketed ?? PLAIN.exec(text) ?? [];
  if (host === undefined || digits === undefined) return undefined;
  const port = Number(digits);
  if (port > PORT_MAX) return undefined;
  if (bracketed !== null && !isIPv6(host)) return undefined;
  return { host, port };
}

export function formatAddress({ host, port }: Address): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** True when only this machine can reach the host. A name other than `localhost` is not trusted. */
export function isLoopback(host: string): boolean {
  switch (isIP(host)) {
    case 4:
      return LOOPBACK.check(host, 'ipv4');
    case 6:
      // IPv4-mapped addresses (::ffff:127.0.0.1) are matched against the IPv4 rules
      return LOOPBACK.check(host, 'ipv6');
    default:
      return host.toLowerCase() === 'localhost';
  }
}
