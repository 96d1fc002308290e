/** A check that did not hold: its name is stable, for the figures and the mutations. */
export class CheckFailure extends Error {
  override readonly name = 'CheckFailure';
  readonly check: string;

  constructor(check: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.check = check;
  }
}

export function check(holds: boolean, name: string, message: () => string): void {
  if (!holds) throw new CheckFailure(name, message());
}

/** Whatever was thrown, as a failed check. */
export function toCheckFailure(thrown: unknown, name: string): CheckFailure {
  if (thrown instanceof CheckFailure) return thrown;
  const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return new CheckFailure(name, message, thrown);
}
