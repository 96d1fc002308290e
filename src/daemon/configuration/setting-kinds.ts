/** How the text of a setting becomes a value, and a value text: one kind for each unit. */

import type { OptionUnit } from '../../vocabulary/option-spec.ts';
import { parseAddress } from '../address.ts';

/** As a setting's value stands in JSON, on the wire and in the log. */
export type SettingValue = string | number | boolean;

export interface Kind {
  /** Stands for the value in `--help`. */
  readonly placeholder: string;
  /** For the reference page. */
  readonly unit: string;
  /** What the text must be, e.g. `a size such as 64k`. */
  readonly wanted: string;
  /** The value; undefined: the text is not of this kind. The range is checked by the schema. */
  read(text: string): SettingValue | undefined;
  write(value: SettingValue): string;
  /** The value as its owner takes it. @default as it is */
  readonly forOwner?: (value: SettingValue) => unknown;
  /** In the file it must be a string. */
  readonly isText?: boolean;
}

const INTEGER = /^-?\d{1,15}$/;
const BYTES = /^(\d{1,15})([kmg]?)(?:i?b)?$/i;
const RATIO = /^-?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})$/;
const HOURS = /^(\d{1,2})-(\d{1,2})$/;
const ALWAYS = 'always';
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

function readInteger(text: string): number | undefined {
  return INTEGER.test(text) ? Number(text) : undefined;
}

function readBytes(text: string): number | undefined {
  const [, digits, unit = ''] = BYTES.exec(text) ?? [];
  const value = Number(digits) * (UNITS[unit.toLowerCase()] ?? Number.NaN);
  return Number.isSafeInteger(value) ? value : readInteger(text);
}

/** `65536` -> `64k`; a number that no unit divides stays as it is. */
export function writeBytes(bytes: number): string {
  const unit = ['g', 'm', 'k'].find((name) => bytes > 0 && bytes % (UNITS[name] ?? 1) === 0);
  return unit === undefined ? String(bytes) : `${bytes / (UNITS[unit] ?? 1)}${unit}`;
}

function readSwitch(text: string): boolean | undefined {
  if (['true', '1', 'yes', 'on'].includes(text)) return true;
  return ['false', '0', 'no', 'off'].includes(text) ? false : undefined;
}

const BYTES_KIND: Kind = {
  placeholder: '<bytes>',
  unit: 'bytes, with a suffix k, m or g (powers of 1024) or none',
  wanted: 'a size such as 512, 64k, 16m, 2g',
  read: readBytes,
  write: (value) => writeBytes(Number(value)),
};

export const NUMBER_KINDS: Readonly<Record<OptionUnit, Kind>> = {
  bytes: BYTES_KIND,
  perSecond: { ...BYTES_KIND, unit: 'bytes per second, with a suffix k, m or g or none' },
  ms: {
    placeholder: '<ms>',
    unit: 'milliseconds',
    wanted: 'a whole number of milliseconds',
    read: readInteger,
    write: String,
  },
  count: {
    placeholder: '<integer>',
    unit: '',
    wanted: 'an integer',
    read: readInteger,
    write: String,
  },
  ratio: {
    placeholder: '<ratio>',
    unit: 'a share of 1',
    wanted: 'a number from 0 to 1',
    read: (text) => (RATIO.test(text) ? Number(text) : undefined),
    write: String,
  },
};

export const SWITCH_KIND: Kind = {
  placeholder: '[boolean]',
  unit: '',
  wanted: 'true or false',
  read: readSwitch,
  write: String,
};

export function choiceKind(choices: readonly string[]): Kind {
  return {
    placeholder: '<choice>',
    unit: '',
    wanted: `one of ${choices.join(', ')}`,
    read: (text) => (choices.includes(text) ? text : undefined),
    write: String,
  };
}

export const HOURS_KIND: Kind = {
  placeholder: '<hours>',
  unit: 'local hours, FROM-TO',
  wanted: 'two different hours from 0 to 24 such as 22-6, or always',
  read: (text) => {
    if (text === ALWAYS) return text;
    const [, from, to] = HOURS.exec(text) ?? [];
    const isRight = Number(from) <= 24 && Number(to) <= 24 && Number(from) !== Number(to);
    return isRight ? text : undefined;
  },
  write: String,
  forOwner: (value) => {
    const [, from, to] = HOURS.exec(String(value)) ?? [];
    return from === undefined ? undefined : [Number(from), Number(to)];
  },
};

export const TEXT_KIND: Kind = {
  placeholder: '<text>',
  unit: '',
  wanted: 'text that is not empty',
  read: (text) => (text === '' ? undefined : text),
  write: String,
  isText: true,
};

/** A path is a text; the name says more in `--help`. */
export const PATH_KIND: Kind = { ...TEXT_KIND, placeholder: '<path>', wanted: 'a path' };

/** What says that there is none. */
export const OFF = 'off';

export const PATH_OR_OFF_KIND: Kind = { ...PATH_KIND, wanted: `a path, or ${OFF}` };

export const ADDRESS_KIND: Kind = {
  placeholder: '<address>',
  unit: 'HOST:PORT',
  wanted: 'HOST:PORT, e.g. 127.0.0.1:7117 or [::1]:0',
  read: (text) => (parseAddress(text) === undefined ? undefined : text),
  write: String,
  isText: true,
};

export const ADDRESS_OR_OFF_KIND: Kind = {
  ...ADDRESS_KIND,
  unit: `HOST:PORT or ${OFF}`,
  wanted: `HOST:PORT, e.g. 127.0.0.1:7118 or [::1]:0, or ${OFF}`,
  read: (text) => (text === OFF ? text : ADDRESS_KIND.read(text)),
};

/** Texts of some form with commas between them, or `off` for none. */
export function listKind(pattern: RegExp, wanted: string): Kind {
  return {
    placeholder: '<list>',
    unit: 'separated by commas',
    wanted: `${wanted}, or ${OFF}`,
    read: (text) =>
      text === OFF || itemsOf(text).every((item) => pattern.test(item)) ? text : undefined,
    write: String,
    isText: true,
  };
}

/** What a list holds. */
export function itemsOf(list: string): string[] {
  return list === OFF ? [] : list.split(',').map((item) => item.trim());
}
