/** One user as a line of the users file: JSON, checked strictly, since a typo must not grant rights. */

import { formatPasswordHash, type PasswordHash, parsePasswordHash } from './password-hash.ts';
import { isRole, ROLES, type Role } from './roles.ts';

export interface UserRecord {
  readonly name: string;
  readonly role: Role;
  /** Undefined: known by a certificate alone. */
  readonly password: PasswordHash | undefined;
  /** Keys that begin with one of them are all that there is for this user. Undefined: all keys. */
  readonly prefixes: readonly Buffer[] | undefined;
}

/** Names are for URLs, logs and certificates: short, and no blanks or control characters. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$/;
export const NAME_RULE = '1 to 64 of A-Z a-z 0-9 _ . @ -, beginning with a letter, digit or _';

export function isUserName(text: unknown): text is string {
  return typeof text === 'string' && NAME.test(text);
}

const FIELDS: readonly string[] = ['name', 'role', 'password', 'prefixes', 'prefixes_b64'];
const PREFIXES_MAX = 64;
const PREFIX_BYTES_MAX = 4096;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** @returns the record, or what is wrong with the line */
export function parseUserLine(line: string): UserRecord | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return 'is not JSON';
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return 'is not a JSON object';
  }
  const fields = parsed as Readonly<Record<string, unknown>>;
  const { name, role, password } = fields;
  const unknown = Object.keys(fields).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) return `has a field that is not known: ${JSON.stringify(unknown)}`;
  if (!isUserName(name)) return `has no good name; wanted are ${NAME_RULE}`;
  if (!isRole(role)) return `has no good role; wanted is one of ${ROLES.join(', ')}`;
  const hash = typeof password === 'string' ? parsePasswordHash(password) : undefined;
  if (hash === undefined && password !== null) {
    return 'has no good password hash, nor null; "caskctl user passwd" makes one';
  }
  const prefixes = prefixesOf(fields);
  if (typeof prefixes === 'string') return prefixes;
  const problem = prefixes && prefixProblem(prefixes, role);
  return problem ?? { name, role, password: hash, prefixes };
}

/** @returns the prefixes, undefined for none, or what is wrong with them */
function prefixesOf(
  fields: Readonly<Record<string, unknown>>,
): readonly Buffer[] | string | undefined {
  const { prefixes, prefixes_b64: encoded } = fields;
  if (prefixes === undefined && encoded === undefined) return undefined;
  const texts = prefixes ?? [];
  const codes = encoded ?? [];
  if (!isTexts(texts) || !isTexts(codes) || !codes.every((code) => BASE64.test(code))) {
    return 'has no good prefixes; wanted is a list of strings, in prefixes_b64 of base64';
  }
  return [
    ...texts.map((text) => Buffer.from(text, 'utf8')),
    ...codes.map((code) => Buffer.from(code, 'base64')),
  ];
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** What is wrong with prefixes: words that go on after the line or the flag. */
export function prefixProblem(prefixes: readonly Buffer[], role: Role): string | undefined {
  if (role === 'admin') return 'has prefixes and the role admin, which is about the whole store';
  if (prefixes.length === 0) return 'has an empty list of prefixes; leave it out to allow all keys';
  if (prefixes.length > PREFIXES_MAX) return `has more than ${PREFIXES_MAX} prefixes`;
  const areGood = prefixes.every(({ length }) => length >= 1 && length <= PREFIX_BYTES_MAX);
  return areGood ? undefined : `has a prefix that is not of 1 to ${PREFIX_BYTES_MAX} bytes`;
}

export function formatUserLine({ name, role, password, prefixes }: UserRecord): string {
  const hash = password === undefined ? null : formatPasswordHash(password);
  return JSON.stringify({ name, role, password: hash, ...prefixFields(prefixes) });
}

function prefixFields(prefixes: readonly Buffer[] | undefined): Readonly<Record<string, string[]>> {
  if (prefixes === undefined) return {};
  const texts = prefixes.filter(isText).map((prefix) => prefix.toString('utf8'));
  const codes = prefixes.filter((it) => !isText(it)).map((prefix) => prefix.toString('base64'));
  return {
    ...(texts.length > 0 ? { prefixes: texts } : {}),
    ...(codes.length > 0 ? { prefixes_b64: codes } : {}),
  };
}

function isText(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString('utf8'), 'utf8').equals(bytes);
}
