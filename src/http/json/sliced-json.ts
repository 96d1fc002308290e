/**
 * JSON of requests, read in pieces so that the event loop is not held: the elements of the
 * outermost array, or of the arrays that are members of the outermost object, one by one, with a
 * turn for others in between. A piece is bounded, and so is what `JSON.parse` takes at a time.
 *
 * The member `value` of the outermost object, or of an element, stays the text that it is: a store
 * must give back what it was given, and JavaScript reads `12345678901234567890` as another number.
 */

import { CaskError } from '../../errors/cask-error.ts';
import { limitError } from '../../errors/limit-error.ts';
import { HttpError } from '../http-error.ts';
import { TurnTaking } from '../turn-taking.ts';
import { endOfString, endOfValue, JSON_BYTE, memberText, skipSpace } from './json-scan.ts';

/** `JSON.parse` needs 17 ns for a byte at worst, of many small objects: 4.5 ms for so many. */
export const JSON_PIECE_BYTES_MAX = 256 * 1024;
const PAYLOAD_TOO_LARGE = 413;
const KEPT = 'value';

/** A value of JSON as its text. */
export class JsonText {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
}

/**
 * @param itemsMax elements of all arrays that are read one by one
 * @throws CaskError BAD_REQUEST, LIMIT_EXCEEDED, BATCH_TOO_LARGE
 */
export async function parseInSlices(json: Buffer, itemsMax: number): Promise<unknown> {
  const reader = new SlicedReader(json, itemsMax);
  return reader.read();
}

class SlicedReader {
  readonly #json: Buffer;
  readonly #itemsMax: number;
  readonly #turns = new TurnTaking();
  #at = 0;
  #items = 0;

  constructor(json: Buffer, itemsMax: number) {
    this.#json = json;
    this.#itemsMax = itemsMax;
  }

  async read(): Promise<unknown> {
    const first = this.#next();
    let whole: unknown;
    if (first === JSON_BYTE.openArray) whole = await this.#array();
    else if (first === JSON_BYTE.openObject) whole = await this.#object();
    else whole = this.#piece();
    if (this.#next() !== undefined) throw notJson('something follows its end');
    return whole;
  }

  async #object(): Promise<Record<string, unknown>> {
    // as in JSON.parse, `__proto__` is a name like any other
    const members: [string, unknown][] = [];
    this.#at += 1;
    if (this.#next() === JSON_BYTE.closeObject) return this.#closed({});
    for (;;) {
      const name = this.#name();
      const isArray = this.#next() === JSON_BYTE.openArray && name !== KEPT;
      members.push([name, isArray ? await this.#array() : this.#member(name)]);
      if (this.#isLast(JSON_BYTE.closeObject)) return this.#closed(Object.fromEntries(members));
    }
  }

  async #array(): Promise<unknown[]> {
    const elements: unknown[] = [];
    this.#at += 1;
    if (this.#next() === JSON_BYTE.closeArray) return this.#closed(elements);
    for (;;) {
      this.#countItem();
      this.#next();
      elements.push(this.#element());
      if (this.#turns.isDue) await this.#turns.pass();
      if (this.#isLast(JSON_BYTE.closeArray)) return this.#closed(elements);
    }
  }

  /** The byte at hand, past white space; undefined: the end. */
  #next(): number | undefined {
    this.#at = skipSpace(this.#json, this.#at);
    return this.#json[this.#at];
  }

  #closed<T>(value: T): T {
    this.#at += 1;
    return value;
  }

  /** After a member or an element: the end, or a comma that is passed over. */
  #isLast(close: number): boolean {
    const byte = this.#next();
    if (byte === close) return true;
    if (byte !== JSON_BYTE.comma) throw notJson(`a comma is missing at byte ${this.#at}`);
    this.#at += 1;
    return false;
  }

  #name(): string {
    if (this.#next() !== JSON_BYTE.quote) throw notJson(`a name is missing at byte ${this.#at}`);
    const start = this.#at;
    this.#at = endOfString(this.#json, start, start + JSON_PIECE_BYTES_MAX);
    const name = parse(this.#slice(start)) as string;
    if (this.#next() !== JSON_BYTE.colon) throw notJson(`a colon is missing at byte ${this.#at}`);
    this.#at += 1;
    return name;
  }

  #member(name: string): unknown {
    const start = this.#at;
    const value = this.#piece();
    return name === KEPT ? new JsonText(this.#slice(start)) : value;
  }

  #element(): unknown {
    const start = this.#at;
    const element = this.#piece();
    if (!isObject(element) || !Object.hasOwn(element, KEPT)) return element;
    const text = memberText(this.#slice(start), KEPT);
    if (text !== undefined) element[KEPT] = new JsonText(text);
    return element;
  }

  /** A value that is read at once. */
  #piece(): unknown {
    const start = this.#at;
    this.#at = endOfValue(this.#json, start, start + JSON_PIECE_BYTES_MAX + 1);
    const piece = this.#slice(start);
    if (piece.length > JSON_PIECE_BYTES_MAX) throw pieceTooLong();
    return parse(piece);
  }

  #slice(start: number): Buffer {
    return this.#json.subarray(start, this.#at);
  }

  #countItem(): void {
    this.#items += 1;
    if (this.#items <= this.#itemsMax) return;
    const message = `more than ${this.#itemsMax} items, which is the most of a batch`;
    throw limitError('BATCH_TOO_LARGE', message, 'maxBatchItems', this.#itemsMax);
  }
}

function parse(piece: Buffer): unknown {
  try {
    return JSON.parse(piece.toString('utf8'));
  } catch (thrown) {
    throw notJson(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function notJson(reason: string): CaskError {
  return new CaskError('BAD_REQUEST', `the body is not JSON: ${reason}`);
}

function pieceTooLong(): HttpError {
  const most = `a value in JSON has ${JSON_PIECE_BYTES_MAX / 1024} KiB at most`;
  const message = `${most}; PUT takes longer ones as application/octet-stream`;
  return new HttpError(PAYLOAD_TOO_LARGE, 'LIMIT_EXCEEDED', message);
}
