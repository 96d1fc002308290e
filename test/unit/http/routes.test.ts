import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { request, WireClient } from '../server/wire-client.ts';
import { type HttpFixture, openFixture } from './http-fixture.ts';

let fixture: HttpFixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(() => fixture[Symbol.asyncDispose]());

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(fixture.url + path, { headers });
}

async function problem(response: Response): Promise<object> {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const { status, ...rest } = (await response.json()) as { status: number };
  expect(status).toBe(response.status);
  return rest;
}

describe('/healthz', () => {
  test('answers whatever the store is doing', async () => {
    fixture.readiness = { ready: false, reasons: ['read-only: the disk is full'], warnings: [] };
    const response = await get('/healthz');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ alive: true });
    expect(response.headers.get('cache-control')).toBe('no-store');
  });
});

describe('/readyz', () => {
  test('200 when ready, with what is wrong all the same', async () => {
    fixture.readiness = { ready: true, reasons: [], warnings: ['degraded: damage'] };
    const response = await get('/readyz');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(fixture.readiness);
  });

  test('503 and the reasons when not', async () => {
    const reasons = ['draining: the server is stopping', 'failed: fsync failed'];
    fixture.readiness = { ready: false, reasons, warnings: [] };
    const response = await get('/readyz');
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ ready: false, reasons, warnings: [] });
  });
});

describe('/v1/stats', () => {
  test('LOADING before the daemon serves', async () => {
    const response = await get('/v1/stats');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await problem(response)).toMatchObject({
      type: 'urn:caskd:error:LOADING',
      title: 'Loading',
      code: 'LOADING',
      retryable: true,
    });
  });

  test('has the facts of STATS', async () => {
    const { http, store, server } = fixture;
    http.serving({ store, server });
    store.put('k', Buffer.from('v'));
    const client = await WireClient.greeted(server.address.port);
    const [, , overTcp] = (await client.ask(2, 11)) as [number, number, Record<string, object>];
    const overHttp = (await (await get('/v1/stats')).json()) as Record<string, object>;
    expect(Object.keys(overHttp)).toEqual(Object.keys(overTcp));
    expect(overHttp).toMatchObject({ keys: 1, server: { requests: { HELLO: 1, STATS: 1 } } });
    expect(overHttp['process']).toMatchObject({ pid: process.pid });
    expect(Object.keys(overHttp['system'] as object)).toEqual(
      expect.arrayContaining(['load1', 'cpuUserMs', 'cpuSystemMs', 'memoryBytes']),
    );
    await client.close();
  });
});

describe('/metrics', () => {
  test('text by default, OpenMetrics when it is preferred', async () => {
    const plain = await get('/metrics');
    expect(plain.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(plain.headers.get('vary')).toBe('accept, accept-encoding');
    expect(await plain.text()).toContain('# TYPE caskd_ready gauge\ncaskd_ready 1\n');
    const accept = 'application/openmetrics-text;version=1.0.0;q=0.8,text/plain;q=0.5,*/*;q=0.1';
    const open = await get('/metrics', { accept });
    expect(open.headers.get('content-type')).toMatch(/^application\/openmetrics-text; version=1/);
    expect(await open.text()).toMatch(/\n# EOF\n$/);
  });

  test('a format once written does not change the other', async () => {
    const before = await (await get('/metrics')).text();
    await get('/metrics', { accept: 'application/openmetrics-text' });
    const after = await (await get('/metrics')).text();
    const types = (text: string): string[] => text.match(/^# TYPE .*$/gm) ?? [];
    expect(types(after)).toEqual(types(before));
    expect(types(before).length).toBeGreaterThan(60);
  });

  test('is there while the store loads, with what is known', async () => {
    const text = await (await get('/metrics')).text();
    expect(text).toMatch(/^caskd_process_cpu_seconds_total\{mode="user"\} \d/m);
    expect(text).not.toMatch(/^caskd_keys /m);
  });

  test('follows what clients do', async () => {
    const { http, store, server } = fixture;
    http.serving({ store, server });
    const client = await WireClient.greeted(server.address.port);
    await client.ask(2, 5, 'k', 'v');
    await client.ask(3, 9, [
      [0, Buffer.from('a'), Buffer.from('1')],
      [1, Buffer.from('k')],
    ]);
    await client.ask(4, 10);
    await client.ask(5, 99);
    client.send(request(6, 2));
    await client.next();
    const text = await (await get('/metrics')).text();
    for (const line of [
      'caskd_connections 1',
      'caskd_connections_accepted_total 1',
      'caskd_requests_total{operation="PUT"} 1',
      'caskd_requests_total{operation="unknown"} 1',
      'caskd_errors_total{code="UNKNOWN_OPERATION"} 1',
      'caskd_errors_total{code="CONFLICT"} 0',
      'caskd_batch_items_total 2',
      'caskd_reply_items_total 1',
      'caskd_limit_used{limit="maxConnections"} 1',
      'caskd_limit_max{limit="maxConnections"} 1000',
      'caskd_request_duration_seconds_count{operation="PUT"} 1',
      'caskd_request_duration_seconds_bucket{operation="PUT",le="+Inf"} 1',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    await client.close();
  });

  test('counts the requests over HTTP by route and status', async () => {
    await get('/healthz');
    await get('/nowhere');
    await get('/nowhere/else');
    const text = await (await get('/metrics')).text();
    expect(text).toMatch(/^caskd_http_requests_total\{route="\/healthz",status="200"\} 1$/m);
    expect(text).toMatch(/^caskd_http_requests_total\{route="none",status="404"\} 2$/m);
    expect(text).toMatch(/^caskd_http_connections [1-4]$/m);
  });
});

describe('what is not there', () => {
  test('404 for a path, 405 for a method, each a problem', async () => {
    const missing = await get('/nowhere?x=1');
    expect(missing.status).toBe(404);
    expect(await problem(missing)).toMatchObject({ code: 'UNKNOWN_OPERATION', retryable: false });
    const wrong = await fetch(`${fixture.url}/metrics?x=1`, { method: 'POST' });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toBe('GET, HEAD');
    expect(await problem(wrong)).toMatchObject({ code: 'UNKNOWN_OPERATION' });
  });

  test('HEAD is GET without its body', async () => {
    const response = await fetch(`${fixture.url}/readyz`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });
});
