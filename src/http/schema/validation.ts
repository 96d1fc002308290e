/**
 * Checks of requests against the schemas of their routes. A schema is compiled when its route is
 * first asked for, so that a start does not pay for what nobody uses. Answers are made by us: they
 * are written as they are, and tests hold them against their schemas.
 */

import type { FastifySchemaCompiler } from 'fastify';
import { Compile } from 'typebox/schema';
import { CaskError } from '../../errors/cask-error.ts';
import { unprocessable } from '../kv/given-value.ts';
import type { JsonSchema } from './json-schema.ts';

type Checker = ReturnType<typeof Compile>;

const INTEGER = /^-?\d{1,15}$/;

export const compileValidator: FastifySchemaCompiler<JsonSchema> = ({ schema, httpPart }) => {
  // each header has a grammar of its own, which is read by hand
  if (httpPart === 'headers') return () => true;
  let checker: Checker | undefined;
  return (given: unknown) => {
    // bytes are whatever they are
    if (Buffer.isBuffer(given)) return true;
    checker ??= Compile(schema as Parameters<typeof Compile>[0]) as Checker;
    const value = httpPart === 'querystring' ? typedQuery(given, schema) : given;
    if (checker.Check(value)) return { value };
    return { error: problemOf(checker, value, httpPart) };
  };
};

export const compileSerializer = () => (data: unknown) => JSON.stringify(data);

/** Text becomes a number or a boolean where the schema wants one and it is one. */
function typedQuery(given: unknown, { properties = {} }: JsonSchema): Record<string, unknown> {
  const typed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given as Record<string, string>)) {
    typed[name] = typedValue(value, properties[name]?.type);
  }
  return typed;
}

function typedValue(value: string, type: JsonSchema['type']): unknown {
  if (type === 'integer' && INTEGER.test(value)) return Number(value);
  // `?reverse` alone says yes
  if (type === 'boolean' && ['true', '1', ''].includes(value)) return true;
  if (type === 'boolean' && ['false', '0'].includes(value)) return false;
  return value;
}

function problemOf(checker: Checker, value: unknown, httpPart = 'request'): CaskError {
  const [, errors] = checker.Errors(value);
  const [first] = errors;
  const place = first?.instancePath?.slice(1).replaceAll('/', '.') ?? '';
  const what = place === '' ? `the ${httpPart}` : `${place} in the ${httpPart}`;
  const message = `${what} ${first?.message ?? 'is not as it should be'}`;
  const details = place === '' ? undefined : { field: place };
  if (httpPart === 'body') return unprocessable(message, details);
  return new CaskError('BAD_REQUEST', message, details ? { details } : {});
}
