/** Patterns of KEYS and SCAN, over bytes: `*`, `?`, `[a-z]`, `[^a]`, and `\` before any of them. */

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const CARET = 0x5e;
const DASH = 0x2d;
const BACKSLASH = 0x5c;

/** What every match begins with. */
export function literalPrefix(pattern: Buffer): Buffer {
  const end = pattern.findIndex(
    (byte) => byte === STAR || byte === QUESTION || byte === OPEN || byte === BACKSLASH,
  );
  return end < 0 ? pattern : pattern.subarray(0, end);
}

/**
 * Does all of the text match? Takes at most about pattern times text steps: only the last star is
 * ever tried again.
 */
export function globMatches(pattern: Buffer, text: Buffer): boolean {
  let at = 0;
  let textAt = 0;
  let starAt = -1;
  let starText = 0;
  while (textAt < text.length) {
    if (pattern[at] === STAR) {
      starAt = at;
      starText = textAt;
      at += 1;
      continue;
    }
    const next = at < pattern.length ? matchOne(pattern, at, text[textAt] as number) : -1;
    if (next >= 0) {
      at = next;
      textAt += 1;
    } else if (starAt >= 0) {
      starText += 1;
      textAt = starText;
      at = starAt + 1;
    } else {
      return false;
    }
  }
  while (pattern[at] === STAR) at += 1;
  return at >= pattern.length;
}

/** @returns where the pattern goes on; negative: the byte does not match */
function matchOne(pattern: Buffer, at: number, byte: number): number {
  const first = pattern[at] as number;
  if (first === QUESTION) return at + 1;
  if (first === OPEN) return matchClass(pattern, at + 1, byte);
  const isEscaped = first === BACKSLASH && at + 1 < pattern.length;
  const literal = isEscaped ? at + 1 : at;
  return pattern[literal] === byte ? literal + 1 : -1;
}

function matchClass(pattern: Buffer, start: number, byte: number): number {
  let at = start;
  const isNegated = pattern[at] === CARET;
  if (isNegated) at += 1;
  let isIn = false;
  // a class that is not closed ends with the pattern
  while (at < pattern.length && pattern[at] !== CLOSE) {
    if (pattern[at] === BACKSLASH && at + 1 < pattern.length) {
      at += 1;
      isIn ||= pattern[at] === byte;
    } else if (pattern[at + 1] === DASH && at + 2 < pattern.length) {
      const [low, high] = [pattern[at] as number, pattern[at + 2] as number].sort((a, b) => a - b);
      isIn ||= byte >= (low as number) && byte <= (high as number);
      at += 2;
    } else {
      isIn ||= pattern[at] === byte;
    }
    at += 1;
  }
  const end = Math.min(at + 1, pattern.length);
  return isIn === isNegated ? -1 : end;
}
