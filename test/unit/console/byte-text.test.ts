import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bytesOf,
  editableText,
  hexDump,
  jsonOf,
  parseEdited,
  parseHex,
  textOf,
  type View,
} from '../../../src/console/byte-text.ts';

const CHARACTERS = ['a', '0', ' ', '"', '\\', '\t', '\n', '\r', '\0', 'é', '€', '😀'];
const VIEWS: readonly View[] = ['text', 'json', 'hex'];

describe('textOf', () => {
  test.for(['', 'Zürich', 'a\tb\n', '\ufeffwith a mark'])('%j is text', (text) => {
    expect(textOf(bytesOf(text))).toBe(text);
  });

  test.for([[[0xff]], [[0]], [[0x61, 0x1b]], [[0xc3]]])('%j is none', ([bytes]) => {
    expect(textOf(Uint8Array.from(bytes as number[]))).toBeUndefined();
  });
});

describe('jsonOf', () => {
  test('indents', () => {
    expect(jsonOf(bytesOf('{"a":[1,"x y"]}'))).toBe('{\n  "a": [\n    1,\n    "x y"\n  ]\n}');
  });

  test.for(['text', '{"a":12345678901234567890}', '{"a":1,"a":2}', '1e400'])(
    'not %s: it would come back as something else',
    (text) => {
      expect(jsonOf(bytesOf(text))).toBeUndefined();
    },
  );
});

describe('hex', () => {
  test('is dumped with offsets and what is ASCII', () => {
    const bytes = Uint8Array.from({ length: 18 }, (_, index) => index + 0x41);
    expect(hexDump(bytes).split('\n')).toEqual([
      '00000000  41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50  ABCDEFGHIJKLMNOP',
      `00000010  51 52${' '.repeat(42)}  QR`,
    ]);
  });

  test('is read with spaces and without', () => {
    expect(parseHex('00 fF\n10')).toEqual(Uint8Array.of(0, 255, 16));
    expect(() => parseHex('0')).toThrow('pairs');
    expect(() => parseHex('zz')).toThrow('pairs');
  });
});

describe('what is edited', () => {
  test('comes back byte for byte, unless the form does not show it', () => {
    const values = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.string({ unit: fc.constantFrom(...CHARACTERS) }).map(bytesOf),
      fc.json().map(bytesOf),
    );
    fc.assert(
      fc.property(values, fc.constantFrom(...VIEWS), (value, view) => {
        const text = editableText(value, view);
        if (text === undefined) return;
        const edited = parseEdited(text, view);
        if (view === 'json') {
          const meanings = [edited, value].map((bytes) =>
            JSON.stringify(JSON.parse(textOf(bytes) ?? '')),
          );
          expect(meanings[0]).toBe(meanings[1]);
        } else expect(Buffer.from(edited).equals(value)).toBe(true);
      }),
    );
  });

  test('no carriage returns: a text field would drop them', () => {
    expect(editableText(bytesOf('a\r\nb'), 'text')).toBeUndefined();
    expect(editableText(bytesOf('a\r\nb'), 'hex')).toBe('61 0d 0a 62');
  });

  test('what is no JSON is refused as such', () => {
    expect(() => parseEdited('{', 'json')).toThrow(SyntaxError);
  });
});
