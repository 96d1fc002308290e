import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/shell/exit-codes.ts';
import { quoteWord, splitLine, splitWords } from '../../../src/shell/words.ts';

describe('words of a line', () => {
  it.each([
    ['put k v', ['put', 'k', 'v']],
    ['  a \t b  ', ['a', 'b']],
    [`put 'a b' "c d"`, ['put', 'a b', 'c d']],
    [`x"a"'b'c`, ['xabc']],
    [`put k ""`, ['put', 'k', '']],
    ['a\\ b \\"q\\"', ['a b', '"q"']],
    [`'it"s' "it's" "\\"" `, ['it"s', "it's", '"']],
    // other escapes reach the command as typed
    ['k\\n \\x00 "\\\\" \'\\\\\'', ['k\\n', '\\x00', '\\\\', '\\\\']],
    ['', []],
  ])('%j', (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  it('refuses a quote that is not closed', () => {
    expect(() => splitWords('put "a')).toThrow(UsageError);
  });

  it('knows where the last word begins', () => {
    expect(splitLine('put "a b').lastStart).toBe(4);
    expect(splitLine('put ').lastStart).toBe(4);
    expect(splitLine('').lastStart).toBe(0);
  });

  it('reads back a word that it quoted', () => {
    const word = fc.string().filter((text) => !text.includes('\\'));
    fc.assert(
      fc.property(word, (text) => {
        expect(splitWords(`put ${quoteWord(text)}`)).toEqual(['put', text]);
      }),
    );
  });
});
