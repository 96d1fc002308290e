import { afterEach, beforeEach, expect, test } from 'vitest';
import { type HttpFixture, openFixture } from './http-fixture.ts';

let fixture: HttpFixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(() => fixture[Symbol.asyncDispose]());

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(fixture.url + path, { headers });
}

test('the page, and nothing in it that its policy would have to allow', async () => {
  const response = await get('/');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('x-frame-options')).toBe('DENY');
  const policy = response.headers.get('content-security-policy');
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
  expect(policy).not.toMatch(/https?:|\*/);
  const page = await response.text();
  expect(page).not.toMatch(/<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc="\/console\/)/);
});

test('all that the page and its scripts name is there, of the right type', async () => {
  const types: Record<string, string> = {
    css: 'text/css; charset=utf-8',
    js: 'text/javascript; charset=utf-8',
    ts: 'text/javascript; charset=utf-8',
    svg: 'image/svg+xml',
  };
  const names = new Set<string>();
  const follow = async (path: string): Promise<void> => {
    if (names.has(path)) return;
    names.add(path);
    const response = await get(path);
    expect([path, response.status]).toEqual([path, 200]);
    const extension = path.split('.').at(-1) ?? '';
    if (path !== '/') expect(response.headers.get('content-type')).toBe(types[extension]);
    const text = await response.text();
    if (path.includes('uplot')) return;
    const linked = text.matchAll(/(?:src|href)="(\/[^"]*)"|from '(\.\/[^']+)'/g);
    for (const [, absolute, relative] of linked) {
      await follow(new URL(absolute ?? relative ?? '', `http://host${path}`).pathname);
    }
  };
  await follow('/');
  expect([...names]).toEqual(
    expect.arrayContaining(['/console/main.js', '/console/uplot.js', '/console/style.css']),
  );
  expect(names.size).toBeGreaterThan(30);
});

test('what the browser has is not sent again', async () => {
  const first = await get('/console/main.js');
  const etag = first.headers.get('etag') ?? '';
  expect(etag).toMatch(/^"[\w-]{22}"$/);
  expect(first.headers.get('cache-control')).toBe('no-cache');
  const second = await get('/console/main.js', { 'if-none-match': `"other", W/${etag}` });
  expect(second.status).toBe(304);
  expect(await second.text()).toBe('');
  expect((await get('/console/main.js', { 'if-none-match': '"other"' })).status).toBe(200);
});

test.for(['nothing.js', '..%2fpackage.json', 'tsconfig.json', 'main.d.ts', '%2e%2e%2fhttp'])(
  'no other file: %s',
  async (name) => {
    const response = await get(`/console/${name}`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'UNKNOWN_OPERATION' });
  },
);

test('the page is told of before the store is open', async () => {
  expect((await get('/v1/stats')).status).toBe(503);
  expect((await get('/')).status).toBe(200);
});
