import { describe, expect, it } from 'vitest';
import {
  booleanOf,
  bytesOf,
  integerOf,
  jsonBytes,
  LineError,
  parseJsonObject,
} from '../../../src/shell/json-bytes.ts';
import { type NumberedLine, numberedLines } from '../../../src/shell/ndjson-lines.ts';

async function collect(chunks: readonly Uint8Array[], bytesMax?: number): Promise<NumberedLine[]> {
  const all: NumberedLine[] = [];
  const stream = (async function* (): AsyncGenerator<Uint8Array> {
    yield* chunks;
  })();
  for await (const lines of numberedLines(stream, bytesMax)) all.push(...lines);
  return all;
}

describe('numbered lines', () => {
  it('joins lines across chunks, wherever these are cut', async () => {
    const bytes = Buffer.from('one\n\nzwölf\r\nlast');
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const lines = await collect([bytes.subarray(0, cut), bytes.subarray(cut)]);
      expect(lines.map((line) => [line.number, line.text.trim()])).toEqual([
        [1, 'one'],
        [3, 'zwölf'],
        [4, 'last'],
      ]);
      expect(lines.at(-1)?.bytesRead).toBe(bytes.length);
    }
  });

  it('skips what is too long or not UTF-8, names it, and goes on', async () => {
    const chunks = [Buffer.from('aaaa'), Buffer.from('aaaa\nb\n'), Buffer.of(0xff, 0x0a, 0x63)];
    const lines = await collect(chunks, 6);
    expect(lines.map((line) => [line.number, line.text, line.problem])).toEqual([
      [1, '', 'longer than 6 bytes'],
      [2, 'b', undefined],
      [3, '', 'not UTF-8'],
      [4, 'c', undefined],
    ]);
  });
});

describe('bytes in JSON', () => {
  it('is text when it can be, base64 when not', () => {
    expect(jsonBytes('key', Buffer.from('ü'))).toEqual({ key: 'ü' });
    expect(jsonBytes('value', Buffer.of(0xff, 0))).toEqual({ value_b64: '/wA=' });
  });

  it('reads both, with or without padding', () => {
    expect(bytesOf({ key: '' }, 'key')).toEqual(Buffer.alloc(0));
    expect(bytesOf({ key_b64: '/wA=' }, 'key')).toEqual(Buffer.of(0xff, 0));
    expect(bytesOf({ key_b64: '/wA' }, 'key')).toEqual(Buffer.of(0xff, 0));
  });

  it.each([
    ['neither', {}],
    ['both', { key: 'a', key_b64: 'YQ==' }],
    ['a number', { key: 1 }],
    ['not base64', { key_b64: 'a*b' }],
    ['a lone surrogate', { key: '\ud800' }],
  ])('refuses %s', (_name, object) => {
    expect(() => bytesOf(object, 'key')).toThrow(LineError);
  });

  it.each(['', 'x', '[]', 'null', '"a"', '{"a":1'])('refuses the line %j', (line) => {
    expect(() => parseJsonObject(line)).toThrow(LineError);
  });

  it('checks integers and booleans', () => {
    expect(integerOf({ n: 3 }, 'n', 1)).toBe(3);
    expect(integerOf({}, 'n', 1)).toBeUndefined();
    expect(booleanOf({ b: false }, 'b')).toBe(false);
    for (const n of [0, 1.5, '3', 2 ** 60]) {
      expect(() => integerOf({ n }, 'n', 1)).toThrow(LineError);
    }
    expect(() => booleanOf({ b: 1 }, 'b')).toThrow(LineError);
  });
});
