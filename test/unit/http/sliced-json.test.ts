/** JSON in slices means what JSON.parse says it means, and is bounded. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CaskError } from '../../../src/errors/cask-error.ts';
import {
  JSON_PIECE_BYTES_MAX,
  JsonText,
  parseInSlices,
} from '../../../src/http/json/sliced-json.ts';

const MANY = 1000;

/** With the texts of values read. */
async function meaningOf(text: string): Promise<unknown> {
  const read = (value: unknown): unknown =>
    value instanceof JsonText ? JSON.parse(value.bytes.toString()) : value;
  const whole = await parseInSlices(Buffer.from(text), MANY);
  const members = (one: unknown): unknown => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).map(([name, value]) => [name, read(value)]));
  };
  if (Array.isArray(whole)) return whole.map(members);
  if (typeof whole !== 'object' || whole === null) return whole;
  return Object.fromEntries(
    Object.entries(members(whole) as object).map(([name, value]) => [
      name,
      Array.isArray(value) && name !== 'value' ? value.map(members) : value,
    ]),
  );
}

async function isRefused(text: string): Promise<boolean> {
  try {
    await parseInSlices(Buffer.from(text), MANY);
    return false;
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(CaskError);
    return true;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const NAMES = fc.oneof(fc.constantFrom('value', 'items', 'key', '__proto__'), fc.string());
const DOCUMENTS = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.dictionary(NAMES, fc.jsonValue({ maxDepth: 3 })),
  fc.array(fc.dictionary(NAMES, fc.jsonValue({ maxDepth: 2 }))),
);

test('any JSON, with any white space', async () => {
  const property = fc.asyncProperty(
    DOCUMENTS,
    fc.constantFrom(0, 1, '\t'),
    async (value, space) => {
      const text = ` ${JSON.stringify(value, undefined, space)}\r\n`;
      expect(await meaningOf(text)).toEqual(JSON.parse(text));
    },
  );
  await fc.assert(property, { numRuns: 300 });
});

test('what is no JSON is refused, whatever was done to it', async () => {
  const damaged = fc
    .tuple(DOCUMENTS, fc.nat(), fc.nat(2), fc.constantFrom('', '"', '{', ']', ',', ':', '\\', 'x'))
    .map(([value, at, cut, put]) => {
      const text = JSON.stringify(value);
      const place = at % (text.length + 1);
      return text.slice(0, place) + put + text.slice(place + cut);
    });
  const property = fc.asyncProperty(damaged, async (text) => {
    expect(await isRefused(text)).toBe(!isJson(text));
  });
  await fc.assert(property, { numRuns: 500 });
});

test.each([
  ...['', ' ', '[', '[1', '[1,', '[1,]', '[,1]', '{"a"', '{"a":', '{"a":1,}', '{a:1}', '{"a" 1}'],
  ...['[1 2]', '1 2', '[1]]', '{"a":[1}', '["\\"]', '{"value":}', 'nul', '[{]}'],
])('%j is refused', async (text) => {
  expect(await isRefused(text)).toBe(true);
});

describe('a value', () => {
  test.each([
    ['{"value": 12345678901234567890}', '12345678901234567890'],
    ['{"value":[1, 1e400 ] }', '[1, 1e400 ]'],
    ['{"value":1,"value":2}', '2'],
    ['{"v\\u0061lue":-0}', '-0'],
    ['{"key":"}\\"","value":"a\\\\"}', '"a\\\\"'],
  ])('of %s is its text', async (text, kept) => {
    for (const [whole, find] of [
      [text, (read: unknown) => read],
      [`[0,${text}]`, (read: unknown) => (read as unknown[])[1]],
      [`{"items":[${text}]}`, (read: unknown) => (read as { items: unknown[] }).items[0]],
    ] as const) {
      const read = find(await parseInSlices(Buffer.from(whole), MANY)) as { value: JsonText };
      expect(read.value.bytes.toString()).toBe(kept);
    }
  });
});

test('a piece is bounded, and so is the number of items', async () => {
  const most = JSON.stringify('x'.repeat(JSON_PIECE_BYTES_MAX - 2));
  expect(await isRefused(`[${most},${most}]`)).toBe(false);
  for (const longer of [most.replace('x', 'xx'), `[${'1,'.repeat(200_000)}1]`]) {
    expect(await isRefused(`[0,${longer}]`)).toBe(true);
    expect(await isRefused(`{"a":0,"value":${longer}}`)).toBe(true);
  }
  expect(await isRefused(`{${most.replaceAll('x', 'xx')}:1}`)).toBe(true);
  const items = (count: number): Buffer => Buffer.from(JSON.stringify(Array(count).fill(0)));
  expect(await parseInSlices(items(MANY), MANY)).toHaveLength(MANY);
  const tooMany = parseInSlices(items(MANY + 1), MANY);
  await expect(tooMany).rejects.toMatchObject({ code: 'BATCH_TOO_LARGE' });
});

test('others have turns while a long one is read', async () => {
  const items = Array.from({ length: 50_000 }, (_, index) => ({ key: `k${index}`, value: index }));
  let turns = 0;
  const count = setInterval(() => {
    turns += 1;
  }, 0);
  const read = await parseInSlices(Buffer.from(JSON.stringify({ items })), items.length);
  clearInterval(count);
  expect((read as { items: unknown[] }).items).toHaveLength(items.length);
  expect(turns).toBeGreaterThan(2);
});
