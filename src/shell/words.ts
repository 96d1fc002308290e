/**
 * Splits a line of the interactive shell into words, as a Unix shell would.
 *
 * `'...'` and `"..."` keep blanks; `\"`, `\'` and `\ ` stand for the character outside quotes, `\"`
 * also inside double ones. Every other backslash is left alone: the commands read `\n` and `\xNN`
 * in keys and values themselves (`escapes.ts`), exactly as they do on the command line.
 */

import { UsageError } from './exit-codes.ts';

/** The words of a line, and what completion needs to know of the last one. */
export interface SplitLine {
  readonly words: readonly string[];
  /** Where the last word begins in the line; the line's length when a new one would begin. */
  readonly lastStart: number;
  /** The quote that is still open at the end, or ''. */
  readonly openQuote: string;
}

const BLANK = /\s/;

interface Scan {
  readonly words: string[];
  word: string;
  /** A word has begun; it may still be empty (`""`). */
  inWord: boolean;
  quote: string;
  lastStart: number;
}

/** The words of a complete line. */
export function splitWords(line: string): readonly string[] {
  const { words, openQuote } = splitLine(line);
  if (openQuote !== '') throw new UsageError(`the quote ${openQuote} is not closed`);
  return words;
}

/** The words of a line that may still be in the making. */
export function splitLine(line: string): SplitLine {
  const scan: Scan = { words: [], word: '', inWord: false, quote: '', lastStart: 0 };
  for (let at = 0; at < line.length; ) at = step(scan, line, at);
  const complete = scan.inWord ? [...scan.words, scan.word] : scan.words;
  const lastStart = scan.inWord ? scan.lastStart : line.length;
  return { words: complete, lastStart, openQuote: scan.quote };
}

/** Takes one character, or an escaped pair; returns where to go on. */
function step(scan: Scan, line: string, at: number): number {
  const char = line.charAt(at);
  if (scan.quote === '' && BLANK.test(char)) {
    if (scan.inWord) scan.words.push(scan.word);
    scan.word = '';
    scan.inWord = false;
    return at + 1;
  }
  if (!scan.inWord) scan.lastStart = at;
  scan.inWord = true;
  if (char === '\\' && scan.quote !== "'") return stepEscape(scan, line, at);
  if (scan.quote === '' ? char === '"' || char === "'" : char === scan.quote) {
    scan.quote = scan.quote === '' ? char : '';
    return at + 1;
  }
  scan.word += char;
  return at + 1;
}

function stepEscape(scan: Scan, line: string, at: number): number {
  const next = line.charAt(at + 1);
  const swallowed = scan.quote === '"' ? next === '"' : next !== '' && `"' `.includes(next);
  scan.word += swallowed ? next : `\\${next}`;
  return at + 2;
}

/** A word as it must be typed to be read back: quoted where it has to be. */
export function quoteWord(word: string): string {
  if (word !== '' && !/[\s"']/.test(word)) return word;
  return `"${word.replaceAll('"', '\\"')}"`;
}
