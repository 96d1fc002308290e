/** Finds the calls of a log in a source: `log.warn({ facts }, 'event')`, `logger('warn', 'event', { facts })`. */

export interface LogCall {
  readonly file: string;
  readonly level: string;
  readonly event: string;
  /** Fields that stand in the call by name; what is spread is not seen. */
  readonly fields: readonly string[];
  /** The event is a string that stands in the call. */
  readonly isLiteral: boolean;
}

const CALL = /(?<![\w.])(?:[\w.#]+\.)?#?(?:log|logger)(?:\.(debug|info|warn|error|fatal))?\(/g;
const NOT_A_LOG = /^Math\./;
const STRING = /^'([^']*)'$/;

export function logCalls(source: string, file: string): LogCall[] {
  return [...source.matchAll(CALL)]
    .filter(([head]) => !NOT_A_LOG.test(head))
    .map((match) => {
      const [head, method] = match;
      const args = argumentsFrom(source, match.index + head.length);
      const [level, event, facts] =
        method === undefined
          ? [textOf(args[0]), args[1], args[2]]
          : [method, args.at(-1), args.length > 1 ? args[0] : undefined];
      const isLiteral = STRING.test(event ?? '');
      return { file, level, event: textOf(event), fields: fieldsOf(facts), isLiteral };
    });
}

function textOf(argument = ''): string {
  return STRING.exec(argument)?.[1] ?? argument;
}

/** `{ a, b: 1, ...c }` -> a, b */
function fieldsOf(facts = ''): string[] {
  if (!facts.startsWith('{')) return [];
  return argumentsFrom(facts, 1)
    .map((part) => /^\w+/.exec(part)?.[0])
    .filter((name) => name !== undefined);
}

/** The parts between commas, up to the bracket that closes. */
function argumentsFrom(source: string, start: number): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = start;
  let at = start;
  for (; depth >= 0 && at < source.length; at++) {
    const char = source.charAt(at);
    if ("'`".includes(char)) at = source.indexOf(char, at + 1);
    depth += depthChange(char);
    if (depth > 0 || (depth === 0 && char !== ',')) continue;
    parts.push(source.slice(from, at).trim());
    from = at + 1;
  }
  return parts.filter((part) => part !== '');
}

function depthChange(char: string): number {
  if ('([{'.includes(char)) return 1;
  return ')]}'.includes(char) ? -1 : 0;
}
