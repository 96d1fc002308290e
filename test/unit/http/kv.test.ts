/** Keys and values over HTTP: entries, conditions, forms of values, ranges, batches, earlier paths. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HttpFixture, openFixture } from './http-fixture.ts';

let fixture: HttpFixture;

beforeEach(async () => {
  fixture = await openFixture();
  fixture.http.serving({ store: fixture.store, server: fixture.server });
});

afterEach(() => fixture[Symbol.asyncDispose]());

type Headers = Record<string, string>;
const JSON_HEADERS = { 'content-type': 'application/json' };
const WANTS_JSON = { accept: 'application/json' };

function ask(
  method: string,
  path: string,
  headers: Headers = {},
  body?: string | Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const init = { method, headers, redirect: 'manual' } as const;
  return fetch(fixture.url + path, body === undefined ? init : { ...init, body });
}

async function json(response: Promise<Response>): Promise<Record<string, unknown>> {
  return (await response).json() as Promise<Record<string, unknown>>;
}

async function status(response: Promise<Response>): Promise<number> {
  const { status: code, body } = await response;
  await body?.cancel();
  return code;
}

function putText(key: string, value: string, headers: Headers = {}): Promise<Response> {
  return ask('PUT', `/v1/kv/${key}`, { 'content-type': 'text/plain', ...headers }, value);
}

describe('an entry', () => {
  test('is written, read, written again and deleted', async () => {
    const created = await putText('city', 'Bern');
    expect(created.status).toBe(201);
    expect(created.headers.get('etag')).toBe('"1"');
    expect(await created.json()).toEqual({
      key: 'city',
      value: 'Bern',
      value_bytes: 4,
      version: 1,
      revision: 1,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      updated_at: expect.stringMatching(/Z$/),
      expires_at: null,
    });
    const read = await ask('GET', '/v1/kv/city');
    expect(read.headers.get('content-type')).toBe('application/octet-stream');
    expect(read.headers.get('etag')).toBe('"1"');
    expect(read.headers.get('last-modified')).toMatch(/GMT$/);
    expect(await read.text()).toBe('Bern');
    expect(await status(putText('city', 'Basel'))).toBe(200);
    expect(await status(ask('DELETE', '/v1/kv/city'))).toBe(204);
    expect(await status(ask('DELETE', '/v1/kv/city'))).toBe(404);
    expect(await json(ask('GET', '/v1/kv/city'))).toMatchObject({ code: 'NOT_FOUND', status: 404 });
  });

  test('HEAD is GET without the value', async () => {
    await putText('k', 'four');
    const head = await ask('HEAD', '/v1/kv/k');
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      ...[200, '4', ''],
    ]);
    expect(await status(ask('HEAD', '/v1/kv/none'))).toBe(404);
  });

  test.each([
    ['a%20b', 'a b'],
    ['a/b/', 'a/b/'],
    ['a%2Fb', 'a/b'],
    ['%C3%A4', '\xc3\xa4'],
    ['%ff%00', '\xff\0'],
    ['a+b', 'a+b'],
    ['%2B%25', '+%'],
    ['-', '-'],
  ])('a key in a path, %s, is bytes', async (path, key) => {
    await putText(path, 'v');
    expect([...fixture.store.entries.keys()]).toEqual([key]);
    expect(await status(ask('GET', `/v1/kv/${path}`))).toBe(200);
  });

  test('a key that is not percent-encoded is refused', async () => {
    expect(await status(ask('GET', '/v1/kv/a%2'))).toBe(400);
    expect(await status(ask('GET', '/v1/kv/a%zz'))).toBe(400);
    expect(await status(ask('GET', '/v1/kv?prefix=%f'))).toBe(400);
  });

  test('bytes without a type are taken, as curl sends files', async () => {
    expect(await status(ask('PUT', '/v1/kv/k', {}, new Uint8Array([1, 255])))).toBe(201);
    expect([...(fixture.store.entries.get('k')?.value ?? [])]).toEqual([1, 255]);
    expect(await status(ask('PUT', '/v1/kv/empty'))).toBe(201);
    expect(fixture.store.entries.get('empty')?.value.length).toBe(0);
  });

  test('a form is refused, and what to do is said', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const problem = await json(ask('PUT', '/v1/kv/k', headers, 'hello'));
    expect(problem).toMatchObject({ status: 415, detail: expect.stringContaining('octet-stream') });
  });

  test('a long value is not repeated to who sent it', async () => {
    const answer = await json(putText('k', 'x'.repeat(65_537)));
    expect(answer).toMatchObject({ value_bytes: 65_537, version: 1 });
    expect(answer).not.toHaveProperty('value');
  });
});

describe('a condition', () => {
  test.each([
    ['If-Match of the revision', { 'if-match': '"1"' }, 200],
    ['If-Match of another', { 'if-match': '"7"' }, 412],
    ['If-Match of a tag that is none of ours', { 'if-match': '"x"' }, 412],
    ['a weak tag', { 'if-match': 'W/"1"' }, 412],
    ['two tags', { 'if-match': '"1", "2"' }, 400],
    ['If-None-Match of a tag', { 'if-none-match': '"1"' }, 400],
    ['both', { 'if-match': '"1"', 'if-none-match': '*' }, 400],
  ])('%s', async (_, headers, expected) => {
    await putText('k', 'v');
    expect(await status(putText('k', 'w', headers as Headers))).toBe(expected);
    const isWritten = fixture.store.entries.get('k')?.value.toString() === 'w';
    expect(isWritten).toBe(expected === 200);
  });

  test('of a read: 304 for who has it', async () => {
    await putText('k', 'v');
    const modified = (await ask('GET', '/v1/kv/k')).headers.get('last-modified') ?? '';
    for (const [headers, expected] of [
      [{ 'if-none-match': '"1"' }, 304],
      [{ 'if-none-match': '"9", W/"1"' }, 304],
      [{ 'if-none-match': '*' }, 304],
      [{ 'if-none-match': '"2"' }, 200],
      [{ 'if-modified-since': modified }, 304],
      [{ 'if-modified-since': new Date(0).toUTCString() }, 200],
      [{ 'if-modified-since': 'nonsense' }, 200],
      [{ 'if-none-match': '"2"', 'if-modified-since': modified }, 200],
    ] as [Headers, number][]) {
      expect(await status(ask('GET', '/v1/kv/k', headers))).toBe(expected);
    }
  });
});

describe('a value', () => {
  test.each([
    ['"text"', '"text"'],
    ['{"a":[1,null]}', '{"a":[1,null]}'],
    ['12345678901234567890', '12345678901234567890'],
    ['1e400', '1e400'],
    ['-0', '-0'],
    ['null', 'null'],
  ])('of JSON, %s, is kept as JSON, with the same numbers', async (given, kept) => {
    const body = `{"value": ${given}}`;
    const written = await (await ask('PUT', '/v1/kv/k', JSON_HEADERS, body)).text();
    expect(written).toContain(`"value":${kept},`);
    expect(fixture.store.entries.get('k')?.value.toString()).toBe(kept);
    const read = await (await ask('GET', '/v1/kv/k', WANTS_JSON)).text();
    expect(read).toContain(`"value":${kept},`);
  });

  test.each([
    ['JSON', '{"a": 1}', { value: { a: 1 } }],
    ['JSON over lines', '[1,\r\n2]', { value: [1, 2] }],
    ['text', 'just text', { value: 'just text' }],
    ['text that begins like JSON', '{not JSON', { value: '{not JSON' }],
    ['nothing', '', { value: '' }],
    ['bytes', '\xff\xfe', { value_b64: '//4=' }],
  ])('of bytes that are %s is told as what it is', async (_, bytes, told) => {
    fixture.store.put('k', Buffer.from(bytes, 'latin1'));
    const entry = await json(ask('GET', '/v1/kv/k', WANTS_JSON));
    expect(entry).toMatchObject(told);
  });

  test('in base64 is bytes', async () => {
    expect(await status(ask('PUT', '/v1/kv/k', JSON_HEADERS, '{"value_b64":"//4="}'))).toBe(201);
    expect([...(fixture.store.entries.get('k')?.value ?? [])]).toEqual([255, 254]);
  });

  test.each([
    ['{}', 422],
    ['{"value":1,"value_b64":"AA=="}', 422],
    ['{"value_b64":"*"}', 422],
    ['{"vlaue":1}', 422],
    ['5', 422],
    ['{', 400],
    ['', 400],
  ])('of %s is refused: %i', async (body, expected) => {
    expect(await status(ask('PUT', '/v1/kv/k', JSON_HEADERS, body))).toBe(expected);
    expect(fixture.store.entries.size).toBe(0);
  });

  test('of JSON that is long is refused, and told as base64 where it came as bytes', async () => {
    const most = 256 * 1024;
    const json256 = JSON.stringify('x'.repeat(most - 2));
    const body = `{"value":${json256}}`;
    expect(await status(ask('PUT', '/v1/kv/k', JSON_HEADERS, body))).toBe(201);
    expect(await json(ask('GET', '/v1/kv/k', WANTS_JSON))).toHaveProperty('value');
    const problem = await json(ask('PUT', '/v1/kv/k', JSON_HEADERS, body.replace('x', 'xx')));
    expect(problem).toMatchObject({ status: 413, detail: expect.stringContaining('octet-stream') });
    await putText('long', `${json256} `);
    const { value, value_b64: encoded } = await json(ask('GET', '/v1/kv/long', WANTS_JSON));
    expect([value, Buffer.from(`${encoded}`, 'base64').length]).toEqual([undefined, most + 1]);
  });

  test('a browser that someone looks at gets JSON', async () => {
    await putText('k', '<script>');
    const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    const page = await ask('GET', '/v1/kv/k', { accept });
    expect(page.headers.get('content-type')).toMatch(/^application\/json/);
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    for (const bytes of ['*/*', 'application/octet-stream', 'text/plain, application/json;q=0.5']) {
      expect(await (await ask('GET', '/v1/kv/k', { accept: bytes })).text()).toBe('<script>');
    }
  });
});

