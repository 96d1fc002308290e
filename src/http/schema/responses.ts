/** The answers that a route declares: those of its own, and the problems that it may tell. */

import './route-schema.ts';
import { ERROR_CODES } from '../../errors/error-codes.ts';
import { flag, type JsonSchema, objectOf, text } from './json-schema.ts';

/** RFC 9457. */
export const PROBLEM_SCHEMA: JsonSchema = objectOf(
  {
    type: text('urn:caskd:error:CODE'),
    title: text('The code in words.'),
    status: { type: 'integer' },
    detail: text('What happened, to which thing, what to do.'),
    code: { type: 'string', enum: Object.keys(ERROR_CODES) },
    retryable: flag('The same request may succeed later, and was certainly not applied.'),
    details: { type: 'object', additionalProperties: true },
  },
  'details',
);

const REASONS: Readonly<Record<number, string>> = {
  400: 'The request is wrong.',
  401: 'User and password are missing or wrong.',
  403: 'The user may not, or the request comes from another page.',
  404: 'There is no such thing.',
  405: 'The path has other methods.',
  409: 'The state says no.',
  412: 'A condition did not hold.',
  413: 'The body, value or batch is too large.',
  415: 'The body is of a type that is not taken.',
  421: 'The name in the Host header is not known here.',
  422: 'The body is JSON, but not what is wanted.',
  429: 'Too many failed logins.',
  500: 'Damaged data, a failing disk, or an outcome that nobody knows.',
  501: 'This server is not set up for it.',
  503: 'Loading, stopping, or too busy; Retry-After says when to try again.',
  504: 'It was not done in time.',
  507: 'The disk, or the memory for keys, is full.',
};

/** May be the answer to anything. */
const ANYWHERE = [400, 421, 500] as const;

export const NO_CONTENT: JsonSchema = { type: 'null', description: 'Nothing more to say.' };

/** What a declared answer is: the schema of its JSON, or its media types. */
export type DeclaredResponse =
  | JsonSchema
  | {
      readonly description: string;
      readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>>;
    };

export function responses(
  own: Readonly<Record<number, DeclaredResponse>>,
  ...problems: number[]
): Record<number, DeclaredResponse> {
  const declared: Record<number, DeclaredResponse> = { ...own };
  for (const status of [...ANYWHERE, ...problems]) {
    declared[status] ??= {
      description: REASONS[status] ?? 'A problem.',
      content: { 'application/problem+json': { schema: PROBLEM_SCHEMA } },
    };
  }
  return declared;
}
