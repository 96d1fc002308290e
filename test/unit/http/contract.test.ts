/**
 * The OpenAPI document against the listener: whatever is asked, the answer has a status that the
 * document names for it, and a body as it describes.
 */

import fc from 'fast-check';
import { Compile } from 'typebox/schema';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonSchema } from '../../../src/http/schema/json-schema.ts';
import { type HttpFixture, openFixture } from './http-fixture.ts';
import { arbitraryOf, mostlyOf } from './schema-arbitrary.ts';

const RUNS = Number(process.env['CASKD_CONTRACT_RUNS'] ?? 25);

interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path' | 'header';
  readonly required: boolean;
  readonly schema: JsonSchema;
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

interface Request {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

const operations = await readOperations();
let fixture: HttpFixture;

beforeAll(async () => {
  fixture = await openFixture();
  fixture.http.serving({ store: fixture.store, server: fixture.server });
});

afterAll(() => fixture[Symbol.asyncDispose]());

async function readOperations(): Promise<Operation[]> {
  await using document = await openFixture();
  const response = await fetch(`${document.url}/openapi.json`);
  const { paths } = (await response.json()) as { paths: Record<string, Record<string, Operation>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method, path })),
  );
}

/** Few keys, so that requests meet; and any. */
const KEYS = fc.oneof(
  fc.constantFrom('a', 'b', 'c'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 10 }),
);
const TAGS = fc.constantFrom('*', '"1"', '"2"', 'W/"3"', 'x');

function parameterOf({ name, schema }: Parameter): fc.Arbitrary<unknown> {
  if (['key', 'start', 'end', 'prefix'].includes(name)) return KEYS;
  if (name === 'id') return fc.constantFrom('1', '2', '99', 'x');
  if (name.startsWith('if-')) return TAGS;
  return fc.oneof({ arbitrary: arbitraryOf(schema), weight: 4 }, fc.constantFrom('x', '-1', ''));
}

function requestOf({ path, parameters = [], requestBody }: Operation): fc.Arbitrary<Request> {
  const given = (place: Parameter['in'], requiredKeys: string[]) => {
    const here = parameters.filter((parameter) => parameter.in === place);
    const model = Object.fromEntries(here.map((one) => [one.name, parameterOf(one)]));
    return fc.record(model, { requiredKeys });
  };
  const inPath = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
  const accepts = ['*/*', 'application/json', 'application/x-ndjson', 'text/html'];
  return fc
    .tuple(
      given('path', inPath),
      given('query', []),
      given('header', []),
      fc.constantFrom(...accepts),
      bodyOf(requestBody?.content),
    )
    .map(([names, query, headers, accept, [type, body]]) => {
      const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(`${names[name]}`));
      const pairs = Object.entries(query).map(([name, value]) => [name, `${value}`]);
      const typed = type === undefined ? {} : { 'content-type': type };
      return {
        url: `${filled}?${new URLSearchParams(pairs)}`,
        headers: { ...(headers as Record<string, string>), accept, ...typed },
        body,
      };
    });
}

type Body = readonly [type: string | undefined, body: Uint8Array<ArrayBuffer> | undefined];

function bodyOf(content: Content | undefined): fc.Arbitrary<Body> {
  if (content === undefined) return fc.constant([undefined, undefined] as const);
  const bodies = Object.entries(content).map(([type, { schema }]) =>
    type === 'application/json'
      ? mostlyOf(schema).map((body) => [type, bytesOf(JSON.stringify(body))] as const)
      : fc.uint8Array({ maxLength: 50 }).map((body) => [type, new Uint8Array(body)] as const),
  );
  const wrong = fc.constant(['application/xml', bytesOf('<x/>')] as const);
  return fc.oneof({ arbitrary: fc.oneof(...bodies), weight: 9 }, { arbitrary: wrong, weight: 1 });
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text));
}

async function check({ method, responses }: Operation, request: Request): Promise<void> {
  const { url, headers, body } = request;
  const init = { method: method.toUpperCase(), headers };
  const target = fixture.url + url;
  const response = await fetch(target, body === undefined ? init : { ...init, body });
  const text = await response.text();
  const declared = responses[response.status];
  expect(declared, `status ${response.status}: ${text}`).toBeDefined();
  expect(response.status, text).not.toBe(500);
  // what is declared of HEAD is what GET would have told
  if (method === 'head' || declared?.content === undefined) {
    expect(text).toBe('');
    return;
  }
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
  const described = declared.content[type];
  expect(described, `type ${type}`).toBeDefined();
  if (type === 'application/x-ndjson') {
    for (const line of text.split('\n').slice(0, -1)) expect(JSON.parse(line)).toBeTypeOf('object');
    return;
  }
  if (!type.endsWith('json')) return;
  const checker = Compile(described?.schema as Parameters<typeof Compile>[0]);
  const told: unknown = JSON.parse(text);
  if (!checker.Check(told)) expect.fail(`${text}: ${JSON.stringify(checker.Errors(told)[1])}`);
}

describe.each(operations)('$method $path', (operation) => {
  test('answers as the document says', async () => {
    const property = fc.asyncProperty(requestOf(operation), async (request) => {
      // something to meet: what others did before may have deleted it
      fixture.store.put('a', Buffer.from('{"n": 1}'));
      fixture.store.put('b', Buffer.from([255]));
      await check(operation, request);
    });
    await fc.assert(property, { numRuns: RUNS });
  });
});

test('the document has every route but its own page and the console', () => {
  expect(operations.length).toBeGreaterThan(20);
  for (const { responses } of operations) expect(Object.keys(responses).length).toBeGreaterThan(2);
  const pathsOf = (wanted: string): string[] =>
    operations.filter(({ method }) => method === wanted).map(({ path }) => path);
  expect(pathsOf('head')).toEqual(pathsOf('get'));
});
