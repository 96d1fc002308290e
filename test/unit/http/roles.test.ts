/** Every route with every role: who may, and who is told what. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Authenticator, UserDirectory } from '../../../src/security/index.ts';
import { UsersOnDisk, userLine } from '../security/users-on-disk.ts';
import { type HttpFixture, openFixture } from './http-fixture.ts';

type Role = 'nobody' | 'read' | 'write' | 'admin' | 'limited';
const ROLES: readonly Role[] = ['nobody', 'read', 'write', 'admin', 'limited'];
const USERS = ['read', 'write', 'admin'] as const;

interface Row {
  readonly method: string;
  readonly path: string;
  readonly needs: 'anyone' | 'read' | 'write' | 'admin';
  readonly body?: object;
  /** Of those who may. @default 200 */
  readonly status?: number;
  /** Of a user who is limited to `a:`. @default as of others */
  readonly limited?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** All routes; a test holds the list against the OpenAPI document. */
const LISTED: readonly Row[] = [
  { method: 'PUT', path: '/v1/kv/b', needs: 'write', body: { value: 1 }, limited: 403 },
  { method: 'PUT', path: '/v1/kv/a:1', needs: 'write', body: { value: 1 } },
  { method: 'GET', path: '/v1/kv/b', needs: 'read', limited: 403 },
  { method: 'GET', path: '/v1/kv/a:1', needs: 'read' },
  { method: 'DELETE', path: '/v1/kv/b', needs: 'write', status: 204, limited: 403 },
  { method: 'GET', path: '/v1/kv', needs: 'read', limited: 403 },
  { method: 'GET', path: '/v1/kv?prefix=a:', needs: 'read' },
  {
    method: 'GET',
    path: '/v1/kv',
    needs: 'read',
    limited: 403,
    headers: { accept: 'application/x-ndjson' },
  },
  { method: 'DELETE', path: '/v1/kv?prefix=b', needs: 'write', status: 202, limited: 403 },
  {
    method: 'POST',
    path: '/v1/kv:batch',
    needs: 'write',
    body: [{ key: 'b', value: 1 }],
    limited: 403,
  },
  { method: 'POST', path: '/v1/kv:batchGet', needs: 'read', body: { keys: ['b'] }, limited: 403 },
  { method: 'GET', path: '/kv-store/v1/kv/b/', needs: 'read', limited: 403 },
  { method: 'PUT', path: '/kv-store/v1/kv/b/', needs: 'write', body: { value: 1 }, limited: 403 },
  { method: 'GET', path: '/v1/jobs', needs: 'write' },
  { method: 'GET', path: '/v1/jobs/99', needs: 'write', status: 404 },
  { method: 'DELETE', path: '/v1/jobs/99', needs: 'write', status: 404 },
  { method: 'GET', path: '/v1/segments', needs: 'read', limited: 403 },
  { method: 'GET', path: '/v1/stats', needs: 'read', limited: 403 },
  { method: 'GET', path: '/metrics', needs: 'read', limited: 403 },
  { method: 'GET', path: '/v1/slowlog', needs: 'admin' },
  { method: 'DELETE', path: '/v1/slowlog', needs: 'admin' },
  { method: 'GET', path: '/v1/clients', needs: 'admin' },
  { method: 'DELETE', path: '/v1/clients/99', needs: 'admin', status: 404 },
  { method: 'GET', path: '/v1/admin/merge', needs: 'admin' },
  { method: 'POST', path: '/v1/admin/merge', needs: 'admin', body: { action: 'pause' } },
  { method: 'POST', path: '/v1/admin/backup', needs: 'admin', body: {}, status: 501 },
  { method: 'GET', path: '/v1/session', needs: 'anyone' },
  {
    method: 'POST',
    path: '/v1/session',
    needs: 'anyone',
    body: { user: 'read', password: 'read' },
  },
  { method: 'DELETE', path: '/v1/session', needs: 'anyone', status: 204 },
  { method: 'GET', path: '/healthz', needs: 'anyone' },
  { method: 'GET', path: '/readyz', needs: 'anyone' },
  { method: 'GET', path: '/openapi.json', needs: 'anyone' },
  { method: 'GET', path: '/docs/', needs: 'anyone' },
];

