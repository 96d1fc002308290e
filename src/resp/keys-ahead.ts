/**
 * The keys of commands that lie behind each other in a chunk. Understood is what most clients send:
 * arrays of few words, the second of which may be a key.
 */

import { KeysAhead } from '../server/keys-ahead.ts';

const CR = 0x0d;
const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const DIGIT_0 = 0x30;
/** `*2\r\n`, up to nine words. */
const HEAD_BYTES = 4;
const WORDS_MAX = 9;
const KEY_WORD = 1;
/** The least that a word takes: `$0\r\n\r\n`. */
const WORD_BYTES_MIN = 6;
const END_BYTES = 2;

export class RespKeysAhead extends KeysAhead {
  /** Of the word that `#openWord` was at. */
  #bytes = 0;

  protected skipRequest(buffer: Uint8Array, from: number): number {
    if (from + HEAD_BYTES > buffer.length || buffer[from] !== ASTERISK) return -1;
    const words = (buffer[from + 1] as number) - DIGIT_0;
    if (words <= KEY_WORD || words > WORDS_MAX || buffer[from + 2] !== CR) return -1;
    let at = from + HEAD_BYTES;
    for (let word = 0; word < words; word++) {
      const start = this.#openWord(buffer, at);
      if (start < 0) return -1;
      at = start + this.#bytes + END_BYTES;
      if (word === KEY_WORD && !this.add(start, this.#bytes, buffer.length)) return -1;
    }
    return at;
  }

  /** Reads the length of the word at `at`. @returns where its bytes begin; below 0: unknown */
  #openWord(buffer: Uint8Array, at: number): number {
    const { length } = buffer;
    if (at + WORD_BYTES_MIN > length || buffer[at] !== DOLLAR) return -1;
    let bytes = 0;
    for (let digitAt = at + 1; digitAt < length; digitAt++) {
      const digit = (buffer[digitAt] as number) - DIGIT_0;
      if (digit < 0 || digit > 9) {
        this.#bytes = bytes;
        return digitAt + END_BYTES;
      }
      bytes = bytes * 10 + digit;
    }
    return -1;
  }
}
