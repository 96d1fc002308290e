/** One user as a line of the users file: JSON, checked strictly, since a typo must not grant rights. */

import { formatPasswordHash, type PasswordHash, parsePasswordHash } from './password-hash.ts';
import { isRole, ROLES, type Role } from './roles.ts';

export interface UserRecord {
  readonly name: string;
  readonly role: Role;
  readonly password: PasswordHash;
}

/** Names are for URLs, logs and certificates: short, and no blanks or control characters. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$/;
export const NAME_RULE = '1 to 64 of A-Z a-z 0-9 _ . @ -, beginning with a letter, digit or _';

export function isUserName(text: unknown): text is string {
  return typeof text === 'string' && NAME.test(text);
}

const FIELDS: readonly string[] = ['name', 'role', 'password'];

/** @returns the record, or what is wrong with the line */
export function parseUserLine(line: string): UserRecord | string {
  let fields: unknown;
  try {
    fields = JSON.parse(line);
  } catch {
    return 'is not JSON';
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    return 'is not a JSON object';
  }
  const { name, role, password } = fields as Record<string, unknown>;
  const unknown = Object.keys(fields).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) return `has a field that is not known: ${JSON.stringify(unknown)}`;
  if (!isUserName(name)) return `has no good name; wanted are ${NAME_RULE}`;
  if (!isRole(role)) return `has no good role; wanted is one of ${ROLES.join(', ')}`;
  const hash = typeof password === 'string' ? parsePasswordHash(password) : undefined;
  if (hash === undefined) return 'has no good password hash; "caskctl user passwd" makes one';
  return { name, role, password: hash };
}

export function formatUserLine({ name, role, password }: UserRecord): string {
  return JSON.stringify({ name, role, password: formatPasswordHash(password) });
}
