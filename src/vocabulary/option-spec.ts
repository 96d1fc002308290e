/**
 * What an option of the store, the server or the daemon may be: its kind, unit, range, default,
 * and whether it changes while in use. Each owner has one table of these; validation, `--help`,
 * the reference page and `config show` are made from it, so a default or range stands once.
 */

/** `perSecond` is bytes per second. */
export type OptionUnit = 'bytes' | 'ms' | 'count' | 'ratio' | 'perSecond';

/** What computed defaults are computed from. */
export interface DefaultFacts {
  /** What machine or cgroup grants. */
  readonly memoryBytes: number;
  readonly segmentBytes: number;
}

export interface ComputedDefault {
  readonly words: string;
  readonly of: (facts: DefaultFacts) => number;
}

/** `live`: may be changed while it is in use. */
interface Changeable {
  readonly live?: boolean;
}

/** An integer; for the unit `ratio`, any number in the range. */
export interface NumberSpec extends Changeable {
  readonly type: 'number';
  readonly unit: OptionUnit;
  readonly min: number;
  readonly max: number;
  readonly default: number | ComputedDefault;
}

export interface SwitchSpec extends Changeable {
  readonly type: 'switch';
  readonly default: boolean;
}

export interface ChoiceSpec<C extends string = string> extends Changeable {
  readonly type: 'choice';
  readonly choices: readonly C[];
  readonly default: C;
}

/** Local hours [from, to), over midnight if `from` is greater; undefined: always. */
export interface HoursSpec extends Changeable {
  readonly type: 'hours';
  readonly default: undefined;
}

export type OptionSpec = NumberSpec | SwitchSpec | ChoiceSpec | HoursSpec;

/** What is wrong with an option: `problem` goes on after the option's name. */
export interface OptionProblem {
  readonly option: string;
  readonly problem: string;
  /** Other options that the rule compares it with. */
  readonly related?: readonly string[];
}

export const HOURS_MAX = 24;

export function isAllowed(spec: OptionSpec, value: unknown): boolean {
  switch (spec.type) {
    case 'number':
      return isNumberAllowed(spec, value);
    case 'switch':
      return typeof value === 'boolean';
    case 'choice':
      return typeof value === 'string' && spec.choices.includes(value);
    case 'hours':
      return value === undefined || areHours(value);
  }
}

function isNumberAllowed({ unit, min, max }: NumberSpec, value: unknown): boolean {
  if (typeof value !== 'number' || Number.isNaN(value)) return false;
  return (unit === 'ratio' || Number.isInteger(value)) && value >= min && value <= max;
}

function areHours(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2 || value[0] === value[1]) return false;
  return value.every((hour) => Number.isInteger(hour) && hour >= 0 && hour <= HOURS_MAX);
}

/** What is allowed, in words. */
export function allowedWords(spec: OptionSpec): string {
  switch (spec.type) {
    case 'number':
      return `${spec.unit === 'ratio' ? 'numbers' : 'integers'} from ${spec.min} to ${spec.max}`;
    case 'switch':
      return 'true, false';
    case 'choice':
      return spec.choices.join(', ');
    case 'hours':
      return `two different hours from 0 to ${HOURS_MAX}`;
  }
}

/** The default; computed ones are computed. */
export function defaultOf(spec: OptionSpec, facts: DefaultFacts): unknown {
  const { default: given } = spec;
  return typeof given === 'object' ? given.of(facts) : given;
}

/** Every option of the table that has a value it may not have. */
export function rangeProblems(
  table: Readonly<Record<string, OptionSpec>>,
  values: Readonly<Record<string, unknown>>,
  prefix = '',
): OptionProblem[] {
  return Object.entries(table)
    .filter(([name, spec]) => !isAllowed(spec, values[name]))
    .map(([name, spec]) => ({
      option: `${prefix}${name}`,
      problem: `is ${String(values[name])}, allowed are ${allowedWords(spec)}`,
    }));
}

/** The rules that say something new: an option that is out of its range breaks them, too. */
export function standing(
  rules: readonly OptionProblem[],
  problems: readonly OptionProblem[],
): OptionProblem[] {
  const wrong = new Set(problems.map(({ option }) => option));
  return rules.filter(
    ({ option, related = [] }) => ![option, ...related].some((o) => wrong.has(o)),
  );
}

/** `a is 5, allowed are ...; b is ...`: all of them in one message. */
export function problemsInWords(problems: readonly OptionProblem[]): string {
  return problems.map(({ option, problem }) => `${option} ${problem}`).join('; ');
}
