/** The check of a setting's value says what a validator of JSON Schema says. */

import { Check } from 'typebox/schema';
import { describe, expect, it } from 'vitest';
import type { SettingValue } from '../../../../src/daemon/configuration/setting.ts';
import { isValid, type ValueSchema } from '../../../../src/daemon/configuration/value-schema.ts';

const SCHEMAS: readonly ValueSchema[] = [
  { type: 'integer', minimum: -1, maximum: 10 },
  { type: 'number', minimum: 0, maximum: 1 },
  { type: 'boolean' },
  { type: 'string', minLength: 1 },
  { type: 'string', enum: ['a', 'b'] },
];
const NUMBERS = [-2, -1, -0.5, 0, 0.5, 1, 1.5, 10, 11, Number.NaN, Number.POSITIVE_INFINITY];
const VALUES: readonly SettingValue[] = [...NUMBERS, true, false, '', 'a', 'c', '5'];

describe('isValid', () => {
  for (const schema of SCHEMAS) {
    it.each(VALUES)(`of ${JSON.stringify(schema)}: %j`, (value) => {
      expect(isValid(schema, value)).toBe(Check(schema, value));
    });
  }
});
