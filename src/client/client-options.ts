/** Options of a client: documented, validated once, frozen. */

import { createSecureContext, type SecureContext } from 'node:tls';
import { CaskError } from '../errors/cask-error.ts';
import { type Address, type Credentials, resolveTarget } from './address.ts';
import { type BackoffOptions, DEFAULT_BACKOFF } from './backoff.ts';
import type { Encoding } from './entry.ts';

/** How to know the server under TLS, and how to be known by it. PEM, or several of them. */
export interface ClientTlsOptions {
  /** Who signs the server's certificate. @default the well-known authorities that Node brings */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** The client's own certificate and key, where the server asks for one. */
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  /** The name that the certificate must be for. @default the host */
  readonly servername?: string | undefined;
}

/** The same, ready for use. */
export interface LinkTls {
  readonly secureContext: SecureContext;
  readonly servername: string | undefined;
}

/** What `connect` takes. Everything may be left out. */
export interface ConnectOptions<E extends Encoding = 'buffer'> {
  /** `cask://host:port`, `casks://user:password@host:port` for TLS; instead of host and port. */
  readonly url?: string | undefined;
  /** @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** @default 7117 */
  readonly port?: number | undefined;
  /** Who asks; password goes with it. They may stand in the url instead, percent-encoded. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** TLS, of version 1.2 at least. @default true for casks://, else false */
  readonly tls?: boolean | ClientTlsOptions | undefined;
  /** Shown in the server's log and list of clients. @default 'caskd-client' */
  readonly clientName?: string | undefined;
  /** From the start of an attempt to the server's HELLO. @default 5000 */
  readonly connectTimeoutMs?: number | undefined;
  /** From the call to the answer, waiting in the queue included; 0: none. @default 30000 */
  readonly requestTimeoutMs?: number | undefined;
  /** After so long without a word from the server it is pinged; another such span without an
   * answer and the connection counts as dead; 0: never. @default 10000 */
  readonly pingIntervalMs?: number | undefined;
  /** Connect again when the connection is lost. @default true */
  readonly reconnect?: boolean | Partial<BackoffOptions> | undefined;
  /** Keep trying when the very first connection fails, instead of rejecting. @default false */
  readonly retryFirstConnect?: boolean | undefined;
  /** Requests waiting to be sent; more are refused with QUEUE_FULL. @default 10000 */
  readonly maxQueueItems?: number | undefined;
  /** Bytes of keys and values waiting to be sent. @default 64 MiB */
  readonly maxQueueBytes?: number | undefined;
  /** Requests sent and unanswered; the server's limit applies too. @default 1024 */
  readonly maxInFlight?: number | undefined;
  /** Put before every key, and taken off the keys that come back. @default none */
  readonly keyPrefix?: string | Uint8Array | undefined;
  /** How keys and values come back unless a call says otherwise. @default 'buffer' */
  readonly encoding?: E | undefined;
}

/** The options with everything filled in. */
export interface ClientOptions {
  readonly address: Address;
  readonly credentials: Credentials | undefined;
  /** Undefined: in the clear. */
  readonly tls: LinkTls | undefined;
  readonly clientName: string;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly pingIntervalMs: number;
  /** Undefined: do not connect again. */
  readonly backoff: BackoffOptions | undefined;
  readonly retryFirstConnect: boolean;
  readonly maxQueueItems: number;
  readonly maxQueueBytes: number;
  readonly maxInFlight: number;
  readonly keyPrefix: Buffer | undefined;
  readonly encoding: Encoding;
}

const TLS_VERSION_MIN = 'TLSv1.2';
const MIB = 1024 * 1024;
const DAY_MS = 24 * 3600 * 1000;

/** Every number: its default and the range allowed. */
const NUMBERS = {
  connectTimeoutMs: { absent: 5000, min: 1, max: DAY_MS },
  requestTimeoutMs: { absent: 30_000, min: 0, max: DAY_MS },
  pingIntervalMs: { absent: 10_000, min: 0, max: DAY_MS },
  maxQueueItems: { absent: 10_000, min: 0, max: 10_000_000 },
  maxQueueBytes: { absent: 64 * MIB, min: 0, max: 16 * 1024 * MIB },
  maxInFlight: { absent: 1024, min: 1, max: 65_536 },
} as const;

function numberOption(options: ConnectOptions<Encoding>, name: keyof typeof NUMBERS): number {
  const { absent, min, max } = NUMBERS[name];
  const value = options[name] ?? absent;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new CaskError(
    'INVALID_OPTION',
    `${name} is ${value}, allowed are integers from ${min} to ${max}`,
  );
}

function backoffOption(reconnect: ConnectOptions['reconnect']): BackoffOptions | undefined {
  if (reconnect === false) return undefined;
  const given = typeof reconnect === 'object' ? reconnect : {};
  const backoff = { ...DEFAULT_BACKOFF, ...given };
  for (const [name, value] of Object.entries(backoff)) {
    if (typeof value === 'number' && value >= 0) continue;
    throw new CaskError('INVALID_OPTION', `reconnect.${name} is ${value}, not a number from 0 up`);
  }
  return backoff;
}

function tlsOption(tls: ConnectOptions['tls'], isTlsUrl: boolean): LinkTls | undefined {
  if (tls === false && isTlsUrl) {
    throw new CaskError('INVALID_OPTION', 'tls is false, and the url says casks://');
  }
  const given = tls ?? isTlsUrl;
  if (given === false) return undefined;
  const { ca, cert, key, servername } = given === true ? {} : (given as ClientTlsOptions);
  try {
    const secureContext = createSecureContext({
      minVersion: TLS_VERSION_MIN,
      ...(ca === undefined ? {} : { ca: ca as string | Buffer | (string | Buffer)[] }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
    return { secureContext, servername };
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new CaskError('INVALID_OPTION', `tls: ${why}`, { cause: thrown });
  }
}

/** @throws CaskError INVALID_OPTION */
export function resolveClientOptions(options: ConnectOptions<Encoding>): ClientOptions {
  const { encoding = 'buffer', keyPrefix } = options;
  if (encoding !== 'buffer' && encoding !== 'utf8') {
    throw new CaskError('INVALID_OPTION', `encoding is ${encoding}, allowed are buffer, utf8`);
  }
  const noPrefix = keyPrefix === undefined || keyPrefix.length === 0;
  const { address, isTls, credentials } = resolveTarget(options);
  return Object.freeze({
    address,
    credentials,
    tls: tlsOption(options.tls, isTls),
    clientName: options.clientName ?? 'caskd-client',
    connectTimeoutMs: numberOption(options, 'connectTimeoutMs'),
    requestTimeoutMs: numberOption(options, 'requestTimeoutMs'),
    pingIntervalMs: numberOption(options, 'pingIntervalMs'),
    backoff: backoffOption(options.reconnect),
    retryFirstConnect: options.retryFirstConnect ?? false,
    maxQueueItems: numberOption(options, 'maxQueueItems'),
    maxQueueBytes: numberOption(options, 'maxQueueBytes'),
    maxInFlight: numberOption(options, 'maxInFlight'),
    keyPrefix: noPrefix ? undefined : Buffer.from(keyPrefix as string),
    encoding,
  });
}
