/** Limits of the HTTP listener that nobody has to choose; `httpMaxConnections` is a setting. */

const KIB = 1024;

export const HTTP_LIMITS = {
  /** A request's body, unless its route allows more. */
  maxBodyBytes: 64 * KIB,
  /** A request's line and headers. */
  maxHeaderBytes: 16 * KIB,
  /** From connecting to the end of the handshake, under TLS. */
  handshakeTimeoutMs: 10_000,
  /** From the first byte of a request to the end of its headers. */
  headersTimeoutMs: 10_000,
  /** From the first byte of a request to the end of its body. */
  requestTimeoutMs: 30_000,
  /** From the request's headers to its answer. */
  handlerTimeoutMs: 30_000,
  /** A connection on which nothing moves within a request or an answer is closed. */
  connectionTimeoutMs: 60_000,
  /** A connection without a request is closed; longer than scrapers wait between two. */
  keepAliveTimeoutMs: 75_000,
  /** How often the timeouts are looked at. */
  checkIntervalMs: 1000,
} as const;
