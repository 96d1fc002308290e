import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RespKeysAhead } from '../../../src/resp/keys-ahead.ts';
import { FETCH_MAX } from '../../../src/storage/session.ts';

function command(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}

function keysIn(text: string, from = 0): string[] {
  const buffer = Buffer.from(text, 'latin1');
  const ahead = new RespKeysAhead();
  ahead.find(buffer, from);
  return Array.from({ length: ahead.count }, (_, index) => {
    const start = ahead.starts[index] as number;
    return buffer.toString('latin1', start, start + (ahead.lengths[index] as number));
  });
}

test('the keys of a pipeline, from the command at hand on', () => {
  const first = command('GET', 'one');
  const text = first + command('SET', 'two', 'x'.repeat(300)) + command('INCR', 'three');
  expect(keysIn(text)).toEqual(['one', 'two', 'three']);
  expect(keysIn(text, first.length)).toEqual(['two', 'three']);
});

test('as many as are fetched at once', () => {
  const text = Array.from({ length: FETCH_MAX + 1 }, (_, index) => command('GET', `${index}`));
  const keys = keysIn(text.join(''));
  expect(keys).toHaveLength(FETCH_MAX);
  expect(keys.at(-1)).toBe(String(FETCH_MAX - 1));
});

test('it ends at what is cut, or is not understood', () => {
  const known = command('GET', 'one');
  expect(keysIn(known + command('GET', 'two').slice(0, -4))).toEqual(['one']);
  expect(keysIn(`${known}*2\r\n$3\r\nGET\r\n$3`)).toEqual(['one']);
  // a value that is cut leaves a key
  expect(keysIn(known + command('SET', 'two', 'value').slice(0, -4))).toEqual(['one', 'two']);
  for (const strange of [
    'PING\r\n',
    command('PING'),
    '*-1\r\n',
    '*2\r\n:1\r\n',
    command('GET', ''),
  ]) {
    expect(keysIn(known + strange + command('GET', 'never'))).toEqual(['one']);
  }
  const many = command('MGET', ...'abcdefghi');
  expect(keysIn(known + many)).toEqual(['one']);
});

test('whatever is there, keys lie within it', () => {
  const piece = fc.constantFrom(
    '*2\r\n',
    '$3\r\n',
    'GET\r\n',
    '$99999999999\r\n',
    '$',
    '*',
    '3',
    '\r\n',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const buffer = Buffer.from(pieces.join(''));
      const ahead = new RespKeysAhead();
      ahead.find(buffer, 0);
      for (let index = 0; index < ahead.count; index++) {
        const end = (ahead.starts[index] as number) + (ahead.lengths[index] as number);
        expect(end).toBeLessThanOrEqual(buffer.length);
      }
    }),
  );
});
