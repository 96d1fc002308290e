/**
 * Values that say which write they are of, so that an invented or mixed-up one is recognised.
 * `#<attempt>.<item>:<bytes>|` and then a pattern that follows from these numbers.
 */

export interface ValueIdentity {
  readonly attempt: number;
  readonly item: number;
}

/** An empty value describes nothing. */
export const EMPTY_VALUE: ValueIdentity = { attempt: -1, item: -1 };
/** Shorter ones have no room for their description. */
export const DESCRIBED_BYTES_MIN = 24;

export function describedValue(attempt: number, item: number, bytes: number): Buffer {
  if (bytes === 0) return Buffer.alloc(0);
  const head = `#${attempt}.${item}:${bytes}|`;
  const value = Buffer.alloc(Math.max(bytes, head.length));
  const start = value.write(head, 'latin1');
  for (let at = start; at < value.length; at += 1) value[at] = patternAt(attempt, item, at);
  return value;
}

function patternAt(attempt: number, item: number, at: number): number {
  return (attempt * 31 + item * 7 + at * 3) & 0xff;
}

/** Which write the value is of; undefined when it is of none. */
export function identifyValue(value: Uint8Array): ValueIdentity | undefined {
  if (value.length === 0) return EMPTY_VALUE;
  const head = Buffer.from(value.subarray(0, DESCRIBED_BYTES_MIN)).toString('latin1');
  const match = /^#(\d+)\.(\d+):(\d+)\|/.exec(head);
  if (match === null || Number(match[3]) !== value.length) return undefined;
  const attempt = Number(match[1]);
  const item = Number(match[2]);
  for (let at = match[0].length; at < value.length; at += 1) {
    if (value[at] !== patternAt(attempt, item, at)) return undefined;
  }
  return { attempt, item };
}