const HEADS = LISTED.filter(({ method }) => method === 'GET');
const ROWS = [...LISTED, ...HEADS.map((row) => ({ ...row, method: 'HEAD' }))];

const RANK = { anyone: 0, nobody: 0, read: 1, write: 2, limited: 2, admin: 3 } as const;

function expected({ needs, status = 200, limited }: Row, role: Role): number {
  if (needs === 'anyone') return status;
  if (role === 'nobody') return 401;
  if (RANK[role] < RANK[needs]) return 403;
  return role === 'limited' ? (limited ?? status) : status;
}

let disk: UsersOnDisk;
let users: UserDirectory;
let fixture: HttpFixture;

beforeAll(async () => {
  disk = await UsersOnDisk.create(['read', 'read', 'read']);
  const lines = await Promise.all(USERS.map((role) => userLine([role, role, role])));
  const limited = JSON.parse(await userLine(['limited', 'write', 'limited']));
  await disk.writeLines(...lines, JSON.stringify({ ...limited, prefixes: ['a:'] }));
  const log = () => {};
  users = await UserDirectory.open({ path: disk.path, log, lookIntervalMs: 1_000_000 });
  const authenticator = new Authenticator({ users, log, delay: async () => {} });
  fixture = await openFixture({ security: { authenticator, tls: undefined } });
  fixture.http.serving({ store: fixture.store, server: fixture.server });
});

beforeEach(() => {
  fixture.store.put('a:1', Buffer.from('1'));
  fixture.store.put('b', Buffer.from('2'));
});

afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  users.close();
  await disk.remove();
});

async function ask({ method, path, body, headers = {} }: Row, role: Role): Promise<Response> {
  const who = Buffer.from(`${role}:${role}`).toString('base64');
  const sent: Record<string, string> = { ...headers };
  if (role !== 'nobody') sent['authorization'] = `Basic ${who}`;
  if (body === undefined) return fetch(fixture.url + path, { method, headers: sent });
  sent['content-type'] = 'application/json';
  return fetch(fixture.url + path, { method, headers: sent, body: JSON.stringify(body) });
}

describe.each(ROWS)('$method $path', (row) => {
  test.each(ROLES)('%s', async (role) => {
    const response = await ask(row, role);
    expect(response.status).toBe(expected(row, role));
    await response.arrayBuffer();
  });
});

test('the list has every route', async () => {
  const response = await fetch(`${fixture.url}/openapi.json`);
  const { paths } = (await response.json()) as { paths: Record<string, object> };
  const asPattern = (path: string) => new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`);
  for (const [path, methods] of Object.entries(paths)) {
    const rows = ROWS.filter((row) => asPattern(path).test(row.path.split('?')[0] as string));
    const tried = new Set(rows.map(({ method }) => method.toLowerCase()));
    for (const method of Object.keys(methods)) expect([...tried], path).toContain(method);
  }
});

test('who began a job may watch it and stop it; others do not know of it', async () => {
  const begin = { method: 'DELETE', path: '/v1/kv?prefix=a:', needs: 'write' } as const;
  const { id } = (await (await ask(begin, 'limited')).json()) as { id: number };
  const job = { method: 'GET', path: `/v1/jobs/${id}`, needs: 'write' } as const;
  const statuses = await Promise.all(
    (['limited', 'write', 'admin'] as const).map(async (role) => (await ask(job, role)).status),
  );
  expect(statuses).toEqual([200, 404, 200]);
});

test('a listener that asks nobody serves everything to everybody', async () => {
  await using open = await openFixture();
  open.http.serving({ store: open.store, server: open.server });
  const statuses = await Promise.all(
    ['/v1/kv', '/v1/jobs', '/v1/slowlog', '/v1/admin/merge', '/metrics'].map(
      async (path) => (await fetch(open.url + path)).status,
    ),
  );
  expect(new Set(statuses)).toEqual(new Set([200]));
});
