/**
 * Hashes of passwords: scrypt (RFC 7914), written as the PHC string format has it:
 *
 *     $scrypt$ln=15,r=8,p=3$SALT$KEY        salt and key in base64 without padding
 *
 * The cost stands with each hash, so it can be raised later and old hashes stay good.
 */

import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** log2 of N, block size, parallelism. */
export interface ScryptCost {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

export interface PasswordHash {
  readonly cost: ScryptCost;
  readonly salt: Buffer;
  readonly key: Buffer;
}

/** 32 MiB and about 0.1 s: the OWASP cheat sheet's choice for this much memory. */
export const DEFAULT_COST: ScryptCost = { logN: 15, r: 8, p: 3 };

const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** More is not hashed: a file must not be able to use up memory or a core. */
const LOG_N_MIN = 10;
const LOG_N_MAX = 18;
const R_MAX = 16;
const P_MAX = 8;

const FORMAT =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

export function formatPasswordHash({ cost, salt, key }: PasswordHash): string {
  const { logN, r, p } = cost;
  return `$scrypt$ln=${logN},r=${r},p=${p}$${base64(salt)}$${base64(key)}`;
}

/** Undefined: the text is no hash, or one whose cost is out of bounds. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const match = FORMAT.exec(text);
  if (match === null) return undefined;
  const [logN = 0, r = 0, p = 0] = match.slice(1, 4).map(Number);
  const [salt = Buffer.alloc(0), key = Buffer.alloc(0)] = match
    .slice(4)
    .map((part) => Buffer.from(part, 'base64'));
  const isAffordable = logN >= LOG_N_MIN && logN <= LOG_N_MAX && r <= R_MAX && p <= P_MAX;
  if (!isAffordable || r < 1 || p < 1) return undefined;
  if (salt.length !== SALT_BYTES || key.length !== KEY_BYTES) return undefined;
  return { cost: { logN, r, p }, salt, key };
}

/** Runs in the thread pool. */
function derive(password: string, salt: Buffer, { logN, r, p }: ScryptCost): Promise<Buffer> {
  const N = 2 ** logN;
  // what it needs, and as much again: the default would refuse N = 2^15
  const maxmem = 2 * 128 * r * (N + p);
  // one form of each letter, whatever keyboard it came from (RFC 8265)
  const secret = password.normalize('NFC');
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, KEY_BYTES, { N, r, p, maxmem }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

export async function hashPassword(password: string, cost = DEFAULT_COST): Promise<PasswordHash> {
  const salt = randomBytes(SALT_BYTES);
  return { cost, salt, key: await derive(password, salt, cost) };
}

/** Takes the same time whether it matches or not. */
export async function matchesHash(password: string, hash: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, hash.salt, hash.cost), hash.key);
}

/** A hash that no password matches, for users that do not exist. */
export function unmatchableHash(cost: ScryptCost): PasswordHash {
  return { cost, salt: randomBytes(SALT_BYTES), key: randomBytes(KEY_BYTES) };
}
