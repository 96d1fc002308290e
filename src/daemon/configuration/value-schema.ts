/**
 * JSON Schema, as far as settings need it. Checked here, as the library that knows all of it is
 * two fifths of the modules that a start would load.
 */

import type { SettingValue } from './setting-kinds.ts';

export type ValueSchema =
  | {
      readonly type: 'integer' | 'number';
      readonly minimum: number;
      readonly maximum: number;
    }
  | { readonly type: 'boolean' }
  | { readonly type: 'string'; readonly minLength: number }
  | { readonly type: 'string'; readonly enum: readonly string[] };

/** Whether a value is of the type and within the bounds of its schema. */
export function isValid(schema: ValueSchema, value: SettingValue): boolean {
  switch (schema.type) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'string':
      if (typeof value !== 'string') return false;
      return 'enum' in schema ? schema.enum.includes(value) : value.length >= schema.minLength;
    default:
      if (typeof value !== 'number' || !Number.isFinite(value)) return false;
      if (schema.type === 'integer' && !Number.isInteger(value)) return false;
      return value >= schema.minimum && value <= schema.maximum;
  }
}
