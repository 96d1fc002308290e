/** SHA-256, for checksums that people may check with other tools. */

import { createHash, type Hash } from 'node:crypto';

/** A digest that is fed piece by piece; `digest('hex')` ends it. */
export function sha256(): Hash {
  return createHash('sha256');
}

export function sha256Hex(bytes: Uint8Array | string): string {
  return sha256().update(bytes).digest('hex');
}
