/** Reads one setting as it stands in a flag, a variable, the file or a request. */

import type { Setting, SettingValue } from './setting.ts';
import { rangeInWords } from './setting-words.ts';
import { isValid } from './value-schema.ts';

/** A value as flags, variables, the file or a client give it. */
export type RawValue = string | number | boolean;

export type ReadSetting = { readonly value: SettingValue } | { readonly problem: string };

export function isRawValue(value: unknown): value is RawValue {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** The value, or what is wrong with it: words that go on after its name. */
export function readSetting(setting: Setting, given: RawValue): ReadSetting {
  const { kind, schema } = setting;
  const text = String(given).trim();
  const isMisplaced = kind.isText === true && typeof given !== 'string';
  const value = isMisplaced ? undefined : kind.read(text);
  const range = rangeInWords(setting);
  if (value === undefined) {
    const allowed = range === undefined ? '' : `; allowed are ${range}`;
    return { problem: `is ${JSON.stringify(given)}, wanted is ${kind.wanted}${allowed}` };
  }
  if (isValid(schema, value)) return { value };
  return { problem: `is ${text}, allowed are ${range ?? kind.wanted}` };
}
