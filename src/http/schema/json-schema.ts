/**
 * JSON Schema (2020-12), as far as routes need it. Plain objects: a library that builds them would
 * double what the listener costs a start.
 */

export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly const?: string | number | boolean;
  readonly enum?: readonly (string | number | boolean | null)[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
}

/** An object of which all members are there, unless `optional` names them. */
export function objectOf(
  properties: Readonly<Record<string, JsonSchema>>,
  ...optional: string[]
): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}

export function arrayOf(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

export function text(description: string): JsonSchema {
  return { type: 'string', description };
}

export function count(description: string): JsonSchema {
  return { type: 'integer', minimum: 0, description };
}

export function flag(description: string): JsonSchema {
  return { type: 'boolean', description };
}

/** ISO 8601, in UTC. */
export function time(description: string): JsonSchema {
  return { type: 'string', format: 'date-time', description };
}

export function nullable({ type, ...rest }: JsonSchema): JsonSchema {
  return { ...rest, type: [...[type ?? []].flat(), 'null'] };
}
