/** Entries, pages and batches as JSON. */

import {
  arrayOf,
  count,
  flag,
  type JsonSchema,
  nullable,
  objectOf,
  text,
  time,
} from './json-schema.ts';

export const KEY_MEMBERS = {
  key: text('The key, where it is UTF-8.'),
  key_b64: text('The key in base64, where it is not.'),
} as const;

export const VALUE_MEMBERS = {
  value: { description: 'The JSON that the bytes are; else the string that they are.' },
  value_b64: text('The bytes in base64, where they are not UTF-8.'),
} as const satisfies Record<string, JsonSchema>;

const COMMON_MEMBERS = {
  version: { type: 'integer', minimum: 1, description: '1, 2, 3 ... since the key came to be.' },
  revision: {
    type: 'integer',
    minimum: 1,
    description: 'Of the last change, store-wide; the ETag.',
  },
  created_at: time('When the key came to be.'),
  expires_at: nullable(time('When it expires; null: never.')),
} as const satisfies Record<string, JsonSchema>;

const updated_at = time('When it was last written.');
/** One of two members is there. */
const KEYS = ['key', 'key_b64'];
const VALUES = ['value', 'value_b64'];

export const ENTRY_SCHEMA = objectOf(
  { ...KEY_MEMBERS, ...VALUE_MEMBERS, ...COMMON_MEMBERS, updated_at },
  ...KEYS,
  ...VALUES,
);

export const PUT_SCHEMA = objectOf(
  {
    ...KEY_MEMBERS,
    ...VALUE_MEMBERS,
    value_bytes: count('The length of the value; one of more than 64 KiB is not repeated.'),
    ...COMMON_MEMBERS,
    updated_at,
  },
  ...KEYS,
  ...VALUES,
);

export const GIVEN_VALUE_SCHEMA = objectOf(VALUE_MEMBERS, ...VALUES);

const LISTED_SCHEMA = objectOf(
  {
    ...KEY_MEMBERS,
    ...VALUE_MEMBERS,
    ...COMMON_MEMBERS,
    updated_at,
    value_bytes: count('The length of the value, of keys only.'),
    error: objectOf({ code: text('Why it cannot be read.'), detail: text('A sentence.') }),
  },
  ...KEYS,
  ...VALUES,
  'updated_at',
  'value_bytes',
  'error',
);

export const PAGE_SCHEMA = objectOf({
  count: count('How many results there are.'),
  has_more: flag('Keys follow.'),
  next_cursor: nullable(text('For `cursor` of the next request.')),
  limit: count('The limit that was used.'),
  limit_clamped: flag('The limit that was asked for is above the greatest.'),
  results: arrayOf(LISTED_SCHEMA),
});

const CONDITION_MEMBERS = {
  if_absent: flag('Only if there is no such key.'),
  if_present: flag('Only if there is.'),
  if_revision: count('Only at this revision; 0: there is no such key.'),
} as const;
const CONDITIONS = Object.keys(CONDITION_MEMBERS);

const BATCH_ITEM_SCHEMA = objectOf(
  {
    op: { enum: ['put', 'delete'], default: 'put' },
    ...KEY_MEMBERS,
    ...VALUE_MEMBERS,
    ttl_ms: { type: 'integer', minimum: 1, description: 'Expires after so many milliseconds.' },
    ...CONDITION_MEMBERS,
  },
  'op',
  ...KEYS,
  ...VALUES,
  'ttl_ms',
  ...CONDITIONS,
);

export const BATCH_SCHEMA: JsonSchema = {
  description: 'All of it is applied, or nothing. The array alone will do.',
  anyOf: [objectOf({ items: arrayOf(BATCH_ITEM_SCHEMA) }), arrayOf(BATCH_ITEM_SCHEMA)],
};

const BATCH_RESULT_SCHEMA = objectOf(
  {
    op: { enum: ['put', 'delete'] },
    ...KEY_MEMBERS,
    revision: nullable(count('Of the change; null: there was nothing to delete.')),
    version: nullable(count('Of the entry; null: there is none.')),
  },
  ...KEYS,
);

export const BATCH_RESULTS_SCHEMA: JsonSchema = {
  anyOf: [objectOf({ items: arrayOf(BATCH_RESULT_SCHEMA) }), arrayOf(BATCH_RESULT_SCHEMA)],
};

export const BATCH_GET_SCHEMA = objectOf(
  { keys: arrayOf(text('A key.')), keys_b64: arrayOf(text('A key in base64.')) },
  'keys',
  'keys_b64',
);

const FOUND_SCHEMA = objectOf(
  {
    ...KEY_MEMBERS,
    found: flag('There is such a key.'),
    ...VALUE_MEMBERS,
    ...COMMON_MEMBERS,
    updated_at,
    error: objectOf({ code: text('Why it cannot be read.'), detail: text('A sentence.') }),
  },
  ...KEYS,
  ...VALUES,
  ...Object.keys(COMMON_MEMBERS),
  'updated_at',
  'error',
);

export const BATCH_FOUND_SCHEMA = objectOf({
  count: count('How many items there are.'),
  has_more: flag('The reply was long enough: ask again for the keys from `count` on.'),
  items: arrayOf(FOUND_SCHEMA),
});
