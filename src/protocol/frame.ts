/**
 * The frame: how messages are cut out of the byte stream.
 *
 *     offset bytes field
 *       0     4    length of what follows: 1 + body, big-endian
 *       4     1    flags
 *       5     .    body: one msgpack value, an array
 */

export const FRAME_LENGTH_BYTES = 4;
export const FRAME_FLAGS_BYTES = 1;
export const FRAME_HEADER_BYTES = FRAME_LENGTH_BYTES + FRAME_FLAGS_BYTES;

/** The smallest body is one byte, so the smallest length is flags (1) + body (1). */
export const FRAME_LENGTH_MIN = FRAME_FLAGS_BYTES + 1;

/** Reserved in version 1. */
export const FLAG_COMPRESSED = 0x01;
/** Reserved in version 1. */
export const FLAG_MORE = 0x02;
/** From the server only: a message that answers no request. */
export const FLAG_PUSH = 0x04;

/** The longest frame before HELLO is answered, in either direction. */
export const GREETING_FRAME_BYTES_MAX = 16 * 1024;

/** The longest request frame that a server takes unless configured otherwise. */
export const DEFAULT_FRAME_BYTES_MAX = 64 * 1024 * 1024;

/** No side ever accepts or configures more: lengths stay far from 2^32. */
export const FRAME_BYTES_CEILING = 1024 * 1024 * 1024;

/** Request ids are 1 .. 2^32 - 1; 0 stands for the connection. */
export const REQUEST_ID_MAX = 0xffff_ffff;
export const CONNECTION_ID = 0;

/** Status of a reply that carries results; every other number is an error code. */
export const STATUS_OK = 0;

/** The longest payload of a PING request. */
export const PING_PAYLOAD_BYTES_MAX = 1024;
