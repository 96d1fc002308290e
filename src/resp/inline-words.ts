/** Splits a line that somebody typed into words, by the rules of Redis for quotes and escapes. */

const SPACE = /[ \t\n\v\f\r\0]/;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  a: '\x07',
};

/**
 * @param line each character a byte
 * @returns undefined: quotes are not balanced
 */
export function inlineWords(line: string): string[] | undefined {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && SPACE.test(line.charAt(at))) at += 1;
    if (at >= line.length) return words;
    const end = readWord(line, at, words);
    if (end === undefined) return undefined;
    at = end;
  }
}

/** @returns where the word ends; undefined: its quotes are not balanced */
function readWord(line: string, start: number, words: string[]): number | undefined {
  let at = start;
  let word = '';
  while (at < line.length) {
    const char = line.charAt(at);
    if (SPACE.test(char)) break;
    if (char !== '"' && char !== "'") {
      word += char;
      at += 1;
      continue;
    }
    const quoted = char === '"' ? readDoubleQuoted(line, at + 1) : readSingleQuoted(line, at + 1);
    // a closing quote must end the word
    if (quoted === undefined || (quoted.end < line.length && !SPACE.test(line.charAt(quoted.end))))
      return undefined;
    word += quoted.text;
    at = quoted.end;
  }
  words.push(word);
  return at;
}

interface Quoted {
  readonly text: string;
  /** Behind the closing quote. */
  readonly end: number;
}

function readDoubleQuoted(line: string, start: number): Quoted | undefined {
  let text = '';
  for (let at = start; at < line.length; at++) {
    const char = line.charAt(at);
    if (char === '"') return { text, end: at + 1 };
    if (char !== '\\' || at + 1 >= line.length) {
      text += char;
      continue;
    }
    const hex = /^\\x([0-9a-fA-F]{2})/.exec(line.slice(at, at + 4))?.[1];
    if (hex !== undefined) {
      text += String.fromCharCode(Number.parseInt(hex, 16));
      at += 3;
    } else {
      const escaped = line.charAt(at + 1);
      text += ESCAPES[escaped] ?? escaped;
      at += 1;
    }
  }
  return undefined;
}

function readSingleQuoted(line: string, start: number): Quoted | undefined {
  let text = '';
  for (let at = start; at < line.length; at++) {
    const char = line.charAt(at);
    if (char === "'") return { text, end: at + 1 };
    if (char === '\\' && line.charAt(at + 1) === "'") {
      text += "'";
      at += 1;
    } else {
      text += char;
    }
  }
  return undefined;
}
