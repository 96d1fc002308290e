import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf } from '../../../src/console/byte-text.ts';
import {
  type KeyPage,
  keyText,
  type Level,
  type Position,
  readLevel,
} from '../../../src/console/key-entries.ts';

const COLON = 0x3a;

/** A daemon with these keys, and how often it was asked. */
function listing(keys: readonly string[], pageKeys: number) {
  const sorted = keys.map((key) => Buffer.from(key)).sort(Buffer.compare);
  let asked = 0;
  return {
    asked: () => asked,
    list:
      (prefix: string) =>
      async (start: Position | undefined): Promise<KeyPage> => {
        asked += 1;
        const rest = sorted.filter((key) => {
          if (!key.subarray(0, prefix.length).equals(Buffer.from(prefix))) return false;
          if (start === undefined) return true;
          const order = Buffer.compare(key, start.from);
          return start.inclusive ? order >= 0 : order > 0;
        });
        const rows = rest.slice(0, pageKeys).map((key) => ({ key: new Uint8Array(key), bytes: 1 }));
        return { rows, hasMore: rest.length > pageKeys };
      },
  };
}

function told({ entries }: Level): string[] {
  return entries.map((entry) =>
    entry.kind === 'key'
      ? keyText(entry.row.key)
      : `${keyText(entry.prefix)} ${entry.keys}${entry.isAll ? '' : '+'}`,
  );
}

describe('readLevel', () => {
  const keys = ['a', 'city:bern', 'city:bonn', 'city:', 'z'];

  test('shows what lies deeper as one entry', async () => {
    const { list } = listing(keys, 100);
    const at = { separator: COLON, start: undefined };
    expect(told(await readLevel({ ...at, prefix: bytesOf('') }, list('')))).toEqual([
      'a',
      'city:',
      'city: 2',
      'z',
    ]);
    expect(told(await readLevel({ ...at, prefix: bytesOf('city:') }, list('city:')))).toEqual([
      'city:',
      'city:bern',
      'city:bonn',
    ]);
  });

  test('shows all where there is no separator', async () => {
    const { list } = listing(keys, 100);
    const level = { prefix: bytesOf('ci'), separator: undefined, start: undefined };
    expect(told(await readLevel(level, list('ci')))).toEqual(['city:', 'city:bern', 'city:bonn']);
  });

  test('skips the rest of a group that is longer than a page', async () => {
    const many = Array.from({ length: 5000 }, (_, index) => `many:${index}`);
    const { list, asked } = listing([...many, 'a', 'z'], 100);
    const level = { prefix: bytesOf(''), separator: COLON, start: undefined };
    expect(told(await readLevel(level, list('')))).toEqual(['a', 'many: 99+', 'z']);
    expect(asked()).toBe(2);
  });

  test('page after page, every key and group is shown once', async () => {
    const key = fc.string({
      unit: fc.constantFrom('a', 'b', ':', ';'),
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        async (all, pageKeys) => {
          const { list } = listing(all, pageKeys);
          const shown: string[] = [];
          let start: Position | undefined;
          do {
            const level = await readLevel(
              { prefix: bytesOf(''), separator: COLON, start },
              list(''),
            );
            shown.push(...told(level).map((one) => one.replace(/ \d+\+?$/, ' …')));
            start = level.next;
          } while (start !== undefined);
          const wanted = all.map((one) => {
            const colon = one.indexOf(':');
            return colon < 0 || colon === one.length - 1 ? one : `${one.slice(0, colon + 1)} …`;
          });
          expect(shown.toSorted()).toEqual([...new Set(wanted)].toSorted());
        },
      ),
    );
  });
});

test('a key that is no text is told by its bytes', () => {
  expect(keyText(Uint8Array.of(0, 255))).toBe('0x00ff');
});
