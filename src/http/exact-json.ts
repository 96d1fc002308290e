/**
 * JSON whose numbers stay the same numbers. JavaScript reads `12345678901234567890` as another
 * number; a store must give back what it was given.
 */

import { CaskError } from '../errors/cask-error.ts';

/** Written so, a number may be another one after JavaScript has read it. */
const DELICATE_NUMBER = /\d{16}|\d[eE]|\.\d{14}|-0/;

/** What newer JavaScript knows, and the types of it do not yet. */
interface ExactJson {
  rawJSON(text: string): unknown;
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
}

const exact = JSON as unknown as ExactJson;

/**
 * What the text means; `JSON.stringify` writes it down with the same numbers.
 * @throws CaskError BAD_REQUEST
 */
export function parseExactly(text: string): unknown {
  try {
    if (!DELICATE_NUMBER.test(text)) return JSON.parse(text);
    return exact.parse(text, (_, value, { source }) => {
      const isChanged = typeof value === 'number' && JSON.stringify(value) !== source;
      return isChanged && source !== undefined ? exact.rawJSON(source) : value;
    });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new CaskError('BAD_REQUEST', `the body is not JSON: ${reason}`);
  }
}

/** @throws CaskError BAD_REQUEST: it is nested too deeply to be written */
export function stringifyExactly(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    throw new CaskError('BAD_REQUEST', 'the value is nested too deeply');
  }
}
