/** Each status that a client may meet, as a problem over the wire. */

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { CaskError } from '../../../src/errors/cask-error.ts';
import type { ErrorCode } from '../../../src/errors/error-codes.ts';
import { type HttpFixture, openFixture } from './http-fixture.ts';

let fixture: HttpFixture;
/** What the store refuses writes with. */
let failure: CaskError | undefined;

beforeAll(async () => {
  fixture = await openFixture({ maxBodyBytes: 1000 });
  const open = fixture.store.openSession.bind(fixture.store);
  fixture.store.openSession = (sink) => {
    const session = open(sink);
    const put = session.put.bind(session);
    return Object.assign(session, {
      put: (...args: Parameters<typeof put>): void => {
        if (failure === undefined) put(...args);
        else sink.onError(args.at(-1) as number, failure);
      },
    });
  };
  fixture.http.serving({ store: fixture.store, server: fixture.server });
});

beforeEach(() => {
  failure = undefined;
  fixture.store.put('k', Buffer.from('v'));
});

afterAll(() => fixture[Symbol.asyncDispose]());

const JSON_TYPE = { 'content-type': 'application/json' };

test.each([
  [400, 'GET', '/v1/kv?limit=x', {}, undefined],
  [400, 'PUT', '/v1/kv/k', JSON_TYPE, '{'],
  [403, 'PUT', '/v1/kv/k', { origin: 'http://evil.example' }, 'v'],
  [404, 'GET', '/v1/kv/none', {}, undefined],
  [404, 'GET', '/v1/nowhere', {}, undefined],
  [405, 'POST', '/v1/kv/k', {}, undefined],
  [412, 'PUT', '/v1/kv/k', { 'if-match': '"99"' }, 'v'],
  [413, 'PUT', '/v1/kv/k', {}, 'x'.repeat(1001)],
  [415, 'PUT', '/v1/kv/k', { 'content-type': 'application/xml' }, '<v/>'],
  [422, 'PUT', '/v1/kv/k', JSON_TYPE, '{"valeu":1}'],
  [422, 'POST', '/v1/kv:batchGet', JSON_TYPE, '{"keys_b64":["*"]}'],
])('%i: %s %s', async (status, method, path, headers, body) => {
  const bytes = body === undefined ? {} : { body: Buffer.from(body) };
  await expectProblem(await fetch(fixture.url + path, { method, headers, ...bytes }), status);
});

test.each<[number, ErrorCode, string | null]>([
  [409, 'MERGE_RUNNING', null],
  [412, 'CONFLICT', null],
  [500, 'IO_ERROR', null],
  [503, 'BUSY', '1'],
  [503, 'NOT_APPLIED', '1'],
  [504, 'TIMEOUT', null],
  [507, 'NO_SPACE', null],
  [507, 'READ_ONLY', null],
  [507, 'KEYDIR_FULL', null],
])('%i when the store says %s', async (status, code, retryAfter) => {
  failure = new CaskError(code, 'it is so');
  const response = await fetch(`${fixture.url}/v1/kv/k`, { method: 'PUT', body: Buffer.from('v') });
  expect(response.headers.get('retry-after')).toBe(retryAfter);
  expect(await expectProblem(response, status)).toMatchObject({ code, detail: 'it is so' });
});

/** RFC 9457. */
async function expectProblem(response: Response, status: number): Promise<unknown> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(response.headers.get('x-request-id')).toMatch(/./);
  const problem: unknown = await response.json();
  expect(problem).toMatchObject({
    type: expect.stringMatching(/^urn:caskd:error:[A-Z_]+$/),
    title: expect.stringMatching(/./),
    status,
    detail: expect.stringMatching(/./),
    retryable: expect.any(Boolean),
  });
  return problem;
}
