/** What cuts the bytes of a connection into requests, whatever the protocol. */

export interface RequestParser {
  /** Where the request found lies. Valid until the next `next()` or `push()`. */
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  /** Is a request begun and not yet complete? */
  readonly midFrame: boolean;
  /** Bytes that have come of the request under assembly. */
  readonly filledBytes: number;
  /** The most that one request may take. */
  maxFrameBytes: number;
  /**
   * Asked before much is kept of a request that is not all there, with the bytes that it may come
   * to. As long as it says no, `next()` finds nothing; it asks again each time.
   */
  admits: (bytes: number) => boolean;
  push(chunk: Buffer): void;
  /** @returns false: more bytes are needed @throws CaskError the stream cannot be read on */
  next(): boolean;
  /** Forgets what it holds. */
  clear(): void;
}
