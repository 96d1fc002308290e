/**
 * Where values begin and end in JSON (RFC 8259), without a look at what they are. Whether they are
 * JSON at all, `JSON.parse` says of each piece afterwards.
 */

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
export const JSON_BYTE = {
  ...{ comma: COMMA, colon: COLON, quote: QUOTE },
  ...{ openArray: OPEN_ARRAY, closeArray: CLOSE_ARRAY },
  ...{ openObject: OPEN_OBJECT, closeObject: CLOSE_OBJECT },
} as const;

/** The next byte that is no white space. */
export function skipSpace(json: Uint8Array, start: number): number {
  let at = start;
  while (isSpace(json[at])) at += 1;
  return at;
}

/** Where a string ends, or `end` is passed; `start` is at its quote. */
export function endOfString(json: Uint8Array, start: number, end: number): number {
  let at = start + 1;
  while (at < end && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

/**
 * Where the value ends that begins at `start`, or begins to be wrong.
 * @param end it is not looked for any further
 */
export function endOfValue(json: Uint8Array, start: number, end: number): number {
  const first = json[start];
  if (first === QUOTE) return endOfString(json, start, end);
  if (first !== OPEN_ARRAY && first !== OPEN_OBJECT) return endOfWord(json, start, end);
  let depth = 0;
  let at = start;
  while (at < end) {
    const byte = json[at];
    if (byte === QUOTE) {
      at = endOfString(json, at, end);
      continue;
    }
    at += 1;
    if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) depth += 1;
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth -= 1;
    if (depth === 0) return at;
  }
  return at;
}

/** Of a number, `true`, `false` or `null`. */
function endOfWord(json: Uint8Array, start: number, end: number): number {
  let at = start + 1;
  while (at < end && !isEnd(json[at])) at += 1;
  return at;
}

/**
 * The text of a member of an object; of several by one name, the last, as `JSON.parse` takes it.
 * @param json one object, which has been parsed
 */
export function memberText(json: Buffer, name: string): Buffer | undefined {
  const wanted = Buffer.from(JSON.stringify(name));
  let found: Buffer | undefined;
  let at = skipSpace(json, 0) + 1;
  for (;;) {
    at = skipSpace(json, at);
    if (json[at] !== QUOTE) return found;
    const nameEnd = endOfString(json, at, json.length);
    const given = json.subarray(at, nameEnd);
    const start = skipSpace(json, skipSpace(json, nameEnd) + 1);
    const end = endOfValue(json, start, json.length);
    if (given.equals(wanted) || (given.includes(BACKSLASH) && nameOf(given) === name)) {
      found = json.subarray(start, end);
    }
    at = skipSpace(json, end) + 1;
  }
}

function nameOf(json: Buffer): unknown {
  return JSON.parse(json.toString('utf8'));
}

/** What follows a word. */
function isEnd(byte: number | undefined): boolean {
  return byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT || isSpace(byte);
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
