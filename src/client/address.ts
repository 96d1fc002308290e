/** Where the server is, and who asks: `cask://host:port`, `casks://user:password@host:port`. */

import { CaskError } from '../errors/cask-error.ts';

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 7117;

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** What options or URL say of the server. */
export interface Target {
  readonly address: Address;
  /** `casks:` */
  readonly isTls: boolean;
  readonly credentials: Credentials | undefined;
}

export interface TargetOptions {
  readonly url?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * The server that the options name: a URL, or host and port.
 * @throws CaskError INVALID_OPTION; it never quotes a password
 */
export function resolveTarget(options: TargetOptions): Target {
  const { url, host, port } = options;
  if (url !== undefined && (host !== undefined || port !== undefined)) {
    throw new CaskError('INVALID_OPTION', 'give either url or host and port');
  }
  const parsed = url === undefined ? undefined : parseUrl(url);
  const address = parsed?.address ?? {
    host: host ?? DEFAULT_HOST,
    port: checkPort(port ?? DEFAULT_PORT),
  };
  const given = credentialsOf(options.user, options.password);
  if (given !== undefined && parsed?.credentials !== undefined) {
    throw new CaskError('INVALID_OPTION', 'user and password stand in the url already');
  }
  return {
    address,
    isTls: parsed?.isTls ?? false,
    credentials: given ?? parsed?.credentials,
  };
}

function parseUrl(url: string): Target {
  const parsed = URL.parse(url);
  if (parsed === null) {
    throw new CaskError('INVALID_OPTION', 'the url is none; write cask://host:port');
  }
  const { protocol } = parsed;
  if (protocol !== 'cask:' && protocol !== 'casks:') {
    throw new CaskError('INVALID_OPTION', `${protocol}// is unknown; write cask:// or casks://`);
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  const port = parsed.port === '' ? DEFAULT_PORT : Number(parsed.port);
  const [user, password] = [parsed.username, parsed.password].map(decodeUrlPart);
  return {
    address: { host: host === '' ? DEFAULT_HOST : host, port: checkPort(port) },
    isTls: protocol === 'casks:',
    credentials: credentialsOf(user || undefined, password || undefined),
  };
}

function decodeUrlPart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new CaskError('INVALID_OPTION', 'user or password in the url: % needs two hex digits');
  }
}

function credentialsOf(
  user: string | undefined,
  password: string | undefined,
): Credentials | undefined {
  if (user !== undefined && password !== undefined) return { user, password };
  if (user === undefined && password === undefined) return undefined;
  const missing = user === undefined ? 'user' : 'password';
  throw new CaskError('INVALID_OPTION', `${missing} is missing; user and password go together`);
}

function checkPort(port: number): number {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new CaskError('INVALID_OPTION', `port is ${port}, allowed are integers from 1 to 65535`);
}