function fillRange(): void {
  for (let index = 0; index < 60; index++) {
    fixture.store.put(`k${String(index).padStart(2, '0')}`, Buffer.from(`${index}`));
  }
  fixture.store.put('\xff', Buffer.from('last'));
}

describe('a range', () => {
  beforeEach(fillRange);

  async function page(query: string): Promise<{ keys: unknown[]; rest: Record<string, unknown> }> {
    const { results, ...rest } = await json(ask('GET', `/v1/kv?${query}`));
    const keys = (results as Record<string, unknown>[]).map(({ key, key_b64 }) => key ?? key_b64);
    return { keys, rest };
  }

  test('page by page, none twice and none left out', async () => {
    const all: unknown[] = [];
    let cursor = '';
    for (;;) {
      const { keys, rest } = await page(`limit=7${cursor}`);
      all.push(...keys);
      expect(rest['count']).toBe(keys.length);
      if (rest['has_more'] !== true) {
        expect(rest['next_cursor']).toBeNull();
        break;
      }
      cursor = `&cursor=${rest['next_cursor']}`;
    }
    expect(all).toHaveLength(61);
    expect(new Set(all).size).toBe(61);
    expect(all.at(-1)).toBe('/w==');
  });

  test('bounds are bytes; the end is exclusive', async () => {
    expect((await page('start=k05&end=k08')).keys).toEqual(['k05', 'k06', 'k07']);
    expect((await page('prefix=k1&limit=2&reverse')).keys).toEqual(['k19', 'k18']);
    expect((await page('prefix=%ff')).keys).toEqual(['/w==']);
  });

  test('a limit above the greatest is clamped, and that is said', async () => {
    const { keys, rest } = await page('limit=1000');
    expect(keys).toHaveLength(50);
    expect(rest).toMatchObject({ limit: 50, limit_clamped: true, has_more: true });
    expect((await page('limit=50')).rest).toMatchObject({ limit: 50, limit_clamped: false });
  });

  test('keys only', async () => {
    const { results } = await json(ask('GET', '/v1/kv?limit=1&keys_only=true'));
    expect(results).toEqual([
      {
        key: 'k00',
        value_bytes: 1,
        version: 1,
        revision: 1,
        created_at: expect.any(String),
        expires_at: null,
      },
    ]);
  });

  test.each(['limit=0', 'limit=x', 'limit=-1', 'reverse=maybe', 'cursor=*', 'nonsense=1'])(
    '%s is refused',
    async (query) => {
      expect(await status(ask('GET', `/v1/kv?${query}`))).toBe(400);
    },
  );

  test('as lines, all of it or so many', async () => {
    const accept = 'application/x-ndjson';
    for (const [query, expected] of [
      ['', 61],
      ['?limit=55', 55],
      ['?prefix=k1', 10],
      ['?prefix=none', 0],
    ] as const) {
      const response = await ask('GET', `/v1/kv${query}`, { accept });
      expect(response.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
      const lines = (await response.text()).split('\n');
      expect(lines.pop()).toBe('');
      expect(lines.map((line) => JSON.parse(line))).toHaveLength(expected);
    }
  });
});

describe('deleting a range', () => {
  beforeEach(fillRange);

  test('is a job', async () => {
    const response = await ask('DELETE', '/v1/kv?prefix=k');
    expect([response.status, response.headers.get('location')]).toEqual([202, '/v1/jobs/1']);
    await expect
      .poll(() => json(ask('GET', '/v1/jobs/1')))
      .toMatchObject({ state: 'done', result: { deleted: 60 } });
    expect(await status(ask('DELETE', '/v1/kv'))).toBe(400);
    expect(await status(ask('DELETE', '/v1/kv?prefix='))).toBe(400);
    expect(await status(ask('DELETE', '/v1/kv?all=true'))).toBe(202);
    await expect.poll(() => fixture.store.entries.size).toBe(0);
  });

  test('is stopped', async () => {
    let open: () => void = () => {};
    fixture.store.deleteGate = new Promise((resolve) => {
      open = resolve;
    });
    await ask('DELETE', '/v1/kv?prefix=k');
    const stopped = await ask('DELETE', '/v1/jobs/1');
    expect([stopped.status, await stopped.json()]).toMatchObject([202, { state: 'cancelling' }]);
    open();
    await expect.poll(() => json(ask('GET', '/v1/jobs/1'))).toMatchObject({ state: 'cancelled' });
    expect(await status(ask('DELETE', '/v1/jobs/1'))).toBe(200);
    expect(fixture.store.entries.size).toBe(61);
  });
});

describe('a batch', () => {
  const post = (path: string, body: unknown): Promise<Response> =>
    ask('POST', path, JSON_HEADERS, JSON.stringify(body));

  test('writes and deletes', async () => {
    await putText('old', 'v');
    const items = [
      { key: 'a', value: { n: 1 } },
      { op: 'put', key_b64: '/w==', value_b64: 'AA==', ttl_ms: 1000, if_absent: true },
      { op: 'delete', key: 'old', if_revision: 1 },
      { op: 'delete', key: 'none' },
    ];
    expect(await json(post('/v1/kv:batch', { items }))).toEqual({
      items: [
        { op: 'put', key: 'a', revision: 2, version: 1 },
        { op: 'put', key_b64: '/w==', revision: 3, version: 1 },
        { op: 'delete', key: 'old', revision: 4, version: null },
        { op: 'delete', key: 'none', revision: null, version: null },
      ],
    });
    expect(fixture.store.entries.get('a')?.value.toString()).toBe('{"n":1}');
  });

  test.each([
    [{ items: [{ key: 'a' }] }, 422],
    [{ items: [{ value: 1 }] }, 422],
    [{ items: [{ op: 'rename', key: 'a' }] }, 422],
    [{ items: Array(101).fill({ key: 'a', value: 1 }) }, 413],
    [{}, 422],
  ])('%j is refused, whole', async (body, expected) => {
    expect(await status(post('/v1/kv:batch', body))).toBe(expected);
    expect(fixture.store.entries.size).toBe(0);
  });

  test('only JSON is taken, so that no page can send one without being asked', async () => {
    const headers = { 'content-type': 'text/plain' };
    expect(await status(ask('POST', '/v1/kv:batch', headers, '{"items":[]}'))).toBe(415);
  });

  test('of reads, in the order of the keys', async () => {
    await putText('a', '1');
    const found = await json(post('/v1/kv:batchGet', { keys: ['b', 'a'], keys_b64: ['YQ=='] }));
    expect(found).toMatchObject({
      count: 3,
      has_more: false,
      items: [
        { key: 'b', found: false },
        { key: 'a', found: true, value: 1 },
        { key: 'a', found: true },
      ],
    });
  });

  test('of reads that would be long says that there is more', async () => {
    fixture.store.put('a', Buffer.alloc(700_000, 'x'));
    fixture.store.put('b', Buffer.alloc(700_000, 'x'));
    const found = await json(post('/v1/kv:batchGet', { keys: ['a', 'b'] }));
    expect(found).toMatchObject({ count: 1, has_more: true });
  });
});

describe('the earlier paths', () => {
  test.each(['', '/'])('with %j at their end', async (slash) => {
    const path = `/kv-store/v1/kv/city${slash}`;
    expect(await status(ask('PUT', path, JSON_HEADERS, '{"value":"Bern"}'))).toBe(201);
    expect(await json(ask('GET', path))).toMatchObject({ key: 'city', value: 'Bern' });
    expect(await json(ask('GET', `/kv-store/v1/kv${slash}?limit=1`))).toMatchObject({ count: 1 });
    const items = '{"items":[{"key":"x","value":1}]}';
    const batch = await ask('POST', `/kv-store/v1/kv/batch${slash}`, JSON_HEADERS, items);
    expect(await batch.json()).toEqual([{ op: 'put', key: 'x', revision: 2, version: 1 }]);
    expect(await status(ask('GET', `/kv-store/v1/kv/batch${slash}`))).toBe(404);
    expect(await status(ask('DELETE', path))).toBe(204);
    for (const page of ['docs', 'redoc']) {
      const response = await ask('GET', `/kv-store/${page}${slash}`);
      expect([response.status, response.headers.get('location')]).toEqual([308, '/docs/']);
    }
    expect(await json(ask('GET', `/kv-store/schema${slash}`))).toMatchObject({ openapi: '3.1.0' });
  });
});

test('while the store loads, there is nothing to serve', async () => {
  await using loading = await openFixture();
  for (const [method, path] of [
    ['GET', '/v1/kv/k'],
    ['PUT', '/v1/kv/k'],
    ['GET', '/v1/kv'],
    ['GET', '/v1/jobs'],
    ['GET', '/v1/segments'],
  ]) {
    const response = await fetch(`${loading.url}${path}`, { method: method as string });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  }
});
