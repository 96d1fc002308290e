/** What /v1/session takes and gives. */

import { ROLES } from '../../security/index.ts';
import { arrayOf, flag, nullable, objectOf, text, time } from './json-schema.ts';

/** Characters; more than any name or password has. */
const TEXT_MAX = 1024;

export const CREDENTIALS_SCHEMA = objectOf({
  user: { type: 'string', minLength: 1, maxLength: TEXT_MAX },
  password: { type: 'string', maxLength: TEXT_MAX },
});

export const SESSION_SCHEMA = objectOf({
  authenticated: flag('False: who asks has to log in first.'),
  users_configured: flag('False: nobody is asked who they are, and everybody may do everything.'),
  user: nullable(text('The name of the user; null: none.')),
  role: { enum: [...ROLES, null], description: 'What the user may do.' },
  prefixes: nullable({
    ...arrayOf(text('Percent-encoded.')),
    description:
      'Keys that begin with one of them are all that the user may touch; null: all keys.',
  }),
  csrf_token: nullable(text('For the header X-Caskd-Csrf of changes; null: there is no session.')),
  expires_at: nullable(time('When the session ends at the latest.')),
});
