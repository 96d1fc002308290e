/** What both ways of reading an entry share: the usual one, and that of `quick-reads.ts`. */

import { isAscii } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { OP_GET } from '../../protocol/op-codes.ts';
import type { FoundValue } from './store-front.ts';

export const READ_PATH = '/v1/kv/:key';
export const READ_CONFIG = { role: 'read', reach: 'session', op: OP_GET } as const;
export const BYTES_TYPE = 'application/octet-stream';
/** Longer values are not worth a copy. */
const SHORT_BYTES_MAX = 4 * 1024;

/** A request whose value was asked for already. */
interface AskedRequest extends IncomingMessage {
  asked?: FoundValue | Promise<FoundValue>;
}

/** Leaves what the store answers, or will answer, for the usual way. */
export function noteAsked(request: IncomingMessage, found: FoundValue | Promise<FoundValue>): void {
  (request as AskedRequest).asked = found;
}

export function askedOf(request: IncomingMessage): FoundValue | Promise<FoundValue> {
  return (request as AskedRequest).asked;
}

/** Short text leaves in one write together with its head; the bytes are the same. */
export function payloadOf(value: Buffer): Buffer | string {
  return value.length <= SHORT_BYTES_MAX && isAscii(value) ? value.toString('latin1') : value;
}
