/** Values that a JSON Schema allows, and now and then some that it does not. */

import fc from 'fast-check';
import type { JsonSchema } from '../../../src/http/schema/json-schema.ts';

export function arbitraryOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { enum: choices, anyOf, type, minimum = 0, maximum = 100 } = schema;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (choices !== undefined) return fc.constantFrom(...choices);
  if (anyOf !== undefined) return fc.oneof(...anyOf.map(arbitraryOf));
  switch (type) {
    case 'integer':
      return fc.integer({ min: minimum, max: Math.min(maximum, minimum + 100) });
    case 'boolean':
      return fc.boolean();
    case 'string':
      return fc.string({ unit: 'binary', maxLength: 20 });
    case 'array':
      return fc.array(arbitraryOf(schema.items ?? {}), { maxLength: 5 });
    case 'object':
      return objectArbitrary(schema);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** Members that need not be there are left out at times. */
export function objectArbitrary({
  properties = {},
  required = [],
}: JsonSchema): fc.Arbitrary<Record<string, unknown>> {
  const model = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, arbitraryOf(schema)]),
  );
  return fc.record(model, { requiredKeys: [...required] });
}

/** As the schema wants it mostly, else anything. */
export function mostlyOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  const right = { arbitrary: arbitraryOf(schema), weight: 4 };
  return fc.oneof(right, { arbitrary: fc.jsonValue({ maxDepth: 2 }), weight: 1 });
}
