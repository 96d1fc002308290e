/** What an error of caskd is called where Redis is spoken: clients act on the first word. */

import type { CaskError } from '../errors/cask-error.ts';
import type { ErrorCode } from '../errors/error-codes.ts';

/** First words that clients of Redis know; `ERR` and the code for all others. */
const WORDS: Partial<Record<ErrorCode, string>> = {
  LOADING: 'LOADING',
  BUSY: 'TRYAGAIN',
  READ_ONLY: 'MISCONF',
  NO_SPACE: 'MISCONF',
  KEYDIR_FULL: 'OOM',
  FORBIDDEN: 'NOPERM',
};

const WRONG_PASSWORD = 'WRONGPASS invalid username-password pair or user is disabled.';
export const AUTHENTICATION_REQUIRED = 'NOAUTH Authentication required.';

/** Without the mark of an error and the end of the line. */
export function replyTextOf({ code, message }: CaskError): string {
  // of these the message is the whole line: it is worded as Redis has it
  if (code === 'BAD_FRAME') return `ERR ${message}`;
  if (code === 'BAD_REQUEST') return message;
  if (code === 'UNAUTHENTICATED') return WRONG_PASSWORD;
  const word = WORDS[code];
  return word === undefined ? `ERR ${code} ${message}` : `${word} ${message}`;
}
