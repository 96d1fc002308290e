/** What operators are told: the same facts, by the same names, as `caskctl --json` prints. */

import { arrayOf, count, flag, type JsonSchema, nullable, objectOf, text } from './json-schema.ts';

/** Facts whose names the other documents list. */
export const FACTS_SCHEMA: JsonSchema = { type: 'object', additionalProperties: true };

export const JOB_SCHEMA = objectOf(
  {
    id: count('1, 2, 3 ... since the store was opened.'),
    kind: text('`delete-range`, `backup`, `scrub`.'),
    state: { enum: ['running', 'cancelling', 'done', 'failed', 'cancelled'] },
    unit: text('What `done` and `total` count.'),
    done: count('So much is done.'),
    total: count('Of so much, where that is known.'),
    startedAt: count('Milliseconds since 1970.'),
    ms: count('How long it has run, or ran.'),
    error: objectOf({ code: text('What it ended with.'), message: text('A sentence.') }),
    result: FACTS_SCHEMA,
  },
  ...['total', 'error', 'result'],
);

export const JOBS_SCHEMA = objectOf({ jobs: arrayOf(JOB_SCHEMA) });

export const SEGMENTS_SCHEMA = objectOf({
  segments: arrayOf(
    objectOf({
      id: count('Its number.'),
      kind: { enum: ['log', 'merged'] },
      state: { enum: ['planned', 'prepared', 'open', 'sealed', 'obsolete'] },
      bytes: count('What is written of it.'),
      liveBytes: count('Of records that are read.'),
      deadBytes: count('The rest: a merge gives it back.'),
      merging: flag('A merge is reading it.'),
    }),
  ),
  hasMore: flag('More follow.'),
  nextAfter: nullable(count('For `after` of the next request.')),
});

export const SLOW_LOG_SCHEMA = objectOf({
  entries: arrayOf(FACTS_SCHEMA),
  slowRequests: count('Requests that were slow since the start.'),
});

export const FORGOTTEN_SCHEMA = objectOf({ forgotten: count('So many entries there were.') });

export const CLIENTS_SCHEMA = objectOf({
  clients: arrayOf(FACTS_SCHEMA),
  hasMore: flag('More follow.'),
});

export const MERGE_ACTION_SCHEMA = objectOf({ action: { enum: ['run', 'pause', 'resume'] } });

export const BACKUP_REQUEST_SCHEMA = objectOf(
  {
    directory: text('`backupDirectory` or a directory in it. Left out: `backupDirectory`.'),
    keep: { type: 'integer', minimum: 1, description: 'Complete backups that stay.' },
    copies: flag('Copies every file, where a second name would do.'),
    full: flag('Takes nothing from the backup before.'),
  },
  ...['directory', 'keep', 'copies', 'full'],
);
