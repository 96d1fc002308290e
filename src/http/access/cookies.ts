/** The one cookie there is: it names a session of a browser (RFC 6265). */

import { randomBytes } from 'node:crypto';

const NAME = 'caskd_session';
/** Under TLS browsers see to it that nobody else can set a cookie of such a name. */
const SECURE_NAME = `__Host-${NAME}`;
const TOKEN_BYTES = 32;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** A secret that nobody guesses, in the form that cookies and headers take. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** The token of the session cookie in a Cookie header. */
export function sessionTokenOf(header: string | undefined, isTls: boolean): string | undefined {
  if (header === undefined) return undefined;
  const name = isTls ? SECURE_NAME : NAME;
  for (const pair of header.split(';')) {
    const [key, value = ''] = pair.split('=', 2);
    if (key?.trim() === name && TOKEN.test(value.trim())) return value.trim();
  }
  return undefined;
}

/** A Set-Cookie header. @param token empty: the cookie is to be forgotten */
export function sessionCookie(token: string, maxAgeMs: number, isTls: boolean): string {
  const seconds = token === '' ? 0 : Math.floor(maxAgeMs / 1000);
  const attributes = `Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict`;
  return isTls
    ? `${SECURE_NAME}=${token}; ${attributes}; Secure`
    : `${NAME}=${token}; ${attributes}`;
}
