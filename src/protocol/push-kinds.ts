/** Kinds of pushes (frames with FLAG_PUSH and id 0). Never reuse or renumber one. */

/** `[0, 1, token]`: the client shows that it lives by sending anything. */
export const PUSH_PING = 1;
/** `[0, 2, reason, graceMs]`: no new requests here, please. */
export const PUSH_GOAWAY = 2;
/** `[0, 3, code, name, message]`: the connection closes next. */
export const PUSH_DISCONNECT = 3;
/** `[0, 4, id, done, total or nil]`: how far the work is that a request asked for. */
export const PUSH_PROGRESS = 4;
