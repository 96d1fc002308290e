import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBytes, parseEscapes, utf8Text } from '../../../src/shell/escapes.ts';
import { UsageError } from '../../../src/shell/exit-codes.ts';

describe('escapes', () => {
  it('reads named and hexadecimal escapes', () => {
    expect(parseEscapes('a\\n\\r\\t\\\\\\x00\\xFf')).toEqual(
      Buffer.from([0x61, 0x0a, 0x0d, 0x09, 0x5c, 0x00, 0xff]),
    );
    expect(parseEscapes('grün \\\\n')).toEqual(Buffer.from('grün \\n'));
  });

  it.each(['\\q', '\\x1', '\\xgg', 'end\\', '\\u00e9'])('refuses %s', (text) => {
    expect(() => parseEscapes(text)).toThrow(UsageError);
  });

  it('shows printable text as it is and the rest byte by byte', () => {
    expect(formatBytes(Buffer.from('plain ~!"'))).toBe('plain ~!"');
    expect(formatBytes(Buffer.from('grün 漢字 🙂'))).toBe('grün 漢字 🙂');
    expect(formatBytes(Buffer.from('a\\b\n\x1b[2J'))).toBe('a\\\\b\\n\\x1b[2J');
    expect(formatBytes(Buffer.from([0xff, 0xc3, 0x28, 0xe2, 0x82]))).toBe('\\xff\\xc3(\\xe2\\x82');
  });

  it('lets no character through that could drive a terminal or hide text', () => {
    expect(formatBytes(Buffer.from('\u009b\u202e\u2028'))).toBe(
      '\\xc2\\x9b\\xe2\\x80\\xae\\xe2\\x80\\xa8',
    );
  });

  it('reads back what it shows, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(parseEscapes(formatBytes(bytes))).toEqual(Buffer.from(bytes));
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 32 }), (text) => {
        expect(parseEscapes(formatBytes(Buffer.from(text)))).toEqual(Buffer.from(text));
      }),
    );
  });

  it('knows UTF-8 from other bytes', () => {
    expect(utf8Text(Buffer.from('ü\ufeff'))).toBe('ü\ufeff');
    expect(utf8Text(Buffer.from([0xc3]))).toBeUndefined();
  });
});
