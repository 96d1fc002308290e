/** Where the server is: `cask://host:port`. */

import { CaskError } from '../errors/cask-error.ts';

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 7117;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function checkPort(port: number): number {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new CaskError('INVALID_OPTION', `port is ${port}, allowed are integers from 1 to 65535`);
}

function parseUrl(url: string): Address {
  const parsed = URL.parse(url);
  if (parsed === null) {
    throw new CaskError('INVALID_OPTION', `"${url}" is not a URL; write cask://host:port`);
  }
  if (parsed.protocol === 'casks:') {
    throw new CaskError(
      'UNSUPPORTED',
      'casks:// (TLS) is not supported yet; use cask:// on a trusted network or through a tunnel',
    );
  }
  if (parsed.protocol !== 'cask:') {
    throw new CaskError(
      'INVALID_OPTION',
      `${parsed.protocol}// is unknown; write cask://host:port`,
    );
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new CaskError('UNSUPPORTED', 'user and password are not supported yet; leave them out');
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  const port = parsed.port === '' ? DEFAULT_PORT : Number(parsed.port);
  return { host: host === '' ? DEFAULT_HOST : host, port: checkPort(port) };
}

/**
 * The address that the options name: a URL, or host and port.
 * @throws CaskError INVALID_OPTION, UNSUPPORTED (`casks://`, credentials)
 */
export function resolveAddress(options: {
  readonly url?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}): Address {
  const { url, host, port } = options;
  if (url === undefined) {
    return { host: host ?? DEFAULT_HOST, port: checkPort(port ?? DEFAULT_PORT) };
  }
  if (host !== undefined || port !== undefined) {
    throw new CaskError('INVALID_OPTION', 'give either url or host and port');
  }
  return parseUrl(url);
}
