/** A setting's range, default and value in words. */

import type { DefaultFacts } from '../../vocabulary/option-spec.ts';
import type { Setting, SettingValue } from './setting.ts';

/** `64k to 4g`; undefined: it is not a number. */
export function rangeInWords({ schema, kind }: Setting): string | undefined {
  if (!('minimum' in schema)) return undefined;
  return `${kind.write(schema.minimum)} to ${kind.write(schema.maximum)}`;
}

/** The range of a number, the choices of a choice; undefined: its kind says it all. */
export function allowedInWords(setting: Setting): string | undefined {
  const { schema } = setting;
  return 'enum' in schema ? schema.enum.join(', ') : rangeInWords(setting);
}

export function defaultInWords({ default: byDefault, kind }: Setting): string {
  return typeof byDefault === 'object' ? byDefault.words : kind.write(byDefault);
}

/** The default; one that depends on the machine or on other settings is computed. */
export function defaultValueOf(setting: Setting, facts: DefaultFacts): SettingValue {
  const { default: byDefault } = setting;
  return typeof byDefault === 'object' ? byDefault.of(facts) : byDefault;
}
