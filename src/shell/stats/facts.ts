/**
 * Looking into the reply to STATS. Its keys may grow, and differ between versions: whatever is
 * missing is undefined, never an error.
 */

export type Facts = Readonly<Record<string, unknown>>;

export function isFacts(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `at(stats, 'log', 'bytes')` */
export function factAt(facts: Facts, ...path: readonly string[]): unknown {
  let found: unknown = facts;
  for (const name of path) found = isFacts(found) ? found[name] : undefined;
  return found;
}

export function factsAt(facts: Facts, ...path: readonly string[]): Facts {
  const found = factAt(facts, ...path);
  return isFacts(found) ? found : {};
}

export function numberAt(facts: Facts, ...path: readonly string[]): number | undefined {
  const found = factAt(facts, ...path);
  return typeof found === 'number' ? found : undefined;
}

/** A share of a whole that may be nothing or unknown. */
export function shareOf(part: number | undefined, whole: number | undefined): number | undefined {
  if (part === undefined || whole === undefined || whole === 0) return undefined;
  return part / whole;
}
