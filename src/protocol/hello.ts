/** HELLO: what the two sides tell each other. Keys that one does not know are ignored. */

import { MsgpackReader } from './msgpack-reader.ts';
import type { PlainValue } from './msgpack-writer.ts';
import { unpackValue } from './packr.ts';

export interface HelloRequest {
  /** Name of the client, for logs and lists of clients. */
  readonly client: string;
  /** Version of the client's software. */
  readonly version: string;
  /** Who the client is, where the server wants to know. */
  readonly auth?: HelloAuth | undefined;
}

/** User and password, in HELLO or in AUTH. */
export interface HelloAuth {
  readonly user: string;
  readonly password: string;
}

/** Every limit that the server checks requests against. */
export interface ServerLimits {
  readonly maxFrameBytes: number;
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  readonly maxBatchItems: number;
  readonly maxBatchBytes: number;
  readonly maxRangeItems: number;
  readonly maxRangeBytes: number;
  readonly maxInFlight: number;
  readonly idleTimeoutMs: number;
}

export interface HelloReply {
  /** Name of the server's software. */
  readonly server: string;
  readonly version: string;
  /** Stays the same as long as the data does. */
  readonly serverId: string;
  readonly clientId: number;
  readonly limits: ServerLimits;
  /** Does it want user and password? */
  readonly auth: boolean;
  /** Is this connection under TLS? */
  readonly tls: boolean;
  readonly epoch: number;
  /** The server's time, ms since 1970. */
  readonly now: number;
}

/** What a client assumes of a limit that the server does not name. */
export const ASSUMED_LIMITS: ServerLimits = {
  maxFrameBytes: 16 * 1024 * 1024,
  maxKeyBytes: 65_535,
  maxValueBytes: 16 * 1024 * 1024,
  maxBatchItems: 10_000,
  maxBatchBytes: 16 * 1024 * 1024,
  maxRangeItems: 1000,
  maxRangeBytes: 4 * 1024 * 1024,
  maxInFlight: 128,
  idleTimeoutMs: 600_000,
};

function textOf(map: Readonly<Record<string, unknown>>, key: string): string {
  const value = map[key];
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  return typeof value === 'string' ? value : '';
}

function numberOf(map: Readonly<Record<string, unknown>>, key: string, absent: number): number {
  const value = map[key];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : absent;
}

function asMap(value: unknown): Readonly<Record<string, unknown>> {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMap && !(value instanceof Uint8Array) ? (value as Record<string, unknown>) : {};
}

function mapOf(map: Readonly<Record<string, unknown>>, key: string) {
  return asMap(map[key]);
}

function boolOf(map: Readonly<Record<string, unknown>>, key: string): boolean {
  return map[key] === true;
}

/** Reads a map at the reader's position, as an object. */
function readMap(reader: MsgpackReader, what: string): Readonly<Record<string, unknown>> {
  const { buffer, at, end } = reader;
  const probe = new MsgpackReader();
  probe.open(buffer, at, end);
  const type = probe.peek();
  const isMap = (type >= 0x80 && type < 0x90) || type === 0xde || type === 0xdf;
  if (!isMap) reader.mismatch(what, 'a map');
  const { value, next } = unpackValue(buffer, at, end, 1);
  reader.at = next;
  return asMap(value);
}

/** The argument of a HELLO request. */
export function readHelloRequest(reader: MsgpackReader): HelloRequest {
  const map = readMap(reader, 'the argument of HELLO');
  const hello = { client: textOf(map, 'client'), version: textOf(map, 'version') };
  if (map['auth'] === undefined || map['auth'] === null) return hello;
  const auth = mapOf(map, 'auth');
  return { ...hello, auth: { user: textOf(auth, 'user'), password: textOf(auth, 'password') } };
}

/** The result of a HELLO request. */
export function readHelloReply(reader: MsgpackReader): HelloReply {
  const map = readMap(reader, 'the result of HELLO');
  const given = mapOf(map, 'limits');
  const limits = Object.fromEntries(
    Object.entries(ASSUMED_LIMITS).map(([key, assumed]) => [key, numberOf(given, key, assumed)]),
  ) as unknown as ServerLimits;
  return {
    server: textOf(map, 'server'),
    version: textOf(map, 'version'),
    serverId: textOf(map, 'serverId'),
    clientId: numberOf(map, 'clientId', 0),
    limits,
    auth: boolOf(map, 'auth'),
    tls: boolOf(map, 'tls'),
    epoch: numberOf(map, 'epoch', 0),
    now: numberOf(map, 'now', 0),
  };
}

/** As the plain map that goes over the wire, keys in the order of the specification. */
export function helloReplyMap(hello: HelloReply): PlainValue {
  const { server, version, serverId, clientId, limits, auth, tls, epoch, now } = hello;
  return {
    server,
    version,
    serverId,
    clientId,
    limits: {
      maxFrameBytes: limits.maxFrameBytes,
      maxKeyBytes: limits.maxKeyBytes,
      maxValueBytes: limits.maxValueBytes,
      maxBatchItems: limits.maxBatchItems,
      maxBatchBytes: limits.maxBatchBytes,
      maxRangeItems: limits.maxRangeItems,
      maxRangeBytes: limits.maxRangeBytes,
      maxInFlight: limits.maxInFlight,
      idleTimeoutMs: limits.idleTimeoutMs,
    },
    auth,
    tls,
    epoch,
    now,
  };
}
