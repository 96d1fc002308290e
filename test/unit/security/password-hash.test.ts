import { scryptSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  DEFAULT_COST,
  formatPasswordHash,
  hashPassword,
  matchesHash,
  parsePasswordHash,
  unmatchableHash,
} from '../../../src/security/password-hash.ts';
import { CHEAP } from './users-on-disk.ts';

describe('a password hash', () => {
  test('matches its password and no other', async () => {
    const hash = await hashPassword('correct horse', CHEAP);
    expect(await matchesHash('correct horse', hash)).toBe(true);
    expect(await matchesHash('correct horsf', hash)).toBe(false);
    expect(await matchesHash('', hash)).toBe(false);
  });

  test('is scrypt with the parameters that stand in it', async () => {
    const hash = await hashPassword('pw', { logN: 11, r: 4, p: 2 });
    expect(hash.key).toEqual(scryptSync('pw', hash.salt, 32, { N: 2048, r: 4, p: 2 }));
    expect(formatPasswordHash(hash)).toMatch(
      /^\$scrypt\$ln=11,r=4,p=2\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/,
    );
  });

  test('has a salt of its own', async () => {
    const [one, other] = [await hashPassword('pw', CHEAP), await hashPassword('pw', CHEAP)];
    expect(one.salt).not.toEqual(other.salt);
    expect(one.key).not.toEqual(other.key);
  });

  test('is the same text after reading and writing', async () => {
    const text = formatPasswordHash(await hashPassword('pw', CHEAP));
    const parsed = parsePasswordHash(text);
    expect(parsed && formatPasswordHash(parsed)).toBe(text);
  });

  test('takes a letter in any of its Unicode forms', async () => {
    const hash = await hashPassword('Zo\u00eb', CHEAP);
    expect(await matchesHash('Zoe\u0308', hash)).toBe(true);
  });

  test('for a user that does not exist matches nothing, at the same cost', async () => {
    const hash = unmatchableHash(CHEAP);
    expect(hash.cost).toEqual(CHEAP);
    expect(await matchesHash('', hash)).toBe(false);
  });

  test('costs what OWASP asks for 32 MiB, unless told otherwise', () => {
    expect(DEFAULT_COST).toEqual({ logN: 15, r: 8, p: 3 });
  });
});

const SALT = 'A'.repeat(22);
const KEY = 'A'.repeat(43);

test.each([
  '',
  'secret',
  `$scrypt$ln=15,r=8,p=3$${SALT}$`,
  `$scrypt$ln=15,r=8,p=3$${SALT}$AAAA`,
  `$scrypt$ln=15,r=8,p=3$AAAA$${KEY}`,
  `$scrypt$ln=9,r=8,p=3$${SALT}$${KEY}`,
  `$scrypt$ln=19,r=8,p=3$${SALT}$${KEY}`,
  `$scrypt$ln=15,r=17,p=3$${SALT}$${KEY}`,
  `$scrypt$ln=15,r=8,p=9$${SALT}$${KEY}`,
  `$scrypt$ln=15,r=0,p=3$${SALT}$${KEY}`,
  `$scrypt$ln=15,r=8,p=0$${SALT}$${KEY}`,
  `$argon2id$ln=15,r=8,p=3$${SALT}$${KEY}`,
  `$scrypt$ln=15,r=8,p=3$${SALT}$${KEY} `,
])('%j is no password hash', (text) => {
  expect(parsePasswordHash(text)).toBeUndefined();
});
