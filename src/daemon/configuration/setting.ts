/** What a setting of the daemon is, and how one is made from its owner's table. */

import type {
  ChoiceSpec,
  ComputedDefault,
  NumberSpec,
  OptionSpec,
  SwitchSpec,
} from '../../vocabulary/option-spec.ts';
import type { Section } from './sections.ts';
import {
  choiceKind,
  HOURS_KIND,
  type Kind,
  NUMBER_KINDS,
  type SettingValue,
  SWITCH_KIND,
} from './setting-kinds.ts';
import type { ValueSchema } from './value-schema.ts';

export type { SettingValue } from './setting-kinds.ts';

/**
 * Who acts on a setting: `store` and `server` are handed it under the name `option`, `daemon` is
 * whoever reads it from the configuration.
 */
export type Owner = 'store' | 'server' | 'daemon';

/** What only the schema knows of a setting. */
export interface About {
  readonly section: Section;
  /** A few words for `--help`; no capital, no full stop. */
  readonly help: string;
  /** What it costs or what follows from it: sentences for the reference page. */
  readonly cost: string;
}

export interface Setting<V extends SettingValue = SettingValue> extends About {
  /** Type and range of the value. */
  readonly schema: ValueSchema;
  /** How its text is read and written. */
  readonly kind: Kind;
  readonly default: V | ComputedDefault;
  /** May change while the daemon runs. */
  readonly live: boolean;
  readonly owner: Owner;
  /** The owner's name for it; of the merge, `merge.automatic` and so on. */
  readonly option: string;
}

const TEXT_SCHEMA: ValueSchema = { type: 'string', minLength: 1 };

/** The type of a setting's value by that of its spec. */
type ValueOf<S extends OptionSpec> = S extends NumberSpec
  ? number
  : S extends SwitchSpec
    ? boolean
    : S extends ChoiceSpec<infer C>
      ? C
      : string;

/** A setting with the type, range, default and liveness of its owner's table. */
export function settingOf<S extends OptionSpec>(
  owner: Owner,
  option: string,
  spec: S,
  about: About,
): Setting<ValueOf<S>> {
  const { live = false } = spec;
  const byDefault = (spec.default ?? 'always') as ValueOf<S> | ComputedDefault;
  return { ...about, ...shapeOf(spec), default: byDefault, live, owner, option };
}

function shapeOf(spec: OptionSpec): Pick<Setting, 'schema' | 'kind'> {
  switch (spec.type) {
    case 'number':
      return { schema: numberSchema(spec), kind: NUMBER_KINDS[spec.unit] };
    case 'switch':
      return { schema: { type: 'boolean' }, kind: SWITCH_KIND };
    case 'choice':
      return {
        schema: { type: 'string', enum: spec.choices },
        kind: choiceKind(spec.choices),
      };
    case 'hours':
      return { schema: TEXT_SCHEMA, kind: HOURS_KIND };
  }
}

function numberSchema({ unit, min, max }: NumberSpec): ValueSchema {
  return { type: unit === 'ratio' ? 'number' : 'integer', minimum: min, maximum: max };
}

/** A setting that is text of some kind, which the daemon itself acts on. */
export function textSetting(
  option: string,
  kind: Kind,
  byDefault: string,
  about: About,
): Setting<string> {
  return {
    ...about,
    schema: TEXT_SCHEMA,
    kind,
    default: byDefault,
    live: false,
    owner: 'daemon',
    option,
  };
}
