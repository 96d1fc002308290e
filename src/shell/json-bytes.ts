/**
 * Bytes in JSON: `key` and `value` hold UTF-8 text; what is not UTF-8 stands in `key_b64` and
 * `value_b64` as base64 instead. Written and read alike.
 */

import { utf8Text } from './escapes.ts';

/** A parsed JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** What is wrong with a line of NDJSON, as the end of a sentence. */
export class LineError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LineError';
  }
}

/** `{ key: 'text' }`, or `{ key_b64: '...' }` when the bytes are not UTF-8. */
export function jsonBytes(name: 'key' | 'value', bytes: Uint8Array): JsonObject {
  const text = utf8Text(bytes);
  if (text !== undefined) return { [name]: text };
  return { [`${name}_b64`]: Buffer.from(bytes).toString('base64') };
}

/** The object that a line holds. */
export function parseJsonObject(line: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (error) {
    throw new LineError(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new LineError('not a JSON object');
  }
  return parsed as JsonObject;
}

/** The bytes under `name` or `name_b64`; exactly one of them must be there. */
export function bytesOf(object: JsonObject, name: 'key' | 'value'): Buffer {
  const text = object[name];
  const base64 = object[`${name}_b64`];
  if ((text === undefined) === (base64 === undefined)) {
    throw new LineError(`needs either "${name}" or "${name}_b64"`);
  }
  if (text !== undefined) return textBytes(text, name);
  if (typeof base64 !== 'string' || !BASE64.test(base64)) {
    throw new LineError(`"${name}_b64" must be base64`);
  }
  return Buffer.from(base64, 'base64');
}

function textBytes(text: unknown, name: string): Buffer {
  // a lone surrogate has no UTF-8: it would silently become U+FFFD
  if (typeof text !== 'string' || !text.isWellFormed()) {
    throw new LineError(`"${name}" must be a string of Unicode text`);
  }
  return Buffer.from(text);
}

/** An integer of at least `min`; undefined when it is not there. */
export function integerOf(object: JsonObject, name: string, min: number): number | undefined {
  const value = object[name];
  if (value === undefined) return undefined;
  if (!Number.isSafeInteger(value) || (value as number) < min) {
    throw new LineError(`"${name}" must be an integer of at least ${min}`);
  }
  return value as number;
}

/** True or false; undefined when it is not there. */
export function booleanOf(object: JsonObject, name: string): boolean | undefined {
  const value = object[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw new LineError(`"${name}" must be true or false`);
}

/** Refuses names outside `known`: a misspelt condition must not be dropped silently. */
export function refuseUnknown(object: JsonObject, known: ReadonlySet<string>): void {
  for (const name of Object.keys(object)) {
    if (!known.has(name)) throw new LineError(`unknown name "${name}"`);
  }
}
