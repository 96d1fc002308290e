/** Limits of the HTTP listener: those that are settings, and those that nobody has to choose. */

const KIB = 1024;
const MIB = 1024 * KIB;

/** What the configuration says. */
export interface HttpSettings {
  /** One more is closed at once. */
  readonly maxConnections: number;
  /** Of a body that carries values; the others have `HTTP_LIMITS.maxPlainBodyBytes`. */
  readonly maxBodyBytes: number;
  /** Requests for keys and values without an answer. */
  readonly maxInFlight: number;
  /** For the whole of a request to come, and for its answer to begin. */
  readonly timeoutMs: number;
  /** A connection without a request is closed. */
  readonly idleTimeoutMs: number;
  /** Origins of pages that may read answers and change things; `*`: all. */
  readonly corsOrigins: readonly string[];
  /** Names in the Host header that stand for this machine, besides its addresses. */
  readonly allowedHosts: readonly string[];
}

export const HTTP_DEFAULTS: HttpSettings = {
  maxConnections: 256,
  maxBodyBytes: 10 * MIB,
  maxInFlight: 100,
  timeoutMs: 15_000,
  idleTimeoutMs: 60_000,
  corsOrigins: [],
  allowedHosts: [],
};

export const HTTP_LIMITS = {
  /** A request's body, unless its route carries values. */
  maxPlainBodyBytes: 64 * KIB,
  /** A request's line and headers: a key of 64 KiB - 1 does not fit, percent-encoded or not. */
  maxHeaderBytes: 16 * KIB,
  /** From connecting to the end of the handshake, under TLS. */
  handshakeTimeoutMs: 10_000,
  /** From the first byte of a request to the end of its headers. */
  headersTimeoutMs: 10_000,
  /** How often the timeouts are looked at. */
  checkIntervalMs: 1000,
} as const;
